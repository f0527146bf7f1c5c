#!/usr/bin/env node
import { memberArgument } from './member-argument.ts';
import { loadProgram } from './program.ts';

const { argv, stdout, stderr, env } = process;

// a reader that has gone (`siprest check | head`) is no mistake
for (const output of [stdout, stderr]) {
  output.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
}

const { runCommand, runMember } = await loadProgram();
if (argv[2] === memberArgument) runMember();
else process.exit(await command());

async function command(): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(1); // asked twice: at once
      stop.abort();
    });
  }
  // stdin is opened only where it is read
  const stdin = { [Symbol.asyncIterator]: () => process.stdin[Symbol.asyncIterator]() };
  const code = await runCommand(argv.slice(2), {
    stdin,
    stdout,
    stderr,
    env,
    signal: stop.signal,
    onHangup: (listener) => process.on('SIGHUP', listener),
  });
  // what was printed goes out before the end
  await Promise.all([stdout, stderr].map((output) => new Promise((done) => output.write('', done))));
  return code;
}
