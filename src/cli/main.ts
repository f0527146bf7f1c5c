#!/usr/bin/env node
import { loadProgram } from './program.ts';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(1); // asked twice: at once
    stop.abort();
  });
}
// a reader that has gone (`siprest check | head`) is no mistake
for (const output of [process.stdout, process.stderr]) {
  output.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
}

const { argv, stdout, stderr, env } = process;
// stdin is opened only where it is read
const stdin = { [Symbol.asyncIterator]: () => process.stdin[Symbol.asyncIterator]() };
const { runCommand } = await loadProgram();
const code = await runCommand(argv.slice(2), { stdin, stdout, stderr, env, signal: stop.signal });
// what was printed goes out before the end
await Promise.all([stdout, stderr].map((output) => new Promise((done) => output.write('', done))));
process.exit(code);
