/** Figures of scripts and of the process: workers, log, event loop, memory. */
import { getHeapStatistics } from 'node:v8';
import { type FigureSpec, labelled } from '../../runtime/index.ts';
import { runBounds } from '../../timers/index.ts';
import { packageVersion } from '../package-version.ts';
import { type FigureSource, sum } from './source.ts';

const megabytes = (bytes: number) => Math.round(bytes / 1024 / 102.4) / 10;

const build = { [`${packageVersion()} ${process.version}`]: 1 };

const budgets = ['calls', 'waiting', 'shared', 'bodies', 'answered'] as const;

const pools = ({ routings }: FigureSource) => routings.map(({ pool }) => pool);

export const serverFigures: readonly FigureSpec<FigureSource>[] = [
  {
    name: 'build_info',
    kind: 'gauge',
    unit: '',
    labels: ['version', 'node'],
    over: 'max',
    summary: '1, with the versions of siprest and of Node.js as labels.',
    read: () => build,
  },
  {
    name: 'processes',
    kind: 'gauge',
    unit: 'processes',
    summary: 'Processes that serve.',
    read: () => 1,
  },
  {
    name: 'store_commands',
    kind: 'counter',
    unit: '',
    labels: ['outcome'],
    summary:
      'Commands to the store of several servers (`run --store`): `answered`, `refused` by it with an error, `timeout`, `unreachable`, `overloaded`.',
    read: ({ sharedStore }) => (sharedStore === null ? {} : { ...sharedStore.counts }),
  },
  {
    name: 'store_reachable',
    kind: 'gauge',
    unit: 'processes',
    summary: 'Processes that are connected to the store of several servers.',
    read: ({ sharedStore }) => (sharedStore !== null && sharedStore.failure === null ? 1 : 0),
  },
  {
    name: 'store_members',
    kind: 'gauge',
    unit: 'processes',
    over: 'max',
    summary: 'Processes of all servers that share the store.',
    read: ({ sharedStore }) => sharedStore?.members ?? 0,
  },
  {
    name: 'store_unwritten',
    kind: 'gauge',
    unit: '',
    summary:
      'Values, such as registrations, that were changed while the store could not be reached, and are not in it yet.',
    read: ({ sharedStore }) => sharedStore?.unwritten ?? 0,
  },
  {
    name: 'workers',
    kind: 'gauge',
    unit: 'workers',
    labels: ['state'],
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
    name: 'script_runs',
    kind: 'histogram',
    unit: 's',
    labels: ['route'],
    bounds: runBounds,
    summary: 'Time that runs of each top route spent up to their end or first wait; the first 200 routes.',
    read: (host) => host.scripts.times,
  },
  {
    name: 'handlers',
    kind: 'counter',
    unit: 'calls',
    summary: 'Runs of TypeScript handlers.',
    read: (host) => host.handlers.runs,
  },
  {
    name: 'handler_time',
    kind: 'counter',
    unit: 's',
    summary: 'Time spent by each handler until it returned or first waited.',
    read: (host) => Math.round(host.handlers.milliseconds) / 1000,
  },
  {
    name: 'handler_runs',
    kind: 'histogram',
    unit: 's',
    labels: ['handler'],
    bounds: runBounds,
    summary: 'Time that handlers, such as `onInvite`, took until they returned or first waited.',
    read: (host) => host.handlers.times,
  },
  {
    name: 'traces',
    kind: 'counter',
    unit: 'messages',
    summary: "Requests with a trace for OpenTelemetry, their own or their sender's.",
    read: ({ traces }) => traces.count,
  },
  {
    name: 'log_lines_lost',
    kind: 'counter',
    unit: 'lines',
    labels: ['reason'],
    summary:
      'Log lines not written: the output failed, its reader was too slow, or the same line repeated too often.',
    read: ({ logs }) => ({ ...logs.counts }),
  },
  {
    name: 'event_loop_delay',
    kind: 'gauge',
    unit: 'ms',
    labels: ['of'],
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
    labels: ['window'],
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
    labels: ['of'],
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
    labels: ['of'],
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
    labels: ['of'],
    summary:
      'How often a memory budget was exhausted: requests answered 503, messages not queued, values, locks and counters not stored, REST transfers ended with -10, replies discarded early.',
    read: ({ memory }) => labelled(budgets.map((name) => [name, memory[name].refused] as const)),
  },
  {
    name: 'restarts',
    kind: 'counter',
    unit: 'processes',
    summary: 'Processes that ended and were started again; over all processes only.',
    read: () => 0,
  },
  {
    name: 'reloads',
    kind: 'counter',
    unit: '',
    labels: ['result'],
    summary: 'Reloads of the script, by result: `done` or `failed`; over all processes only.',
    read: ({ reloads }) => ({ ...reloads }),
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
