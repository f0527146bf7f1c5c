/**
 * What a server tells of itself: one table of figures. `siprest status` prints it, and whatever else tells them reads
 * the same.
 */
import { restFigures } from '../modules/rest-client.ts';
import type { ReceiveCounts } from '../runtime/index.ts';
import type { Generation } from './generation.ts';
import type { LoopDelay } from './loop-delay.ts';
import type { PeerCounts } from './peers.ts';
import type { ServerProcess } from './server-process.ts';

/** What figures are read from: one process. */
export interface ProcessView {
  readonly process: ServerProcess;
  readonly received: Readonly<ReceiveCounts>;
  /** The one that runs, and those whose calls have not ended. */
  readonly generations: readonly Generation[];
  readonly peers: Readonly<PeerCounts> | null;
  readonly loopDelay: LoopDelay;
}

/** By what a figure is told apart: `{ "200": 17, "503": 2 }`. */
export type Labelled = Readonly<Record<string, number>>;

export interface FigureSpec {
  readonly name: string;
  /** A counter only grows; a gauge is what is at the moment. */
  readonly kind: 'counter' | 'gauge';
  readonly unit:
    | 'messages'
    | 'calls'
    | 'transactions'
    | 'workers'
    | 'transfers'
    | 'connections'
    | 's'
    | 'ms'
    | 'MiB'
    | '';
  readonly summary: string;
  /** What the parts are told apart by, where it has parts. */
  readonly label?: string;
  /** How the figures of several processes make one: the largest, or by default their sum. */
  readonly over?: 'max';
  readonly read: (view: ProcessView) => number | Labelled;
}

const sum = <T>(items: Iterable<T>, of: (item: T) => number): number => {
  let total = 0;
  for (const item of items) total += of(item);
  return total;
};

const megabytes = (bytes: number) => Math.round(bytes / 1024 / 102.4) / 10;

const pools = ({ generations }: ProcessView) => generations.map(({ pool }) => pool);

function labelled(entries: Iterable<readonly [string, number]>): Labelled {
  const all: Record<string, number> = {};
  for (const [label, value] of entries) all[label] = (all[label] ?? 0) + value;
  return all;
}

export const FIGURES: readonly FigureSpec[] = [
  {
    name: 'requests',
    kind: 'counter',
    unit: 'messages',
    summary: 'SIP requests that came in, retransmissions included.',
    read: ({ received }) => received.requests,
  },
  {
    name: 'responses',
    kind: 'counter',
    unit: 'messages',
    summary: 'SIP responses that came in.',
    read: ({ received }) => received.responses,
  },
  {
    name: 'replies',
    kind: 'counter',
    unit: 'calls',
    label: 'status',
    summary: 'Final replies that went out, by their status; retransmissions are not counted.',
    read: ({ process }) => labelled(process.replies.entries()),
  },
  {
    name: 'refused',
    kind: 'counter',
    unit: 'calls',
    summary: 'Requests answered 503, since they would have been handled too late, or the server stops.',
    read: ({ received }) => received.refused,
  },
  {
    name: 'dropped',
    kind: 'counter',
    unit: 'messages',
    label: 'reason',
    summary:
      'Messages without an answer: broken ones, those that were too many to refuse, those that a process did not take in time.',
    read: ({ received, peers }) => ({
      malformed: received.malformed,
      overload: received.dropped,
      handover: peers?.lost ?? 0,
    }),
  },
  {
    name: 'handed_over',
    kind: 'counter',
    unit: 'messages',
    summary: 'Messages that were given to the process that has their transactions.',
    read: ({ received }) => received.handedOver,
  },
  {
    name: 'transactions',
    kind: 'gauge',
    unit: 'transactions',
    label: 'side',
    summary: 'Transactions that there are, those that only wait for retransmissions included.',
    read: ({ process }) => ({ server: process.transactions.size, client: process.proxy.clients.size }),
  },
  {
    name: 'workers',
    kind: 'gauge',
    unit: 'workers',
    label: 'state',
    summary: 'Script workers: those that run a script or wait in a blocking call, and the others.',
    read: (view) => {
      const busy = sum(pools(view), (pool) => pool.busy);
      return { busy, idle: sum(pools(view), (pool) => pool.size) - busy };
    },
  },
  {
    name: 'queue',
    kind: 'gauge',
    unit: 'messages',
    summary: 'Messages that wait for a worker.',
    read: (view) => sum(pools(view), (pool) => pool.queued),
  },
  {
    name: 'background',
    kind: 'gauge',
    unit: 'calls',
    summary: 'Scripts that wait in async() and launch().',
    read: ({ generations }) => sum(generations, ({ context }) => context.background.size),
  },
  {
    name: 'scripts',
    kind: 'counter',
    unit: 'calls',
    summary: 'Runs of a top route.',
    read: ({ process }) => process.scripts.runs,
  },
  {
    name: 'script_time',
    kind: 'counter',
    unit: 's',
    summary: 'What the processor spent on the first part of each run, up to its end or to where it waits.',
    read: ({ process }) => Math.round(process.scripts.milliseconds) / 1000,
  },
  {
    name: 'rest_transfers',
    kind: 'counter',
    unit: 'transfers',
    label: 'host and return code',
    summary: 'REST transfers that ended, by host and outcome; beyond 1,000 hosts the others are one.',
    // of the process, whatever script asked for them
    read: ({ generations: [first] }) =>
      labelled(first === undefined ? [] : restFigures(first.context).transfers),
  },
  {
    name: 'rest_connections',
    kind: 'gauge',
    unit: 'connections',
    label: 'state',
    summary: 'Connections to REST services.',
    read: ({ generations }) =>
      labelled(generations.flatMap(({ context }) => [...restFigures(context).connections])),
  },
  {
    name: 'sip_connections',
    kind: 'gauge',
    unit: 'connections',
    summary: 'Connections of SIP over TCP.',
    read: ({ process }) => sum(process.sockets, ({ transport }) => transport.size ?? 0),
  },
  {
    name: 'event_loop_delay',
    kind: 'gauge',
    unit: 'ms',
    label: 'of',
    over: 'max',
    summary: 'How late the event loop was, in the last minute.',
    read: ({ loopDelay }) => ({
      median: loopDelay.percentile(50),
      p99: loopDelay.percentile(99),
      max: loopDelay.max,
    }),
  },
  {
    name: 'memory',
    kind: 'gauge',
    unit: 'MiB',
    label: 'of',
    summary: 'The whole process, and of it the JavaScript heap.',
    read: () => {
      const { rss, heapUsed } = process.memoryUsage();
      return { process: megabytes(rss), heap: megabytes(heapUsed) };
    },
  },
  {
    name: 'processor_time',
    kind: 'counter',
    unit: 's',
    summary: 'What the process has used of a processor, in user and system mode.',
    read: () => {
      const { user, system } = process.cpuUsage();
      return Math.round((user + system) / 1000) / 1000;
    },
  },
  {
    name: 'uptime',
    kind: 'gauge',
    unit: 's',
    over: 'max',
    summary: 'Since the process started.',
    read: ({ process }) => Math.round((Date.now() - process.startedAt) / 1000),
  },
];

/** By name. */
export type FigureValues = Readonly<Record<string, number | Labelled>>;

export interface ProcessStatus {
  readonly process: number;
  readonly pid: number;
  readonly figures: FigureValues;
}

export interface ServerStatus {
  /** Of those that run. */
  readonly processes: readonly ProcessStatus[];
  /** Of all processes together. */
  readonly total: FigureValues;
}

export function readFigures(view: ProcessView): ProcessStatus {
  const figures = Object.fromEntries(FIGURES.map(({ name, read }) => [name, read(view)]));
  return { process: view.process.number, pid: process.pid, figures };
}

export function combine(processes: readonly ProcessStatus[]): ServerStatus {
  const total = Object.fromEntries(
    FIGURES.map(({ name, over }) => [
      name,
      processes
        .map(({ figures }) => figures[name] ?? 0)
        // none, where no process has told its figures in time
        .reduce<number | Labelled>((all, one) => together(all, one, over === 'max'), 0),
    ]),
  );
  return { processes, total };
}

function together(one: number | Labelled, other: number | Labelled, isMax: boolean): number | Labelled {
  const both = (a: number, b: number) => (isMax ? Math.max(a, b) : Math.round(1000 * (a + b)) / 1000);
  if (typeof one === 'number' && typeof other === 'number') return both(one, other);
  const [all, added] = [typeof one === 'number' ? {} : one, typeof other === 'number' ? {} : other];
  return Object.fromEntries(
    [...new Set([...Object.keys(all), ...Object.keys(added)])].map((label) => [
      label,
      both(all[label] ?? 0, added[label] ?? 0),
    ]),
  );
}
