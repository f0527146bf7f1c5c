import { fileURLToPath } from 'node:url';
import {
  Control,
  ControlError,
  controlDirectory,
  countAbsences,
  type LoadResult,
  renderDiagnostics,
  type SipServer,
  StartError,
  startServer,
} from '../index.ts';
import { summaryOf } from './check.ts';
import { memberArgument } from './member-argument.ts';
import { loadScriptFile, type ScriptOptions } from './script-file.ts';
import { plural, type Streams, UsageError, usesColor } from './streams.ts';

export interface RunOptions extends ScriptOptions {
  readonly logFormat: 'text' | 'json';
  readonly processes: number;
  /** Seconds. */
  readonly grace: number;
  /** Messages. */
  readonly queue: number;
  /** Seconds. */
  readonly patience: number;
}

/** `siprest run FILE`: serves until it is told to stop. 1 when it cannot start. */
export async function run(file: string, options: RunOptions, streams: Streams): Promise<number> {
  const { stdout, stderr } = streams;
  const { logFormat, processes, queue, patience, grace } = options;
  // one that comes before there is a server would end the program
  let onHangup = (): void => {
    hangups++;
  };
  let hangups = 0;
  streams.onHangup(() => onHangup());
  const loaded = await loadAndExplain(file, options, streams);
  if (loaded.program === null) {
    stderr.write(`${file}: ${summaryOf(loaded.diagnostics)}; not started\n`);
    const onlyAbsent = loaded.diagnostics.every(
      (one) => one.severity !== 'error' || one.absent !== undefined,
    );
    if (onlyAbsent)
      stderr.write('with --allow-missing it starts, and what is missing fails when it is reached\n');
    return 1;
  }
  const { uses } = countAbsences(loaded.diagnostics);
  if (uses > 0)
    stderr.write(`${plural(uses, 'use')} of what siprest does not have: each fails when it is reached\n`);
  const { signal } = streams;
  const server = await startOrExplain(() =>
    startServer(loaded, {
      processes,
      // this program, as it is loaded fastest
      program: { path: fileURLToPath(new URL('./main.js', import.meta.url)), arguments: [memberArgument] },
      logFormat,
      queueLimit: queue,
      patience: patience * 1000,
      writeLog: (line) => stderr.write(line),
    }),
  );
  const reload = () => reloadScript(server, file, options, streams);
  const control = await listenForCommands(server, reload, streams);
  onHangup = () => void reload();
  if (hangups > 0) onHangup();
  for (const socket of server.sockets) stdout.write(`listening on ${socket}\n`);
  await stopped(signal);
  await server.stop({ grace: grace * 1000 });
  control?.close();
  return 0;
}

/** Loads the script, and shows what there is to say about it. */
async function loadAndExplain(file: string, options: ScriptOptions, streams: Streams): Promise<LoadResult> {
  const { stderr } = streams;
  const loaded = await loadScriptFile(file, options, streams);
  const { diagnostics, sources } = loaded;
  if (diagnostics.length > 0)
    stderr.write(`${renderDiagnostics(diagnostics, sources, { color: usesColor(streams, stderr) })}\n`);
  return loaded;
}

/** Goes on with the file as it is now; with the script that runs where that has mistakes, which are shown. Resolves to what was done, as a line. */
async function reloadScript(
  server: SipServer,
  file: string,
  options: ScriptOptions,
  streams: Streams,
): Promise<{ readonly reloaded: boolean; readonly message: string }> {
  const say = (reloaded: boolean, message: string) => {
    streams.stderr.write(`${message}\n`);
    return { reloaded, message };
  };
  if (file === '-') return say(false, 'the script came from stdin, so it cannot be read again');
  try {
    const loaded = await loadScriptFile(file, options, streams);
    const { diagnostics, sources } = loaded;
    if (loaded.program === null) {
      const shown = renderDiagnostics(diagnostics, sources, { color: false });
      return say(false, `${shown}\n${file}: ${summaryOf(diagnostics)}; the script that runs stays`);
    }
    await server.reload(loaded);
    return say(true, `${file} is loaded again`);
  } catch (error) {
    if (!(error instanceof StartError || error instanceof UsageError)) throw error;
    return say(false, `${error.message}; the script that runs stays`);
  }
}

/** For `siprest status` and `siprest reload`. A server that cannot be asked serves all the same. */
async function listenForCommands(
  server: SipServer,
  reload: () => Promise<unknown>,
  { stderr, env }: Streams,
): Promise<Control | null> {
  try {
    return await Control.listen({ status: () => server.status(), reload }, controlDirectory(env));
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    stderr.write(`siprest status and reload do not reach this server: ${error.message}\n`);
    return null;
  }
}

/** What keeps a server from starting is the user's to mend: one line. */
async function startOrExplain(start: () => Promise<SipServer>): Promise<SipServer> {
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
