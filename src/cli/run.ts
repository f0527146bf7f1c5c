import { fileURLToPath } from 'node:url';
import {
  type HttpAddress,
  renderDiagnostics,
  type SipServer,
  StartError,
  startServer,
  type TraceOptions,
} from '../index.ts';
import { controlDirectory, countAbsences, packageVersion as version } from '../internal.ts';
import { summaryOf } from './check.ts';
import { memberArgument } from './member-argument.ts';
import { portHolder } from './port-holder.ts';
import { RunLog } from './run-log.ts';
import { loadRunnable } from './runnable-file.ts';
import type { ScriptOptions } from './script-file.ts';
import { ServiceManager } from './service-manager.ts';
import { plural, type Streams, UsageError } from './streams.ts';

export interface RunOptions extends ScriptOptions {
  readonly logFormat: 'text' | 'json';
  /** Report each module and parameter without effect, with the reason. */
  readonly verbose?: boolean;
  readonly syslogSocket?: string;
  readonly processes: number;
  /** Seconds. */
  readonly grace: number;
  /** Messages. */
  readonly queue: number;
  /** Seconds. */
  readonly queueTimeout: number;
  /** Seconds. */
  readonly waitForPort: number;
  /** Where to serve HTTP. */
  readonly http?: HttpAddress;
  /** The URL of what servers share. */
  readonly store?: string;
  /** The share of calls that are traced. */
  readonly traces?: number;
  /** Whether traces come from requests and go on to REST services. */
  readonly traceContext?: boolean;
  /** Its name for `status` and `reload`. */
  readonly name?: string;
  /** The path of its control socket. */
  readonly socket?: string;
}

/** `siprest run FILE`: serves until it is stopped. 1 if it cannot start. */
export async function run(file: string, options: RunOptions, streams: Streams): Promise<number> {
  const log = new RunLog(options.logFormat, streams, options.verbose === true);
  try {
    return await serve(file, options, streams, log);
  } catch (error) {
    if (options.logFormat !== 'json' || !(error instanceof UsageError)) throw error;
    log.say('error', error.message);
    return 1;
  }
}

async function serve(file: string, options: RunOptions, streams: Streams, log: RunLog): Promise<number> {
  const { syslogSocket, processes, queue, queueTimeout, grace, waitForPort, http, store } = options;
  const traces = tracesOf(options);
  // a SIGHUP before the server has started would end the program
  let onHangup = (): void => {
    hangups++;
  };
  let hangups = 0;
  streams.onHangup(() => onHangup());
  const loaded = await loadRunnable(file, options, streams);
  log.explain(loaded);
  if (!loaded.isValid) {
    log.say('error', `${file}: ${summaryOf(loaded.diagnostics)}; not started`);
    const onlyAbsent = loaded.diagnostics.every(
      (one) => one.severity !== 'error' || one.absent !== undefined,
    );
    if (onlyAbsent)
      log.say('note', 'use --allow-missing to start anyway; missing features then fail at run time');
    return 1;
  }
  const { uses } = countAbsences(loaded.diagnostics);
  if (uses > 0)
    log.say(
      'warning',
      `${plural(uses, 'use')} of features that siprest does not have; each fails at run time`,
    );
  const kill = new AbortController();
  const signal = AbortSignal.any([streams.signal, kill.signal]);
  const starting: Promise<SipServer> = startOrExplain(streams, () =>
    startServer(loaded, {
      processes,
      // this program, in its fastest form
      program: { path: fileURLToPath(new URL('./main.js', import.meta.url)), arguments: [memberArgument] },
      ...log.destinations,
      syslogSocket,
      queueLimit: queue,
      queueTimeout: queueTimeout * 1000,
      waitForPort: waitForPort * 1000,
      traces,
      store,
      http,
      control: {
        directory: controlDirectory(streams.env),
        name: options.name,
        path: options.socket,
        reload: async () => reloadScript(await starting, file, options, streams, log),
        stop: () => kill.abort('the command kill'),
      },
    }),
  );
  const server = await Promise.race([starting, stopped(signal).then(() => null)]);
  if (server === null) {
    log.say('note', 'siprest stops before serving', { event: 'stop' });
    return 0;
  }
  log.serve(server);
  onHangup = () => void reloadScript(server, file, options, streams, log);
  if (hangups > 0) onHangup();
  const { sockets } = server;
  log.say(
    'note',
    `siprest ${version()} serves ${file} on ${sockets.join(', ')} with ${processes} process${processes === 1 ? '' : 'es'}`,
    { event: 'start', version: version(), script: file, sockets, processes },
  );
  log.listening(sockets);
  const manager = new ServiceManager(streams.env);
  manager.ready(`serves ${file} on ${sockets.join(', ')}`);
  await stopped(signal);
  const reason = typeof signal.reason === 'string' ? signal.reason : 'told to';
  log.say('note', `siprest stops: ${reason}; calls have up to ${grace} s to end`, {
    event: 'stop',
    reason,
    grace,
  });
  manager.stopping();
  await server.stop({ grace: grace * 1000 });
  manager.close();
  return 0;
}

function tracesOf({ traces: share, traceContext: passOn = false }: RunOptions): TraceOptions | undefined {
  if (share !== undefined) return { share, passOn };
  if (passOn) throw new UsageError('--trace-context needs --traces, the share of calls to trace');
  return undefined;
}

/**
 * Reloads the file; if it has errors, they are logged and the running script stays. Resolves to a line that says what
 * was done.
 */
async function reloadScript(
  server: SipServer,
  file: string,
  options: RunOptions,
  streams: Streams,
  log: RunLog,
): Promise<{ readonly reloaded: boolean; readonly message: string }> {
  const say = (reloaded: boolean, message: string, fields: Readonly<Record<string, unknown>> = {}) => {
    log.say(reloaded ? 'note' : 'error', message, { event: 'reload', reloaded, script: file, ...fields });
    return { reloaded, message };
  };
  if (file === '-') return say(false, 'cannot reload a script that was read from stdin');
  try {
    const loaded = await loadRunnable(file, options, streams);
    const { diagnostics, sources } = loaded;
    const before = server.sockets;
    try {
      await server.reload(loaded);
    } catch (error) {
      if (loaded.isValid) throw error;
      log.explain(loaded);
      const { message } = say(false, `${file}: ${summaryOf(diagnostics)}; keeping the running script`);
      const shown = renderDiagnostics(diagnostics, sources, {
        color: false,
        brief: options.verbose !== true,
      });
      return { reloaded: false, message: `${shown}\n${message}` };
    }
    const { sockets } = server;
    const opened = sockets.filter((socket) => !before.includes(socket));
    const closed = before.filter((socket) => !sockets.includes(socket));
    const changes = [
      opened.length > 0 ? `, opened ${opened.join(', ')}` : '',
      closed.length > 0 ? `, closes ${closed.join(', ')} when its calls have ended` : '',
    ];
    return say(true, `${file} was reloaded${changes.join('')}`, { opened, closed });
  } catch (error) {
    if (!(error instanceof StartError || error instanceof UsageError)) throw error;
    return say(false, `${error.message}; keeping the running script`);
  }
}

/** Errors that keep a server from starting are for the user: one line. */
async function startOrExplain({ env }: Streams, start: () => Promise<SipServer>): Promise<SipServer> {
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    const inUse = error.code === 'EADDRINUSE' && error.socket !== undefined;
    const holder = inUse ? await portHolder(error.socket, env) : null;
    throw new UsageError(holder === null ? error.message : `${error.message}: ${holder}`);
  }
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
