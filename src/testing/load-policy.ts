/** Loads what a simulation runs: a script or a policy, in a file or as a value. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FileError, includedPath, readRegularFile } from '../files/index.ts';
import { type CodeGraph, isCodeFile } from '../loading/index.ts';
import { isPolicy, type Policy } from '../routing/index.ts';
import { renderDiagnostics } from '../script/index.ts';
import {
  type Loaded,
  LoadedPolicy,
  LoadedScript,
  type LoadedSource,
  loadFrom,
  loadPolicy,
  loadScriptText,
  loadSource,
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

/** What was loaded before, with the times of the files that it was made of. */
interface Known {
  readonly loaded: Loaded;
  readonly stamp: string;
}

/** A thousand tests of one script compile it once, and try its modules once. */
const known = new Map<string, Known>();
const mostKnown = 100;

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
async function loadPolicyFile(file: string): Promise<Loaded> {
  const source = fresh(file)?.source;
  if (source != null) return loadFrom(source);
  return keep(file, file, await loadPolicy(file));
}

/** As a policy, if it has modules of its own; else what was compiled is taken again. */
async function loadText(fileName: string, text: string, { argv = {} }: PolicyOptions): Promise<Loaded> {
  const key = JSON.stringify([fileName, text, argv]);
  const before = fresh(key);
  if (before instanceof LoadedScript && Object.keys(before.source.modules).length === 0) return before;
  const coverage = coverageFolder() === null || fileName === 'script' ? null : new ScriptCoverage();
  const reached = coverage ?? undefined;
  const loaded =
    before instanceof LoadedScript
      ? await loadSource(before.source, reached)
      : keep(key, fileName, await loadScriptText(text, fileName, { argv, reached }));
  if (coverage !== null) count(coverage, loaded.sources);
  return loaded;
}

function fresh(key: string): Loaded | null {
  const { loaded, stamp } = known.get(key) ?? {};
  return loaded !== undefined && stamp === stampOf(loaded) ? loaded : null;
}

function keep<T extends Loaded>(key: string, name: string, loaded: T): T {
  if (!loaded.isValid) throw refused(name, loaded);
  if (known.size >= mostKnown) known.clear();
  known.set(key, { loaded, stamp: stampOf(loaded) });
  return loaded;
}

const stampOf = ({ source }: Loaded): string =>
  (source === null ? [] : filesOf(source))
    .map((file) => {
      const { mtimeMs = 0, size = 0 } = statSync(file, { throwIfNoEntry: false }) ?? {};
      return `${mtimeMs}:${size}`;
    })
    .join(' ');

/** All but the file of a script whose text was given. */
function filesOf(source: LoadedSource): readonly string[] {
  if ('policy' in source) {
    const { policy, script } = source;
    return [...graphFiles(policy), ...(script === null ? [] : [script.fileName, ...filesOf(script)])];
  }
  const included = Object.entries(source.included).flatMap(([from, files]) =>
    Object.keys(files).map((name) => includedPath(name, from)),
  );
  return [...included, ...Object.values(source.modules).flatMap(graphFiles)];
}

const graphFiles = ({ files }: CodeGraph): readonly string[] => files.map(({ url }) => fileURLToPath(url));

function refused(file: string, { diagnostics, sources }: Loaded): SimulationError {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  return new SimulationError(`${file} has errors:\n${renderDiagnostics(errors, sources, { color: false })}`);
}

function read(file: string): string {
  try {
    return readRegularFile(file).toString('latin1');
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new SimulationError(`cannot read ${file}: ${error.message}`);
  }
}
