/** The figures of a server, one table, which `siprest status` and everything else that reports figures read. */

import { getHeapStatistics } from 'node:v8';
import { restFigures } from '../modules/index.ts';
import type { Figure, Host, Routing } from '../runtime/index.ts';
import type { StatusCounts } from '../sip/index.ts';
import type { LoopDelay } from './loop-delay.ts';
import type { LoopLoad } from './loop-load.ts';
import type { PeerCounts } from './peers.ts';
import type { ServerLogs } from './server-logs.ts';

/** The process whose figures are read. */
export interface FigureSource extends Host {
  readonly openTransactions: number;
  /** The current Routing first, then earlier ones with unfinished calls. */
  readonly routings: readonly FigureRouting[];
  /** Null for a single process. */
  readonly peers: Readonly<PeerCounts> | null;
  readonly loopDelay: LoopDelay;
  readonly loopLoad: LoopLoad;
  readonly logs: ServerLogs;
}

interface FigureRouting extends Routing {
  readonly pool: { readonly size: number; readonly busy: number; readonly queued: number };
  /** Number of scripts that run or wait. */
  readonly unfinished: number;
}

/** The labels of a figure. */
export type Labelled = Exclude<Figure, number>;

export interface FigureSpec {
  readonly name: string;
  /** A counter only grows; a gauge is a current value. */
  readonly kind: 'counter' | 'gauge';
  readonly unit:
    | 'messages'
    | 'lines'
    | 'calls'
    | 'transactions'
    | 'workers'
    | 'transfers'
    | 'connections'
    | 's'
    | 'ms'
    | 'MiB'
    | '%'
    | '';
  readonly summary: string;
  /** The label of its values, if any. */
  readonly label?: string;
  /** How figures of several processes are combined: maximum, mean, or by default their sum. */
  readonly over?: 'max' | 'mean';
  readonly read: (host: FigureSource) => Figure;
}

const sum = <T>(items: Iterable<T>, of: (item: T) => number): number => {
  let total = 0;
  for (const item of items) total += of(item);
  return total;
};

const megabytes = (bytes: number) => Math.round(bytes / 1024 / 102.4) / 10;

const finalOnes = (counts: StatusCounts) => [...counts.entries()].filter(([status]) => Number(status) >= 200);

const budgets = ['calls', 'waiting', 'shared', 'bodies', 'answered'] as const;

const pools = ({ routings }: FigureSource) => routings.map(({ pool }) => pool);

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
    read: (host) => labelled([...host.replies.entries(), ...finalOnes(host.stateless)]),
  },
  {
    name: 'stateless_replies',
    kind: 'counter',
    unit: 'messages',
    label: 'status',
    summary: 'Replies that went out without a transaction, by their status, provisional ones included.',
    read: (host) => labelled(host.stateless.entries()),
  },
  {
    name: 'stateless_acks',
    kind: 'counter',
    unit: 'messages',
    summary: 'ACKs to replies without a transaction, which no script sees.',
    read: ({ received }) => received.ownAcks,
  },
  {
    name: 'transaction_replies',
    kind: 'counter',
    unit: 'messages',
    label: 'origin',
    summary:
      'Responses that came to transactions, replies of others that these passed on, and replies made here; provisional ones included.',
    read: ({ proxy, transactions }) => ({
      received: proxy.clients.responses,
      relayed: transactions.sent.relayed,
      local: transactions.sent.local,
    }),
  },
  {
    name: 'forwarded',
    kind: 'counter',
    unit: 'messages',
    label: 'of',
    summary: 'Messages that were sent on without a transaction.',
    read: ({ proxy }) => ({
      requests: proxy.counts.requests,
      responses: proxy.counts.responses,
    }),
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
      'Messages that ended here without an answer: broken ones, those that were too many to refuse, responses that lead nowhere or that a script dropped, those that a process did not take in time.',
    read: ({ received, proxy, peers }) => ({
      malformed: received.malformed,
      malformed_response: received.malformedResponses,
      response: proxy.counts.dropped,
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
    read: (host) => ({ server: host.transactions.size, client: host.proxy.clients.size }),
  },
  {
    name: 'unfinished',
    kind: 'gauge',
    unit: 'calls',
    summary:
      'Requests that wait for their final reply, or for the ACK to it, and scripts that run: a stop lets them end.',
    read: (host) => host.openTransactions + sum(host.routings, ({ unfinished }) => unfinished),
  },
  {
    name: 'transactions_begun',
    kind: 'counter',
    unit: 'transactions',
    label: 'side',
    summary: 'Transactions of requests that came in, of those that were sent on, and of those made here.',
    read: ({ transactions, proxy, ownRequests }) => ({
      server: transactions.counts.created,
      client: proxy.clients.counts.created - ownRequests.count,
      own: ownRequests.count,
    }),
  },
  {
    name: 'retransmissions',
    kind: 'counter',
    unit: 'messages',
    label: 'of',
    summary:
      'Requests that transactions sent again, for the first to the third time or more often, and replies.',
    read: ({ transactions, proxy }) => {
      const [first, second, third, later] = proxy.clients.again;
      return { first, second, third, later, replies: transactions.sent.again };
    },
  },
  {
    name: 'replies_withheld',
    kind: 'counter',
    unit: 'messages',
    summary: 'Final replies that were not sent again, since no ACK comes from where they go.',
    read: ({ transactions }) => transactions.sent.withheld,
  },
  {
    name: 'workers',
    kind: 'gauge',
    unit: 'workers',
    label: 'state',
    summary: 'Script workers: those that run a script or wait in a blocking call, and the others.',
    read: (host) => {
      const busy = sum(pools(host), (pool) => pool.busy);
      return { busy, idle: sum(pools(host), (pool) => pool.size) - busy };
    },
  },
  {
    name: 'queue',
    kind: 'gauge',
    unit: 'messages',
    summary: 'Messages that wait for a worker.',
    read: (host) => sum(pools(host), (pool) => pool.queued),
  },
  {
    name: 'background',
    kind: 'gauge',
    unit: 'calls',
    summary: 'Scripts that wait in async() and launch().',
    read: ({ routings }) => sum(routings, ({ background }) => background.size),
  },
  {
    name: 'scripts',
    kind: 'counter',
    unit: 'calls',
    summary: 'Runs of a top route.',
    read: (host) => host.scripts.runs,
  },
  {
    name: 'script_time',
    kind: 'counter',
    unit: 's',
    summary: 'What the processor spent on the first part of each run, up to its end or to where it waits.',
    read: (host) => Math.round(host.scripts.milliseconds) / 1000,
  },
  {
    name: 'rest_transfers',
    kind: 'counter',
    unit: 'transfers',
    label: 'host and return code',
    summary: 'REST transfers that ended, by host and outcome; beyond 1,000 hosts the others are one.',
    // counted per process, across reloads
    read: ({ routings: [first] }) => labelled(first === undefined ? [] : restFigures(first).transfers),
  },
  {
    name: 'rest_policies',
    kind: 'counter',
    unit: 'calls',
    label: 'host and act',
    summary:
      'What policies did, by host: `retries`, `failovers`, `hedges`, `cache_hits`, `stale_answers`, and what the circuit breaker, the limits and authentication refused.',
    read: ({ routings: [first] }) => labelled(first === undefined ? [] : restFigures(first).policies),
  },
  {
    name: 'rest_hosts',
    kind: 'gauge',
    unit: '',
    label: 'host and state',
    summary:
      'What policies know of hosts: `open` or `half_open`, in how many processes the circuit breaker is so; `active` and `waiting` requests under limits; `replicas` and how many of them are `replicas_ejected`; `cached_bytes`.',
    read: ({ routings: [first] }) => labelled(first === undefined ? [] : restFigures(first).hosts),
  },
  {
    name: 'rest_connections',
    kind: 'gauge',
    unit: 'connections',
    label: 'state',
    summary: 'Connections to REST services.',
    read: ({ routings }) => labelled(routings.flatMap((routing) => [...restFigures(routing).connections])),
  },
  {
    name: 'sip_connections',
    kind: 'gauge',
    unit: 'connections',
    summary: 'Connections of SIP over TCP.',
    read: (host) => sum(host.sockets, ({ transport }) => transport.size ?? 0),
  },
  {
    name: 'log_lines_lost',
    kind: 'counter',
    unit: 'lines',
    label: 'reason',
    summary:
      'Lines that the log lacks: nothing could be written, more waited for a slow reader than is kept, or the same line repeated too often.',
    read: ({ logs }) => ({ ...logs.counts }),
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
    name: 'load',
    kind: 'gauge',
    unit: '%',
    label: 'of the last',
    over: 'mean',
    summary: 'How much of the time the event loop was at work and did not wait.',
    read: ({ loopLoad }) => ({
      second: loopLoad.mean(1),
      minute: loopLoad.mean(60),
      ten_minutes: loopLoad.mean(600),
    }),
  },
  {
    name: 'memory',
    kind: 'gauge',
    unit: 'MiB',
    label: 'of',
    summary:
      'The whole process; the JavaScript heap, what is reserved for it and the most that ever was, and what it may have.',
    read: ({ loopLoad }) => {
      const { used_heap_size, total_heap_size, heap_size_limit } = getHeapStatistics();
      return {
        process: megabytes(process.memoryUsage.rss()),
        heap: megabytes(used_heap_size),
        heap_reserved: megabytes(total_heap_size),
        heap_peak: megabytes(Math.max(loopLoad.largestHeap, total_heap_size)),
        heap_limit: megabytes(heap_size_limit),
      };
    },
  },
  {
    name: 'memory_budget',
    kind: 'gauge',
    unit: 'MiB',
    label: 'of',
    summary:
      'Of what may wait in memory: calls, messages that wait for a worker, and what processes share, by estimate; bodies of REST answers under way; replies kept for retransmissions. And what each may take.',
    read: ({ memory }) =>
      labelled(
        budgets.flatMap((name) => [
          [name, megabytes(memory[name].used)] as const,
          [`${name}_limit`, megabytes(memory[name].limit)] as const,
        ]),
      ),
  },
  {
    name: 'memory_refused',
    kind: 'counter',
    unit: '',
    label: 'of',
    summary:
      'How often that was used up: requests answered 503, messages not queued, values, locks and counters not kept, REST transfers ended with -10, blocks of replies forgotten before their time.',
    read: ({ memory }) => labelled(budgets.map((name) => [name, memory[name].refused] as const)),
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
    read: (host) => Math.round((host.clock.date() - host.startedAt) / 1000),
  },
];

const byName: ReadonlyMap<string, FigureSpec> = new Map(FIGURES.map((spec) => [spec.name, spec]));

/** One figure; 0 for an unknown name. */
export function readFigure(host: FigureSource, name: string): Figure {
  return byName.get(name)?.read(host) ?? 0;
}
