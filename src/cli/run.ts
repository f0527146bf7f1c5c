import { RunningServer, renderDiagnostics, StartError } from '../index.ts';
import { loadScriptFile } from './script-file.ts';
import { plural, type Streams, UsageError, usesColor } from './streams.ts';

export interface RunOptions {
  readonly logFormat: 'text' | 'json';
}

/** `siprest run FILE`: serves until it is told to stop. 1 when it cannot start. */
export async function run(file: string, { logFormat }: RunOptions, streams: Streams): Promise<number> {
  const { stdout, stderr, signal } = streams;
  const { diagnostics, sources, program } = loadScriptFile(file);
  if (diagnostics.length > 0)
    stderr.write(`${renderDiagnostics(diagnostics, sources, { color: usesColor(streams, stderr) })}\n`);
  if (program === null) {
    const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
    stderr.write(`${file}: ${plural(errors, 'mistake')}, not started\n`);
    return 1;
  }
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
