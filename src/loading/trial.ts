/**
 * Tries policies and modules before a server runs them: compiles, evaluates and validates them in a separate process,
 * where a top level that throws, hangs, exits or takes all memory harms nobody.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Diagnostic, SourceSet, type Span } from '../script/index.ts';
import type { CodeGraph } from './code-graph.ts';
import type { Definition, TrialReport } from './trial-process.ts';

export interface TrialOptions {
  /** How long it may take, in ms. Default 10,000. */
  readonly limit?: number | undefined;
  /** The program that calls `runTrial()`. Default: siprest's own. */
  readonly program?: string | undefined;
}

export interface TrialResult {
  /** Null after an error. */
  readonly graph: CodeGraph | null;
  /** What its default export defines; null after an error. */
  readonly definition: Definition | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: SourceSet;
  /** The place of its default export. */
  readonly entry: Span;
  /** The file of the script that a policy names, if any. */
  readonly script: string | null;
}

const defaultLimit = 10_000;
const ownProgram = fileURLToPath(new URL('../workers/trial-main.js', import.meta.url));

/** Never rejects because of the file. */
export async function tryCode(
  path: string,
  { limit = defaultLimit, program = ownProgram }: TrialOptions = {},
): Promise<TrialResult> {
  let report: TrialReport | null = null;
  const child = fork(program, [path], {
    execArgv: [],
    serialization: 'advanced',
    // the output of a top level is not that of this program
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
  }, limit);
  child.on('message', (message: TrialReport) => {
    report = message;
    if (message.isLast) child.kill('SIGKILL');
  });
  const how = await new Promise<string>((resolve) => {
    child.once('error', ({ message }) => resolve(message));
    child.once('exit', (code, signal) =>
      resolve(signal === null ? `exits with ${code}` : `is ended by ${signal}`),
    );
  });
  clearTimeout(timer);
  return resultOf(report, isLate ? `has not finished within ${limit / 1000} s` : how, path);
}

function resultOf(report: TrialReport | null, how: string, path: string): TrialResult {
  const sources = new SourceSet();
  for (const { name, text } of report?.files ?? [{ name: path, text: '' }]) sources.add(name, text);
  if (report?.isLast === true) {
    const { graph, definition, diagnostics, entry, script } = report;
    return { graph, definition, diagnostics, sources, entry, script };
  }
  const entry = report?.entry ?? { start: 0, end: 0 };
  const message = report === null ? `it cannot be tried: the process ${how}` : `the top level ${how}`;
  return {
    graph: null,
    definition: null,
    sources,
    entry,
    script: null,
    diagnostics: [{ code: 'top-level', severity: 'error', span: entry, message }],
  };
}
