import { runRoute } from '../../src/engine/index.ts';
import { type LogFormat, type Program, Request, Run, type RunWorker } from '../../src/runtime/index.ts';
import { type FunctionSpec } from '../../src/script/index.ts';
import type { DnsNames, SipRequest } from '../../src/sip/index.ts';
import { type Awaitable, isPending } from '../../src/timers/index.ts';
import { type HostOptions, ProcessHost } from '../../src/workers/process-host.ts';
import { RunningScript } from '../../src/workers/running-script.ts';
import { ServerLogs, usualLogSettings } from '../../src/workers/server-logs.ts';
import { programOf } from './server.ts';

/** A script in the test's own process, with one worker and without sockets. */
export interface ScriptBench {
  readonly routing: RunningScript;
  readonly worker: RunWorker;
  readonly pool: RunningScript['pool'];
  /** What it has printed and logged so far, without the times and the server's lines of the level of debugging. */
  readonly log: string[];
  /** A run on a message, or on none, not yet begun. */
  newRun(message?: SipRequest | null): Run;
  /** Runs the main route, and what async() asks for in it. */
  main(message?: SipRequest | null): Awaitable<Run>;
}

/** What a program runs in without a server: its routing and its workers. All levels are logged, up to `logLevel`. */
export function poolOf(
  program: Program,
  format: LogFormat,
  write: (line: Buffer) => void,
  {
    workers = 1,
    names,
    host: parts = {},
    logLevel = 4,
  }: {
    readonly workers?: number;
    readonly names?: DnsNames;
    readonly host?: HostOptions;
    readonly logLevel?: number;
  } = {},
): { readonly routing: RunningScript; readonly pool: RunningScript['pool'] } {
  const logs = new ServerLogs({ logFormat: format, writeLog: write }, parts.clock);
  const host = new ProcessHost({ ...parts, logs, ...(names === undefined ? {} : { names }) });
  const settings = { ...program.settings, udpWorkers: workers };
  const log = logs.open({ ...usualLogSettings, logLevel, xlogLevel: logLevel }, null);
  const routing = new RunningScript({ ...program, settings }, log, host, { queueLimit: 100 });
  return { routing, pool: routing.pool };
}

export function benchOf(
  text: string,
  functions: readonly FunctionSpec<Run>[] = [],
  logLevel?: number,
  host: HostOptions = {},
): ScriptBench {
  const program = programOf(text, functions);
  const log: string[] = [];
  const write = (line: Buffer) => {
    const printed = line.toString('latin1').trimEnd().replace(/^\S+ /, '');
    if (!printed.startsWith('DBG: ')) log.push(printed);
  };
  const { routing, pool } = poolOf(program, 'text', write, {
    host,
    ...(logLevel === undefined ? {} : { logLevel }),
  });
  let taken: RunWorker | null = null;
  pool.submit((worker) => {
    taken = worker;
  });
  const worker = taken as RunWorker | null;
  if (worker === null) throw new Error('no worker is idle');
  const newRun = (message: SipRequest | null = null) => new Run(worker, new Request(routing, message));
  return {
    routing,
    worker,
    pool,
    log,
    newRun,
    main: (message = null) => runRoute(worker, new Request(routing, message), program.compiled.main),
  };
}

/** What a route's statements print with xlog(), as lines; they must not wait. */
export function printedBy(statements: string, rest = '', settings = ''): string[] {
  const bench = benchOf(`${settings}\nroute {\n${statements}\n}\n${rest}\n`);
  if (isPending(bench.main())) throw new Error('the script waited');
  return bench.log;
}
