/** The server that a soak loads: in a process of its own, which tells each second what it takes. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { loadScript, type SipServer, startServer } from '../src/index.ts';

export interface Figures {
  /** In bytes, as the others. */
  readonly resident: number;
  readonly heap: number;
  /** The heap after the last collection of all of it: what is alive, without what is only waiting to be collected. */
  readonly alive: number;
  readonly descriptors: number;
  /** User and system, in s, since the start. */
  readonly cpu: number;
  /** Of both kinds, server and client. */
  readonly transactions: number;
}

export interface SoakServer {
  readonly port: number;
  /** All figures since the start, one a second. */
  readonly seen: readonly Figures[];
  /** The next figures. */
  latest(): Promise<Figures>;
  /** Figures after a collection. */
  collected(): Promise<Figures>;
  stop(): void;
}

/** Starts a server for a script with one UDP socket, `socket=udp:127.0.0.1:0`. */
export async function startSoakServer(script: string): Promise<SoakServer> {
  const child = fork(fileURLToPath(import.meta.url), [script], {
    execArgv: ['--expose-gc', '--import', 'tsx'],
  });
  const seen: Figures[] = [];
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  child.on('message', (figures: Figures) => seen.push(figures));
  const latest = async (): Promise<Figures> => {
    await once(child, 'message');
    const figures = seen.at(-1);
    if (figures === undefined) throw new Error('the server says nothing');
    return figures;
  };
  return {
    port,
    seen,
    latest,
    collected: async () => {
      child.send('collect');
      await latest(); // this one may have been under way
      return latest();
    },
    stop: () => child.disconnect(),
  };
}

const isMajor = ({ detail }: PerformanceEntry & { readonly detail?: unknown }): boolean =>
  (detail as { kind?: number } | undefined)?.kind === constants.NODE_PERFORMANCE_GC_MAJOR;

/** Of both kinds. */
async function openTransactions(server: SipServer): Promise<number> {
  const { total } = await server.status();
  const { transactions = {} } = total;
  return typeof transactions === 'number'
    ? transactions
    : Object.values(transactions).reduce((a, b) => a + b, 0);
}

async function serve(text: string): Promise<void> {
  const script = loadScript(text);
  if (!script.isValid) throw new Error(script.diagnostics.map(({ message }) => message).join('\n'));
  const server = await startServer(script);
  process.send?.({ port: Number(server.sockets[0]?.split(':').at(-1)) });
  let alive = process.memoryUsage().heapUsed;
  new PerformanceObserver((list) => {
    if (list.getEntries().some(isMajor)) alive = process.memoryUsage().heapUsed;
  }).observe({ entryTypes: ['gc'] });
  const tell = async (): Promise<void> => {
    const { rss, heapUsed } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const figures: Figures = {
      resident: rss,
      heap: heapUsed,
      alive,
      descriptors: readdirSync('/proc/self/fd').length,
      cpu: (user + system) / 1e6,
      transactions: await openTransactions(server),
    };
    process.send?.(figures);
  };
  setInterval(() => void tell(), 1000);
  process.on('message', () => {
    global.gc?.();
    alive = process.memoryUsage().heapUsed;
    void tell();
  });
  process.once('disconnect', () => process.exit());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await serve(process.argv[2] ?? '');

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
