/** The command line in its process: Node's flags, the signals, and that no end is without a reason and its exit code. */
import { writeSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { memberArgument } from './member-argument.ts';
import { loadProgram } from './program.ts';

const { argv, stdout, stderr, env, versions } = process;

/** By V8's version, since each has its own flags and complains of others: how to have less optimized. */
const optimizeLater: Readonly<Record<string, string>> = {
  '11.3': '--interrupt-budget=500000', // Node 20
  '13.6': '--invocation-count-for-turbofan=24000', // Node 24
};

export async function enter(): Promise<void> {
  const isServer = argv[2] === memberArgument || argv[2] === 'run';
  for (const output of [stdout, stderr]) {
    output.on('error', (error: NodeJS.ErrnoException) => {
      // a reader that has gone (`siprest check | head`) is no error; a server lives on without readers
      if (!isServer) process.exit(error.code === 'EPIPE' ? 0 : 1);
    });
  }
  // rejections that nobody handles arrive here as well
  process.on('uncaughtException', (error: unknown) => failed(error instanceof Error ? error.stack : error));
  // the event loop has nothing left to wait for, and the command has not ended
  process.on('beforeExit', () => failed('nothing left to wait for'));

  const { runCommand, runMember } = await loadProgram();
  const isMember = argv[2] === memberArgument;
  // What a server uses with its first message; the rest of the program loads Node's modules where it uses them.
  if (isServer) for (const name of ['crypto', 'dgram', 'dns']) process.getBuiltinModule(`node:${name}`);
  // Not before all that is loaded, since V8 refuses code that was made under other flags.
  // Nearly all that a check makes lives to its end, and what a server makes as long as the service takes: V8 would copy
  // it again and again while its young space, small at first, becomes larger step by step.
  setFlagsFromString('--semi-space-growth-factor=16');
  // After a burst, in which messages waited, V8 would take their parts for objects that live long, for good: those of every
  // message that comes later would be left to the collection of the whole heap.
  setFlagsFromString('--no-allocation-site-pretenuring');
  // A check of some thousand lines is over before code that the optimizing compiler makes of it is worth its time.
  const flag = optimizeLater[versions.v8.split('.', 2).join('.')];
  if (argv[2] === 'check' && flag !== undefined) setFlagsFromString(flag);
  if (isMember) {
    runMember();
    return;
  }
  const code = await runCommand(argv.slice(2), {
    // stdin is opened only where it is read
    stdin: { [Symbol.asyncIterator]: () => process.stdin[Symbol.asyncIterator]() },
    stdout,
    stderr,
    env,
    get signal() {
      return stopSignal();
    },
    onHangup: (listener) => process.on('SIGHUP', listener),
  });
  // what was printed goes out before the end, if somebody reads it
  const written = [stdout, stderr].map((output) => new Promise((done) => output.write('', done)));
  await Promise.race([Promise.all(written), ...(isServer || stop?.signal.aborted ? [aWhile()] : [])]);
  process.exit(code);
}

/** What the streams of a server may take at its end, in ms. */
const lastWait = 500;

const aWhile = () => new Promise((resolve) => setTimeout(resolve, lastWait));

let stop: AbortController | null = null;

/** From when a command first asks for it, SIGINT and SIGTERM are the command's to obey; before, and in one that never asks, they end it. */
function stopSignal(): AbortSignal {
  if (stop !== null) return stop.signal;
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(1); // asked twice: at once
      controller.abort(name);
    });
  }
  stop = controller;
  return controller.signal;
}

function failed(why: unknown): void {
  try {
    // past the stream, which may hold back what is written until the process has ended
    writeSync(2, `siprest failed: ${String(why)}\n`);
  } catch {
    // nobody reads it; the exit code remains
  }
  process.exit(1);
}
