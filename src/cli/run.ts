import { countAbsences, RunningServer, renderDiagnostics, StartError } from '../index.ts';
import { summaryOf } from './check.ts';
import { loadScriptFile, type ScriptOptions } from './script-file.ts';
import { plural, type Streams, UsageError, usesColor } from './streams.ts';

export interface RunOptions extends ScriptOptions {
  readonly logFormat: 'text' | 'json';
}

/** `siprest run FILE`: serves until it is told to stop. 1 when it cannot start. */
export async function run(file: string, options: RunOptions, streams: Streams): Promise<number> {
  const { stdout, stderr, signal } = streams;
  const { logFormat } = options;
  const { diagnostics, sources, program } = await loadScriptFile(file, options, streams);
  if (diagnostics.length > 0)
    stderr.write(`${renderDiagnostics(diagnostics, sources, { color: usesColor(streams, stderr) })}\n`);
  if (program === null) {
    stderr.write(`${file}: ${summaryOf(diagnostics)}; not started\n`);
    const onlyAbsent = diagnostics.every((one) => one.severity !== 'error' || one.absent !== undefined);
    if (onlyAbsent)
      stderr.write('with --allow-missing it starts, and what is missing fails when it is reached\n');
    return 1;
  }
  const { uses } = countAbsences(diagnostics);
  if (uses > 0)
    stderr.write(`${plural(uses, 'use')} of what siprest does not have: each fails when it is reached\n`);
  const server = await startOrExplain(() =>
    RunningServer.start(program, { logFormat, writeLog: (line) => stderr.write(line) }),
  );
  for (const socket of server.sockets) stdout.write(`listening on ${socket}\n`);
  await stopped(signal);
  await server.stop();
  return 0;
}

/** What keeps a server from starting is the user's to mend: one line. */
async function startOrExplain(start: () => Promise<RunningServer>): Promise<RunningServer> {
  try {
    return await start();
  } catch (error) {
    if (error instanceof StartError) throw new UsageError(error.message);
    throw error;
  }
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
