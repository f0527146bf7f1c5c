/** Loads what a simulation runs: a script or a policy, in a file or as a value. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { includedPath, readRegularFile } from '../files/index.ts';
import { isCodeFile } from '../loading/index.ts';
import { isPolicy, type Policy } from '../routing/index.ts';
import { renderDiagnostics } from '../script/index.ts';
import {
  evaluatePolicy,
  type Loaded,
  LoadedPolicy,
  LoadedScript,
  loadPolicy,
  loadScript,
  type PolicySource,
  toLoaded,
} from '../workers/index.ts';
import { count, coverageFolder, ScriptCoverage } from './coverage.ts';
import { SimulationError } from './simulation-error.ts';

/** The text of a script, instead of a file. */
export interface ScriptText {
  /** The script; non-ASCII characters count as UTF-8. */
  readonly script: string;
}

/**
 * What is tested: the path or URL of a file (a script, or a TypeScript or JavaScript module whose default export is a policy),
 * the text of a script, a policy, or what was loaded before.
 */
export type TestedPolicy = string | URL | ScriptText | Policy | LoadedScript | LoadedPolicy;

/** How it is loaded. */
export interface PolicyOptions {
  /** The values of `$argv(name)`. */
  readonly argv?: Readonly<Record<string, string>> | undefined;
}

/** Scripts that were loaded from the same text: a thousand tests of one script compile it once. */
const known = new Map<string, LoadedScript>();
const mostKnown = 100;

/** Policies whose files were tried, with the times of these files. */
const tried = new Map<string, { readonly source: PolicySource; readonly stamp: string }>();

/** @throws SimulationError for a script or policy with errors */
export async function loadTested(policy: TestedPolicy, options: PolicyOptions = {}): Promise<Loaded> {
  if (policy instanceof LoadedScript || policy instanceof LoadedPolicy || isPolicy(policy))
    return toLoaded(policy);
  if (typeof policy === 'object' && 'script' in policy)
    return loadText('script', Buffer.from(policy.script, 'utf8').toString('latin1'), options);
  const file = resolve(policy instanceof URL ? fileURLToPath(policy) : policy);
  return isCodeFile(file) ? loadPolicyFile(file) : loadText(file, read(file), options);
}

/** Evaluates its files anew each time, so that tests do not share what they keep; tries them only after a change. */
async function loadPolicyFile(file: string): Promise<LoadedPolicy> {
  const before = tried.get(file);
  if (before !== undefined && before.stamp === stampOf(before.source)) return evaluatePolicy(before.source);
  const loaded = await loadPolicy(file);
  if (!loaded.isValid) throw refused(file, loaded);
  const { source } = loaded;
  if (source !== null) tried.set(file, { source, stamp: stampOf(source) });
  return loaded;
}

function stampOf({ policy: { files } }: PolicySource): string {
  return files
    .map(({ url }) => statSync(fileURLToPath(url), { throwIfNoEntry: false })?.mtimeMs ?? 0)
    .join(' ');
}

function refused(file: string, { diagnostics, sources }: Loaded): SimulationError {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  return new SimulationError(`${file} has errors:\n${renderDiagnostics(errors, sources, { color: false })}`);
}

function loadText(fileName: string, text: string, { argv = {} }: PolicyOptions): LoadedScript {
  const key = JSON.stringify([fileName, text, argv]);
  const before = known.get(key);
  if (before !== undefined && isFresh(before)) return before;
  const coverage = coverageFolder() === null || fileName === 'script' ? null : new ScriptCoverage();
  const loaded = loadScript(text, {
    fileName,
    argv,
    ...(coverage === null ? {} : { reached: coverage }),
    readFile: (name, from) => read(includedPath(name, from)),
  });
  if (!loaded.isValid) throw refused(fileName, loaded);
  if (coverage !== null) count(coverage, loaded.sources);
  if (known.size >= mostKnown) known.clear();
  known.set(key, loaded);
  return loaded;
}

const read = (path: string): string => readRegularFile(path).toString('latin1');

/** Whether the included files are unchanged. */
function isFresh({ source: { included } }: LoadedScript): boolean {
  return Object.entries(included).every(([from, files]) =>
    Object.entries(files).every(([name, text]) => text === read(includedPath(name, from))),
  );
}
