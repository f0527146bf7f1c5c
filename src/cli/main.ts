#!/usr/bin/env node
import { runCommand } from './command.ts';

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
const code = await runCommand(argv.slice(2), { stdout, stderr, env, signal: stop.signal });
// what was printed goes out before the end
process.exitCode = code;
if (stdout.writableLength > 0) await new Promise((resolve) => stdout.once('drain', resolve));
process.exit(code);
