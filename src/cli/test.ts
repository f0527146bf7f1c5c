/** `siprest test FILE...`: runs tests by node:test, again after changes if wanted, and reports what they have reached. */
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { coverageReport, coverageVariable, isCodeFile } from '../internal.ts';
import { type Streams, UsageError } from './streams.ts';

export interface TestOptions {
  /** Runs the tests again after each change of a file. */
  readonly watch?: boolean;
  /** A file for a report in the format of JUnit. */
  readonly junit?: string;
  /** Print which routes and lines of scripts were never reached. */
  readonly coverage?: boolean | undefined;
  /** A folder in which another runner has left what was reached: no test is run. */
  readonly coverageFrom?: string;
  /** A file for that in the format of lcov. */
  readonly lcov?: string | undefined;
}

const isTest = (name: string): boolean => /\.test\.[^.]+$/.test(name) && isCodeFile(name);
const isWatched = (name: string): boolean =>
  !/(?:^|[\\/])(?:node_modules|\.git|coverage)(?:[\\/]|$)/.test(name);

/** How long changes may go on before the tests run, in ms: an editor writes several files. */
const settling = 100;

/** 0 if all tests pass, else 1. */
export async function test(
  paths: readonly string[],
  options: TestOptions,
  streams: Streams,
): Promise<number> {
  if (options.coverageFrom !== undefined) {
    if (!existsSync(options.coverageFrom))
      throw new UsageError(`${options.coverageFrom}: no such file or directory`);
    report(options.coverageFrom, { ...options, coverage: true }, streams);
    return 0;
  }
  const files = (paths.length === 0 ? ['.'] : paths).flatMap(testsIn);
  if (files.length === 0)
    throw new UsageError('no tests: name files, or folders with files such as credit.test.ts');
  if (options.watch !== true) return runTests(files, options, streams);
  return repeatTests(files, options, streams);
}

/** A file as it is; the tests in a folder, in alphabetical order. */
function testsIn(path: string): readonly string[] {
  if (!existsSync(path)) throw new UsageError(`${path}: no such file or directory`);
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => isTest(name) && isWatched(name))
    .toSorted()
    .map((name) => join(path, name));
}

async function runTests(
  files: readonly string[],
  { junit, coverage = false, lcov }: TestOptions,
  streams: Streams,
): Promise<number> {
  const counts = coverage || lcov !== undefined;
  const folder = counts ? mkdtempSync(join(tmpdir(), 'siprest-coverage-')) : null;
  try {
    const code = await runNode(files, junit, folder, streams);
    if (folder !== null) report(folder, { coverage, lcov }, streams);
    return code;
  } finally {
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
  }
}

function report(
  folder: string,
  { coverage, lcov }: Pick<TestOptions, 'coverage' | 'lcov'>,
  { stdout }: Streams,
): void {
  const reached = coverageReport(folder);
  if (coverage === true) stdout.write(`\n${reached.text(process.cwd())}`);
  if (lcov !== undefined) writeFileSync(lcov, reached.lcov());
}

async function runNode(
  files: readonly string[],
  junit: string | undefined,
  folder: string | null,
  { stdout, stderr, env, signal }: Streams,
): Promise<number> {
  const { spawn } = process.getBuiltinModule('node:child_process');
  const reporters = [
    ['--test-reporter=spec', '--test-reporter-destination=stdout'],
    ...(junit === undefined ? [] : [['--test-reporter=junit', `--test-reporter-destination=${junit}`]]),
  ];
  const loader = new URL('./test-loader.js', import.meta.url).href;
  const child = spawn(
    process.execPath,
    [`--import=${loader}`, '--test', ...reporters.flat(), ...files.map((file) => resolve(file))],
    {
      // those of a surrounding test run are not meant
      env: {
        ...env,
        NODE_TEST_CONTEXT: undefined,
        ...(folder === null ? {} : { [coverageVariable]: folder }),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const stop = () => child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  child.stdout.on('data', (text: Buffer) => stdout.write(text));
  child.stderr.on('data', (text: Buffer) => stderr.write(text));
  const code = await new Promise<number>((settle, fail) => {
    child.once('error', fail);
    child.once('close', (status) => settle(status === 0 ? 0 : 1));
  });
  signal.removeEventListener('abort', stop);
  return code;
}

async function repeatTests(
  files: readonly string[],
  options: TestOptions,
  streams: Streams,
): Promise<number> {
  const { signal, stdout } = streams;
  let wake: (() => void) | null = null;
  let hasChanged = true;
  const watcher = watch('.', { recursive: true }, (_, name) => {
    if (name === null || !isWatched(name) || name === options.junit || name === options.lcov) return;
    hasChanged = true;
    wake?.();
  });
  const stop = () => wake?.();
  signal.addEventListener('abort', stop, { once: true });
  try {
    while (!signal.aborted) {
      if (!hasChanged)
        await new Promise<void>((resume) => {
          wake = resume;
        });
      wake = null;
      if (signal.aborted) break;
      await new Promise((resume) => setTimeout(resume, settling));
      hasChanged = false;
      await runTests(files, options, streams);
      if (!signal.aborted) stdout.write('\nwaiting for changes\n');
    }
  } finally {
    watcher.close();
    signal.removeEventListener('abort', stop);
  }
  return 0;
}
