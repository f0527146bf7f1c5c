/** Loads a script with the modules in TypeScript or JavaScript that it names. */
import { dirname, resolve } from 'node:path';
import { type CodeGraph, type TrialResult, tryCode } from '../loading/index.ts';
import { type Diagnostic, isModuleFile, parseScript, type SourceSet, type Span } from '../script/index.ts';
import { evaluateModules } from './evaluate-modules.ts';
import { joinDiagnostics } from './join-diagnostics.ts';
import { type LoadedScript, type LoadOptions, loadScript, loadWithGraphs } from './load-script.ts';
import { StartError } from './start-error.ts';

/** Options for loading a script with its modules. */
export interface LoadWithModulesOptions extends LoadOptions {
  /** Where the paths of its modules begin. Default: the folder of `fileName`. */
  readonly folder?: string | undefined;
  /** How long the top level of a module may take, in ms. Default 10,000. */
  readonly timeLimit?: number | undefined;
}

/**
 * As `loadScript()`, with the modules of one's own that the script loads by `loadmodule "./billing.ts"`. Each is tried in a
 * process of its own first, and its errors are among the diagnostics. A further call loads them anew.
 */
export async function loadScriptWithModules(
  text: string,
  { folder, timeLimit, ...options }: LoadWithModulesOptions = {},
): Promise<LoadedScript> {
  // most scripts have no such module, and are parsed once
  if (!/\.m?[jt]s"/.test(text) && !/\b(?:include|import)_file\b/.test(text)) return loadScript(text, options);
  const { fileName = 'script', readFile } = options;
  const { script, sources } = parseScript(text, fileName, readFile);
  const nodes = script.modules.filter(({ path }) => isModuleFile(path.text));
  if (nodes.length === 0) return loadScript(text, options);
  const from = folder ?? dirname(resolve(fileName));
  const graphs: Record<string, CodeGraph> = {};
  const errors: Diagnostic[] = [];
  for (const { path } of nodes) {
    if (Object.hasOwn(graphs, path.text)) continue;
    const tried = await tryCode(resolve(from, path.text), { limit: timeLimit });
    if (tried.graph !== null && tried.definition === 'module') graphs[path.text] = tried.graph;
    else errors.push(...inScript(path.text, path.span, tried, sources));
  }
  if (errors.length === 0) {
    try {
      const modules = { ...options.modules, ...(await evaluateModules(graphs)) };
      return loadWithGraphs(text, { ...options, modules }, graphs);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      const span = nodes[0]?.path.span ?? { start: 0, end: 0 };
      errors.push({ code: 'top-level', severity: 'error', span, message: error.message });
    }
  }
  return loadScript(text, options).withErrors(errors, sources);
}

/** The errors of a module, its files among the texts of the script. */
function inScript(
  path: string,
  span: Span,
  { diagnostics, sources: own, definition }: TrialResult,
  sources: SourceSet,
): readonly Diagnostic[] {
  const message =
    definition === 'policy'
      ? `"${path}" defines a policy, not a module: use defineModule({ ... })`
      : `the module "${path}" has errors`;
  return [
    { code: 'unknown-module', severity: 'error', span, message },
    ...joinDiagnostics(diagnostics, own, sources),
  ];
}
