/** What the live page shows of some seconds: differences between two readings of all figures. */
import type {
  Figure,
  FigureValues,
  HistogramFigures,
  HistogramValues,
  SlowCall,
} from '../../runtime/index.ts';
import { type HistogramFigure, latencyBounds, quantile } from '../../timers/index.ts';

/** The figures of a server at one time. */
export interface PageStatus {
  readonly state: string;
  readonly processes: readonly {
    readonly process: number;
    readonly pid: number;
    readonly figures: FigureValues;
    readonly slowest: readonly SlowCall[];
  }[];
  readonly total: FigureValues;
  readonly histograms: HistogramValues;
}

interface HostSample {
  readonly count: number;
  /** Failed calls by the kind of their outcome; `5xx` for answers. */
  readonly failures: Readonly<Record<string, number>>;
  /** In s; null without a call. */
  readonly median: number | null;
  readonly p99: number | null;
  /** The phase that took most of the time. */
  readonly phase: string;
}

/** REST hosts in one sample, the busiest. */
const mostHosts = 50;
const mostSlow = 10;

export type PageSample = ReturnType<typeof sampleOf>;

/** @param seconds between the two readings */
export function sampleOf(before: PageStatus, now: PageStatus, seconds: number) {
  const change = (name: string) => difference(before.total[name] ?? 0, now.total[name] ?? 0);
  const perSecond = (name: string) => sum(change(name)) / seconds;
  const part = (name: string, label: string) => partOf(now.total[name] ?? 0, label);
  const replies: Record<string, number> = {};
  for (const [status, count] of Object.entries(change('replies')))
    replies[`${status[0]}xx`] = (replies[`${status[0]}xx`] ?? 0) + count / seconds;
  const busy = part('workers', 'busy');
  const connections = now.total['rest_connections'] ?? 0;
  return {
    seconds,
    state: now.state,
    replies,
    refused: perSecond('refused'),
    overloaded: sum(now.total['overloaded'] ?? 0),
    unfinished: sum(now.total['unfinished'] ?? 0),
    queue: sum(now.total['queue'] ?? 0),
    busy,
    workers: busy + part('workers', 'idle'),
    running: labelsOf(connections).reduce(
      (count, label) => (label.endsWith(' idle') ? count : count + partOf(connections, label)),
      0,
    ),
    restarts: sum(change('restarts')),
    lost: partOf(change('log_lines_lost'), 'unwritable') + partOf(change('log_lines_lost'), 'backlog'),
    open: labelsOf(now.total['rest_hosts'] ?? 0).flatMap((label) =>
      label.endsWith(' open') && part('rest_hosts', label) > 0 ? label.slice(0, -5) : [],
    ),
    hosts: hostsOf(change('rest_outcomes'), change('rest_answers'), before, now),
    processes: now.processes.map(({ process: number, pid, figures }) => {
      const earlier = before.processes.find((one) => one.pid === pid)?.figures ?? {};
      const of = (name: string, label: string) => partOf(figures[name] ?? 0, label);
      return {
        number,
        pid,
        requests: sum(difference(earlier['requests'] ?? 0, figures['requests'] ?? 0)) / seconds,
        load: of('load', 'second') / 100,
        delay: of('event_loop_delay', 'p99'),
        memory: of('memory', 'process'),
        heap: of('memory', 'heap') / Math.max(of('memory', 'heap_limit'), 1),
        uptime: sum(figures['uptime'] ?? 0),
      };
    }),
  };
}

/** The slowest calls of all processes. */
export const slowestOf = ({ processes }: PageStatus): readonly SlowCall[] =>
  processes
    .flatMap(({ slowest }) => slowest)
    .sort((a, b) => b.milliseconds - a.milliseconds)
    .slice(0, mostSlow);

function hostsOf(
  outcomes: Readonly<Record<string, number>>,
  answers: Readonly<Record<string, number>>,
  before: PageStatus,
  now: PageStatus,
): Readonly<Record<string, HostSample>> {
  const hosts = new Map<string, { count: number; failures: Record<string, number> }>();
  for (const [label, count] of Object.entries(outcomes)) {
    if (count === 0) continue;
    const [name, kind] = hostAndLast(label);
    const host = hosts.get(name) ?? { count: 0, failures: {} };
    hosts.set(name, host);
    host.count += count;
    if (kind !== 'response') host.failures[kind] = count;
  }
  for (const [label, count] of Object.entries(answers)) {
    const [name, statusClass] = hostAndLast(label);
    const host = hosts.get(name);
    if (statusClass === '5xx' && count > 0 && host !== undefined) host.failures[statusClass] = count;
  }
  const busiest = [...hosts].sort(([, a], [, b]) => b.count - a.count).slice(0, mostHosts);
  const [earlier, later] = [before.histograms['rest_time'] ?? {}, now.histograms['rest_time'] ?? {}];
  return Object.fromEntries(
    busiest.map(([name, host]) => [name, { ...host, ...timesOf(name, earlier, later) }]),
  );
}

function timesOf(
  host: string,
  before: HistogramFigures,
  now: HistogramFigures,
): Pick<HostSample, 'median' | 'p99' | 'phase'> {
  const total = less(now[`${host} total`], before[`${host} total`]);
  let phase = '';
  let longest = 0;
  for (const one of ['lookup', 'connect', 'tls', 'first_byte']) {
    const { sum: took } = less(now[`${host} ${one}`], before[`${host} ${one}`]);
    if (took <= longest) continue;
    longest = took;
    phase = one.replace('_', ' ');
  }
  if (total.count === 0) return { median: null, p99: null, phase };
  return { median: quantile(latencyBounds, total, 0.5), p99: quantile(latencyBounds, total, 0.99), phase };
}

const nothing: HistogramFigure = { count: 0, sum: 0, buckets: [] };

function less(now = nothing, before = nothing): HistogramFigure {
  return {
    count: now.count - before.count,
    sum: now.sum - before.sum,
    buckets: now.buckets.map((count, at) => count - (before.buckets[at] ?? 0)),
  };
}

const hostAndLast = (label: string): readonly [host: string, last: string] => {
  const at = label.lastIndexOf(' ');
  return [label.slice(0, at), label.slice(at + 1)];
};

const labelsOf = (figure: Figure) => (typeof figure === 'number' ? [] : Object.keys(figure));
const partOf = (figure: Figure, label: string) => (typeof figure === 'number' ? 0 : (figure[label] ?? 0));
const sum = (figure: Figure): number =>
  typeof figure === 'number' ? figure : Object.values(figure).reduce((total, one) => total + one, 0);

/** How much a counter has grown, by label; an unlabelled one under ''. */
function difference(before: Figure, now: Figure): Readonly<Record<string, number>> {
  if (typeof now === 'number') return { '': Math.max(now - (typeof before === 'number' ? before : 0), 0) };
  return Object.fromEntries(
    Object.entries(now).map(([label, count]) => [label, Math.max(count - partOf(before, label), 0)]),
  );
}
