import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { LONGEST_WAIT } from './until.ts';

/** A program that a test started, with all it has printed so far. */
export interface Launched {
  readonly pid: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Resolves when `text` stands in what it printed (both streams); rejects when it ends or time is up. */
  prints(text: string | RegExp, seconds?: number): Promise<void>;
  /** How it ended: the exit code, or null when a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Sends `signal` (default SIGTERM) and waits; SIGKILL after 10 seconds. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** Ends it after a test: siprest does not wait for its calls when a second signal comes. */
  close(): Promise<number | null>;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a program without a shell; it is killed, by its pid, at the latest when the test process ends. */
export function launch(command: string, args: readonly string[], options: SpawnOptions = {}): Launched {
  const child = spawn(command, [...args], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const printed = { stdout: '', stderr: '' };
  const watchers = new Set<() => void>();
  const notify = (): void => {
    for (const watcher of watchers) watcher();
  };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      printed[name] += text;
      notify();
    });
  }

  running.add(child);
  let isRunning = true;
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      printed.stderr += error.message;
      resolve(null);
    });
    child.once('close', resolve);
  });
  void ended.then(() => {
    isRunning = false;
    running.delete(child);
    notify();
  });

  return {
    pid: child.pid ?? -1,
    get stdout() {
      return printed.stdout;
    },
    get stderr() {
      return printed.stderr;
    },
    ended,
    prints(text, seconds = LONGEST_WAIT / 1000) {
      return new Promise((resolve, reject) => {
        const finish = (error: Error | null): void => {
          clearTimeout(timer);
          watchers.delete(look);
          if (error) reject(error);
          else resolve();
        };
        const failure = (why: string): Error =>
          new Error(`${command} ${why} "${text}":\n${printed.stdout}${printed.stderr}`);
        const look = (): void => {
          const all = printed.stdout + printed.stderr;
          if (typeof text === 'string' ? all.includes(text) : text.test(all)) finish(null);
          else if (!isRunning) finish(failure('ended before it printed'));
        };
        const timer = setTimeout(() => finish(failure(`did not within ${seconds} s print`)), seconds * 1000);
        watchers.add(look);
        look();
      });
    },
    async close() {
      const again = setTimeout(() => child.kill('SIGTERM'), 500);
      try {
        return await this.stop();
      } finally {
        clearTimeout(again);
      }
    },
    async stop(signal = 'SIGTERM') {
      if (!isRunning) return ended;
      child.kill(signal);
      const killer = setTimeout(() => child.kill('SIGKILL'), 10_000);
      try {
        return await ended;
      } finally {
        clearTimeout(killer);
      }
    },
  };
}
