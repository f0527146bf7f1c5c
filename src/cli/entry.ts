/** Runs the command line in its process: Node's flags, signals, and a reason and exit code for every exit. */
import { writeSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { memberArgument } from './member-argument.ts';
import { loadProgram } from './program.ts';

const { argv, stdout, stderr, env, versions } = process;

export async function enter(): Promise<void> {
  const isServer = argv[2] === memberArgument || argv[2] === 'run';
  for (const output of [stdout, stderr]) {
    output.on('error', (error: NodeJS.ErrnoException) => {
      // a closed pipe (`siprest check | head`) is not an error; a server runs without readers
      if (!isServer) process.exit(error.code === 'EPIPE' ? 0 : 1);
    });
  }
  // includes unhandled rejections
  process.on('uncaughtException', (error: unknown) => failed(error instanceof Error ? error.stack : error));
  // the event loop is empty, but the command has not ended
  process.on('beforeExit', () => failed('the command has not finished, but nothing is pending'));

  const { runCommand, runMember } = await loadProgram();
  const isMember = argv[2] === memberArgument;
  // Modules that a server needs for its first message; the rest of the program loads Node's modules on first use.
  if (isServer) for (const name of ['crypto', 'dgram', 'dns']) process.getBuiltinModule(`node:${name}`);
  // Set only after loading, since V8 rejects cached code compiled under other flags. Nearly everything that a check
  // allocates lives to its end, and a server's objects live as long as the service takes: V8 would copy them
  // repeatedly while its young space, small at first, grows step by step.
  setFlagsFromString('--semi-space-growth-factor=16');
  // After a burst, in which messages wait, V8 would permanently allocate such objects in the old space, and leave
  // those of all later messages to full collections.
  setFlagsFromString('--no-allocation-site-pretenuring');
  // V8 of Node 20 optimizes early, and a check of a few thousand lines ends before that pays off. Later versions do not
  // know the flag, and check at the same CPU without.
  if (argv[2] === 'check' && versions.v8.startsWith('11.3.')) setFlagsFromString('--interrupt-budget=500000');
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
  // flush the output before exiting, if somebody reads it
  const written = [stdout, stderr].map((output) => new Promise((done) => output.write('', done)));
  await Promise.race([Promise.all(written), ...(isServer || stop?.signal.aborted ? [aWhile()] : [])]);
  process.exit(code);
}

/** How long a server's streams may take to flush at its end, in ms. */
const lastWait = 500;

const aWhile = () => new Promise((resolve) => setTimeout(resolve, lastWait));

let stop: AbortController | null = null;

/**
 * Once a command reads the signal, it handles SIGINT and SIGTERM itself; until then, and in commands that never read
 * it, they end the process.
 */
function stopSignal(): AbortSignal {
  if (stop !== null) return stop.signal;
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(1); // second signal: at once
      controller.abort(name);
    });
  }
  stop = controller;
  return controller.signal;
}

function failed(why: unknown): void {
  try {
    // bypasses the stream, which may buffer the text until the process has ended
    writeSync(2, `siprest failed: ${String(why)}\n`);
  } catch {
    // nobody reads it; the exit code is still set
  }
  process.exit(1);
}
