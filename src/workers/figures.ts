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
    | 'processes'
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

/** How long a server counts as overloaded after a refusal, in ms. */
const overloadLasts = 5000;

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
    summary: 'Received SIP requests, including retransmissions.',
    read: ({ received }) => received.requests,
  },
  {
    name: 'responses',
    kind: 'counter',
    unit: 'messages',
    summary: 'Received SIP responses.',
    read: ({ received }) => received.responses,
  },
  {
    name: 'replies',
    kind: 'counter',
    unit: 'calls',
    label: 'status',
    summary: 'Sent final replies by status, without retransmissions.',
    read: (host) => labelled([...host.replies.entries(), ...finalOnes(host.stateless)]),
  },
  {
    name: 'stateless_replies',
    kind: 'counter',
    unit: 'messages',
    label: 'status',
    summary: 'Replies sent without a transaction by status, including provisional ones.',
    read: (host) => labelled(host.stateless.entries()),
  },
  {
    name: 'stateless_acks',
    kind: 'counter',
    unit: 'messages',
    summary: 'ACKs to replies without a transaction; scripts do not see them.',
    read: ({ received }) => received.ownAcks,
  },
  {
    name: 'transaction_replies',
    kind: 'counter',
    unit: 'messages',
    label: 'origin',
    summary:
      'Responses received by transactions, replies that they relayed, and replies that siprest generated; including provisional ones.',
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
    summary: 'Messages forwarded without a transaction.',
    read: ({ proxy }) => ({
      requests: proxy.counts.requests,
      responses: proxy.counts.responses,
    }),
  },
  {
    name: 'refused',
    kind: 'counter',
    unit: 'calls',
    summary: 'Requests answered 503 because of overload, or because the server is stopping.',
    read: ({ received }) => received.refused,
  },
  {
    name: 'overloaded',
    kind: 'gauge',
    unit: 'processes',
    summary: 'Processes that refused a request because of overload in the last 5 s.',
    read: ({ clock, received }) => (clock.now() - received.overloadedAt < overloadLasts ? 1 : 0),
  },
  {
    name: 'dropped',
    kind: 'counter',
    unit: 'messages',
    label: 'reason',
    summary:
      'Messages dropped without a reply: malformed ones, requests beyond the limit of 503 replies, responses that match no branch or that a script dropped, and messages that another process did not accept in time.',
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
    summary: 'Messages passed to the process that owns their transaction.',
    read: ({ received }) => received.handedOver,
  },
  {
    name: 'transactions',
    kind: 'gauge',
    unit: 'transactions',
    label: 'side',
    summary: 'Transactions in memory, including those that only absorb retransmissions.',
    read: (host) => ({ server: host.transactions.size, client: host.proxy.clients.size }),
  },
  {
    name: 'unfinished',
    kind: 'gauge',
    unit: 'calls',
    summary:
      'Requests that wait for their final reply or its ACK, and running scripts. A stopping server waits for them.',
    read: (host) => host.openTransactions + sum(host.routings, ({ unfinished }) => unfinished),
  },
  {
    name: 'transactions_begun',
    kind: 'counter',
    unit: 'transactions',
    label: 'side',
    summary: 'Transactions of received, forwarded and generated requests.',
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
    summary: 'Retransmissions: of requests, by their count up to the third and above, and of replies.',
    read: ({ transactions, proxy }) => {
      const [first, second, third, later] = proxy.clients.again;
      return { first, second, third, later, replies: transactions.sent.again };
    },
  },
  {
    name: 'replies_withheld',
    kind: 'counter',
    unit: 'messages',
    summary: 'Final replies not retransmitted, because their destination sends no ACKs.',
    read: ({ transactions }) => transactions.sent.withheld,
  },
  {
    name: 'workers',
    kind: 'gauge',
    unit: 'workers',
    label: 'state',
    summary: 'Script workers: busy (running a script or waiting in a blocking call) and idle.',
    read: (host) => {
      const busy = sum(pools(host), (pool) => pool.busy);
      return { busy, idle: sum(pools(host), (pool) => pool.size) - busy };
    },
  },
  {
    name: 'queue',
    kind: 'gauge',
    unit: 'messages',
    summary: 'Messages waiting for a worker.',
    read: (host) => sum(pools(host), (pool) => pool.queued),
  },
  {
    name: 'background',
    kind: 'gauge',
    unit: 'calls',
    summary: 'Scripts waiting in async() and launch().',
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
    summary: 'Time spent by each run up to its end or its first wait.',
    read: (host) => Math.round(host.scripts.milliseconds) / 1000,
  },
  {
    name: 'rest_transfers',
    kind: 'counter',
    unit: 'transfers',
    label: 'host and return code',
    summary: 'Finished REST transfers by host and outcome; hosts beyond the first 1,000 share one label.',
    // counted per process, across reloads
    read: ({ routings: [first] }) => labelled(first === undefined ? [] : restFigures(first).transfers),
  },
  {
    name: 'rest_policies',
    kind: 'counter',
    unit: 'calls',
    label: 'host and act',
    summary:
      'Actions of policies, by host: `retries`, `failovers`, `hedges`, `cache_hits`, `stale_answers`, and requests refused by the circuit breaker, limits or authentication.',
    read: ({ routings: [first] }) => labelled(first === undefined ? [] : restFigures(first).policies),
  },
  {
    name: 'rest_hosts',
    kind: 'gauge',
    unit: '',
    label: 'host and state',
    summary:
      'The state of hosts: `open` and `half_open`, the number of processes with the circuit breaker in this state; `active` and `waiting` requests under limits; `replicas`, and `replicas_ejected` among them; `cached_bytes`.',
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
      'Log lines not written: the output failed, its reader was too slow, or the same line repeated too often.',
    read: ({ logs }) => ({ ...logs.counts }),
  },
  {
    name: 'event_loop_delay',
    kind: 'gauge',
    unit: 'ms',
    label: 'of',
    over: 'max',
    summary: 'Event loop delay in the last minute.',
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
    summary: 'The share of time during which the event loop was busy.',
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
    summary: 'Memory of the whole process; the JavaScript heap: its use, reserved size, peak and limit.',
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
      'Estimated use and limit of each memory budget: calls, messages waiting for a worker, data shared by processes, bodies of pending REST replies, and replies kept for retransmissions.',
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
      'How often a memory budget was exhausted: requests answered 503, messages not queued, values, locks and counters not stored, REST transfers ended with -10, replies discarded early.',
    read: ({ memory }) => labelled(budgets.map((name) => [name, memory[name].refused] as const)),
  },
  {
    name: 'processor_time',
    kind: 'counter',
    unit: 's',
    summary: 'CPU time of the process, in user and system mode.',
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
    summary: 'Time since the process started.',
    read: (host) => Math.round((host.clock.date() - host.startedAt) / 1000),
  },
];

const byName: ReadonlyMap<string, FigureSpec> = new Map(FIGURES.map((spec) => [spec.name, spec]));

/** One figure; 0 for an unknown name. */
export function readFigure(host: FigureSource, name: string): Figure {
  return byName.get(name)?.read(host) ?? 0;
}
