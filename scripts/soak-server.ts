/** The server that a soak loads: in a process of its own, which tells each second what it takes. */
import { fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { readdirSync } from 'node:fs';
import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import type * as Siprest from '../src/index.ts';
import type { SipServer } from '../src/index.ts';

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
  /** Loads the policy again. */
  reload(): Promise<void>;
  stop(): void;
}

/** What it serves: the text of a script, or the file of a policy, on the built program. */
type Served = { readonly script: string } | { readonly policy: string };

/** Starts a server for a script or policy with one UDP socket, `udp:127.0.0.1:0`. */
export async function startSoakServer(served: Served): Promise<SoakServer> {
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(served)], {
    execArgv: ['--expose-gc', '--import', 'tsx'],
  });
  const seen: Figures[] = [];
  const told = new EventEmitter();
  child.on('message', (message: Told) => {
    if (message.kind === 'figures') seen.push(message.figures);
    told.emit(message.kind, message);
  });
  child.once('exit', () => told.emit('error', new Error('the server has ended')));
  const [{ port }] = (await once(told, 'serving')) as [{ port: number }];
  const latest = async (): Promise<Figures> => {
    const [{ figures }] = (await once(told, 'figures')) as [{ figures: Figures }];
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
    reload: async () => {
      const done = once(told, 'reloaded');
      child.send('reload');
      const [{ error }] = (await done) as [{ error: string | null }];
      if (error !== null) throw new Error(error);
    },
    stop: () => {
      told.on('error', () => undefined);
      child.disconnect();
    },
  };
}

type Told =
  | { readonly kind: 'serving'; readonly port: number }
  | { readonly kind: 'figures'; readonly figures: Figures }
  | { readonly kind: 'reloaded'; readonly error: string | null };

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

async function serve(served: Served): Promise<void> {
  // policies are tried by a program that only the build has
  const place = 'policy' in served ? '../dist/index.js' : '../src/index.ts';
  const { loadPolicy, loadScript, startServer } = (await import(place)) as typeof Siprest;
  const load = async () => {
    const loaded = 'policy' in served ? await loadPolicy(served.policy) : loadScript(served.script);
    if (loaded.isValid) return loaded;
    throw new Error(loaded.diagnostics.map(({ message }) => message).join('\n'));
  };
  const server = await startServer(await load());
  const send = (told: Told) => process.send?.(told);
  send({ kind: 'serving', port: Number(server.sockets[0]?.split(':').at(-1)) });
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
    send({ kind: 'figures', figures });
  };
  setInterval(() => void tell(), 1000);
  const reload = async () => {
    try {
      await server.reload(await load());
      send({ kind: 'reloaded', error: null });
    } catch (error) {
      send({ kind: 'reloaded', error: String(error) });
    }
  };
  process.on('message', (wanted: 'collect' | 'reload') => {
    if (wanted === 'reload') return void reload();
    global.gc?.();
    alive = process.memoryUsage().heapUsed;
    void tell();
  });
  process.once('disconnect', () => process.exit());
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await serve(JSON.parse(process.argv[2] ?? '') as Served);

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
