/**
 * How a service that may be failing, slow or overloaded is treated: the options of `limits`, `breaker`, `retry` and `replicas`. One row an
 * option, with its unit, default, range and a line of documentation.
 */
import type { OptionTable } from '../options.ts';
import { FAILURES, type ServiceFailure } from './outcome-class.ts';

/** How many requests a host gets at a time and per second; others queue briefly, or are refused. */
export interface LimitOptions {
  /** Most requests at a time; 0: any number. With `adaptive` the upper bound of the limit. */
  readonly concurrency?: number | undefined;
  /** Adapts the limit: it rises until more concurrency only makes requests slower. */
  readonly adaptive?: boolean | undefined;
  /** Most requests in any second; 0: any number. */
  readonly rate?: number | undefined;
  /** Most bytes of pending bodies, requests and answers together; 0: any number. */
  readonly bytes?: number | undefined;
  /** Most queued requests. */
  readonly queue?: number | undefined;
  /** Longest time in the queue, in milliseconds. */
  readonly queueTime?: number | undefined;
}

/** When a host gets no requests for a while because calls to it fail or are slow. */
export interface BreakerOptions {
  /** Opens when this percentage of the calls in the window have failed. */
  readonly failureRate?: number | undefined;
  /** Opens when this percentage of the calls in the window were slow. */
  readonly slowRate?: number | undefined;
  /** Calls that take longer are slow, in milliseconds; 0: slow calls do not count. */
  readonly slowTime?: number | undefined;
  /** Minimum number of calls in the window. */
  readonly minimum?: number | undefined;
  /** How long a call counts, in milliseconds. */
  readonly window?: number | undefined;
  /** How long it stays open before probes are let through, in milliseconds. */
  readonly openTime?: number | undefined;
  /** How many probes have to succeed before it closes. */
  readonly probes?: number | undefined;
  /** Statuses that count as failures. */
  readonly statuses?: readonly number[] | undefined;
}

/** When a request is retried. */
export interface RetryOptions {
  /** Most attempts after the first. */
  readonly count?: number | undefined;
  /** Longest pause before the first retry, in milliseconds; doubled for each further one. */
  readonly backoff?: number | undefined;
  /** Longest pause before any retry, in milliseconds. */
  readonly maxBackoff?: number | undefined;
  /** Longest time for one attempt, in milliseconds; 0: only the time limit of the call. */
  readonly attemptTimeout?: number | undefined;
  /** Statuses that cause a retry. */
  readonly statuses?: readonly number[] | undefined;
  /** Failures that cause a retry. */
  readonly failures?: readonly ServiceFailure[] | undefined;
  /** Longest acceptable `Retry-After`, in milliseconds. */
  readonly maxRetryAfter?: number | undefined;
  /** Most retries to the host, as a percentage of its requests. */
  readonly budget?: number | undefined;
}

/** The replicas of a host, and which of them gets a request. */
export interface ReplicaOptions {
  /** Where they come from: `addresses` of this configuration, the host's A and AAAA records, or SRV records. */
  readonly discover?: 'list' | 'addresses' | 'srv' | undefined;
  /** With `list`: each as `host` or `host:port`. */
  readonly addresses?: readonly string[] | undefined;
  /** With `srv`: the name of the SRV records. */
  readonly service?: string | undefined;
  /** Minimum time between DNS queries, in milliseconds; TTLs are honoured as well. */
  readonly refresh?: number | undefined;
  /** Longest time to connect to one of them, in milliseconds. */
  readonly connectTimeout?: number | undefined;
  /** After this many failures in a row a replica is ejected: it gets no requests for a while. */
  readonly failures?: number | undefined;
  /** Ejected as well when this percentage of its requests have failed. */
  readonly failureRate?: number | undefined;
  /** Statuses that count as failures of the replica. */
  readonly statuses?: readonly number[] | undefined;
  /** How long the first ejection lasts, in milliseconds. */
  readonly ejectTime?: number | undefined;
  /** Path for probing ejected replicas; empty: the next request is the probe. */
  readonly probePath?: string | undefined;
  /** Time between probes, in milliseconds. */
  readonly probeInterval?: number | undefined;
  /** Time limit of a probe, in milliseconds. */
  readonly probeTimeout?: number | undefined;
  /** Sends a request to a second replica when the first exceeds the 95th percentile of latency. */
  readonly hedge?: boolean | undefined;
}

const HOUR = 3_600_000;
const MiB = 1_048_576;

export const LIMITS = {
  concurrency: {
    type: 'number',
    unit: 'count',
    default: 0,
    min: 0,
    max: 100_000,
    doc: 'Most requests at a time. 0: any number. With `adaptive`, the upper bound of the limit, where 0 means 1,000.',
  },
  adaptive: {
    type: 'boolean',
    default: false,
    doc: 'Adapt the limit: it rises while latency is stable, and falls when latency or failures increase.',
  },
  rate: {
    type: 'number',
    unit: 'per second',
    default: 0,
    min: 0,
    max: 10_000,
    doc: 'Most requests per second. 0: any number.',
  },
  bytes: {
    type: 'number',
    unit: 'bytes',
    default: 0,
    min: 0,
    max: 1024 * MiB,
    doc: 'Most bytes of pending bodies, requests and answers together. 0: any number.',
  },
  queue: {
    type: 'number',
    unit: 'count',
    default: 100,
    min: 0,
    max: 100_000,
    doc: 'Most queued requests; further ones are refused at once.',
  },
  queueTime: {
    type: 'number',
    unit: 'ms',
    default: 1_000,
    min: 0,
    max: HOUR,
    doc: 'Longest time in the queue, within the time limit of the request; then it is refused.',
  },
} as const satisfies Record<keyof LimitOptions, unknown> & OptionTable;

export const BREAKER = {
  failureRate: {
    type: 'number',
    unit: '%',
    default: 50,
    min: 1,
    max: 100,
    doc: 'Opens when this share of the calls in the window have failed.',
  },
  slowTime: {
    type: 'number',
    unit: 'ms',
    default: 0,
    min: 0,
    max: HOUR,
    doc: 'Calls that take longer, not counting time in the queue, are slow. 0: slow calls do not count.',
  },
  slowRate: {
    type: 'number',
    unit: '%',
    default: 80,
    min: 1,
    max: 100,
    doc: 'Opens when this share of the calls in the window were slow.',
  },
  minimum: {
    type: 'number',
    unit: 'count',
    default: 20,
    min: 1,
    max: 1_000_000,
    doc: 'Minimum number of calls in the window before it may open.',
  },
  window: { type: 'number', unit: 'ms', default: 10_000, min: 10, max: HOUR, doc: 'How long a call counts.' },
  openTime: {
    type: 'number',
    unit: 'ms',
    default: 5_000,
    min: 1,
    max: HOUR,
    doc: 'How long it stays open before probes are let through, give or take a tenth.',
  },
  probes: {
    type: 'number',
    unit: 'count',
    default: 3,
    min: 1,
    max: 1_000,
    doc: 'How many probes have to succeed before it closes; one that fails opens it again.',
  },
  statuses: {
    type: 'numbers',
    default: [500, 502, 503, 504],
    min: 400,
    max: 599,
    most: 200,
    doc: 'Statuses that count as failures.',
  },
} as const satisfies Record<keyof BreakerOptions, unknown> & OptionTable;

export const RETRY = {
  count: {
    type: 'number',
    unit: 'count',
    default: 2,
    min: 0,
    max: 10,
    doc: 'Most attempts after the first.',
  },
  backoff: {
    type: 'number',
    unit: 'ms',
    default: 50,
    min: 0,
    max: HOUR,
    doc: 'Longest pause before the first retry, doubled for each further one. The actual pause is random, from 0 to this.',
  },
  maxBackoff: {
    type: 'number',
    unit: 'ms',
    default: 2_000,
    min: 0,
    max: HOUR,
    doc: 'Longest pause before any retry.',
  },
  attemptTimeout: {
    type: 'number',
    unit: 'ms',
    default: 0,
    min: 0,
    max: HOUR,
    doc: 'Longest time for one attempt. 0: only the time limit of the call, so that a timeout leaves no time to try again.',
  },
  statuses: {
    type: 'numbers',
    default: [429, 502, 503, 504],
    min: 400,
    max: 599,
    most: 200,
    doc: 'Statuses that cause a retry.',
  },
  failures: {
    type: 'choices',
    choices: FAILURES,
    default: ['refused', 'connect-timeout', 'timeout', 'reset', 'network'],
    doc: 'Failures that cause a retry: the kind of the outcome, or the code of an `error`.',
  },
  maxRetryAfter: {
    type: 'number',
    unit: 'ms',
    default: 2_000,
    min: 0,
    max: HOUR,
    doc: 'Longest acceptable `Retry-After`; with a longer one the answer is the outcome.',
  },
  budget: {
    type: 'number',
    unit: '%',
    default: 10,
    min: 0,
    max: 100,
    doc: 'Most retries to the host, as a percentage of its requests.',
  },
} as const satisfies Record<keyof RetryOptions, unknown> & OptionTable;

export const REPLICAS = {
  discover: {
    type: 'choice',
    choices: ['list', 'addresses', 'srv'],
    default: 'list',
    doc: "Where replicas come from: `addresses` below, the host's A and AAAA records, or the SRV records of `service`.",
  },
  addresses: {
    type: 'strings',
    default: [],
    most: 64,
    doc: "With `discover: 'list'`: each as `host` or `host:port`, by default with the port of the URL.",
  },
  service: {
    type: 'string',
    default: '',
    doc: "With `discover: 'srv'`: the name of the records, such as `_http._tcp.example.org`.",
  },
  refresh: {
    type: 'number',
    unit: 'ms',
    default: 5_000,
    min: 100,
    max: HOUR,
    doc: 'Minimum time between DNS queries; TTLs are honoured as well.',
  },
  connectTimeout: {
    type: 'number',
    unit: 'ms',
    default: 500,
    min: 1,
    max: HOUR,
    doc: 'Longest time to connect to one replica, before the next one is tried.',
  },
  failures: {
    type: 'number',
    unit: 'count',
    default: 3,
    min: 1,
    max: 1_000,
    doc: 'After this many failures in a row a replica is ejected.',
  },
  failureRate: {
    type: 'number',
    unit: '%',
    default: 20,
    min: 1,
    max: 100,
    doc: 'Also ejected when this share of at least 20 requests within 10 s have failed.',
  },
  statuses: {
    type: 'numbers',
    default: [429, 500, 502, 503, 504],
    min: 400,
    max: 599,
    most: 200,
    doc: 'Statuses that count as failures of the replica.',
  },
  ejectTime: {
    type: 'number',
    unit: 'ms',
    default: 5_000,
    min: 1,
    max: HOUR,
    doc: 'How long an ejection lasts, doubled for each consecutive one up to sixteenfold.',
  },
  probePath: {
    type: 'string',
    default: '',
    doc: 'Probe ejected replicas with a GET of this path. Empty: the next request after `ejectTime` is the probe.',
  },
  probeInterval: {
    type: 'number',
    unit: 'ms',
    default: 2_000,
    min: 10,
    max: HOUR,
    doc: 'Time between probes.',
  },
  probeTimeout: {
    type: 'number',
    unit: 'ms',
    default: 1_000,
    min: 1,
    max: HOUR,
    doc: 'Time limit of a probe.',
  },
  hedge: {
    type: 'boolean',
    default: false,
    doc: 'Send an idempotent request to a second replica when the first exceeds the 95th percentile of latency; at most for a tenth of the requests.',
  },
} as const satisfies Record<keyof ReplicaOptions, unknown> & OptionTable;
