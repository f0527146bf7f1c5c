/** The load of answered calls: `load.c`, compiled. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Launched, launch } from '../../test/support/launch.ts';
import { temporaryFolder } from '../../test/support/temporary.ts';

/** What became of the calls of one kind. Times in ms. */
export interface Calls {
  readonly sent: number;
  /** With 200. */
  readonly answered: number;
  /** With another final status. */
  readonly failed: number;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

export interface LoadOutcome {
  readonly seconds: number;
  readonly usual: Calls;
  readonly rare: Calls;
}

export interface Load {
  readonly port: number;
  /** Calls a second. */
  readonly rate: number;
  readonly seconds: number;
  /** The user in From. Default: alice. */
  readonly user?: string;
  /** Every so many calls have another user, and are counted apart. */
  readonly rare?: { readonly user: string; readonly every: number };
  /** How long an answer may take, in ms. Default 1,000. */
  readonly answerTimeout?: number;
  /** Default: OPTIONS. */
  readonly method?: 'OPTIONS' | 'INVITE';
}

export const compilerIsThere = (): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'gcc')));

/** Compiles a program of this folder; its path. */
export function compile(name: 'load' | 'relay-loop'): string {
  const program = join(temporaryFolder(name), name);
  const source = fileURLToPath(new URL(`${name}.c`, import.meta.url));
  const { status } = spawnSync('gcc', ['-O2', '-Wall', '-o', program, source], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`gcc ended with ${status}`);
  return program;
}

/** Starts the load; `launched` may be ended before its time. */
export function startLoad(
  program: string,
  load: Load,
): { launched: Launched; outcome: Promise<LoadOutcome> } {
  const { port, rate, seconds, user = 'alice', rare = { user, every: 0 } } = load;
  const { answerTimeout = 1000, method = 'OPTIONS' } = load;
  const args = [port, rate, seconds, user, rare.user, rare.every, answerTimeout, method].map(String);
  const launched = launch(program, args);
  const outcome = launched.ended.then((status) => {
    if (status !== 0) throw new Error(`the load ended with ${status}: ${launched.stderr}`);
    return JSON.parse(launched.stdout) as LoadOutcome;
  });
  outcome.catch(() => {}); // where it was ended before its time
  return { launched, outcome };
}

export const runLoad = (program: string, load: Load): Promise<LoadOutcome> =>
  startLoad(program, load).outcome;
