/**
 * How a service is asked that may be sick, slow or busy: the options of `limits`, `breaker`, `retry` and `replicas`. One row an
 * option, with its unit, default, range and a line of documentation.
 */
import type { OptionTable } from '../options.ts';
import { FAILURES, type ServiceFailure } from './outcome-class.ts';

/** How many requests a host gets at a time and per second; others wait briefly, or are refused. */
export interface LimitOptions {
  /** Most requests at a time; 0: any number. With `adaptive` the upper bound of the limit. */
  readonly concurrency?: number | undefined;
  /** Finds the limit itself, by whether more requests at a time only make each of them slower. */
  readonly adaptive?: boolean | undefined;
  /** Most requests in any second; 0: any number. */
  readonly rate?: number | undefined;
  /** Most bytes of bodies under way, of requests and answers together; 0: any number. */
  readonly bytes?: number | undefined;
  /** Most requests that wait for their turn. */
  readonly queue?: number | undefined;
  /** Longest time that one waits for its turn, in milliseconds. */
  readonly queueTime?: number | undefined;
}

/** When a host is not asked any more for a while, because calls to it fail or are slow. */
export interface BreakerOptions {
  /** It opens when so many percent of the calls in the window have failed. */
  readonly failureRate?: number | undefined;
  /** It opens when so many percent of the calls in the window were slow. */
  readonly slowRate?: number | undefined;
  /** A call is slow that takes longer, in milliseconds; 0: slow calls do not count. */
  readonly slowTime?: number | undefined;
  /** Fewer calls in the window say nothing. */
  readonly minimum?: number | undefined;
  /** How long a call counts, in milliseconds. */
  readonly window?: number | undefined;
  /** How long it stays open before it lets probes through, in milliseconds. */
  readonly openTime?: number | undefined;
  /** So many probes have to succeed before it closes. */
  readonly probes?: number | undefined;
  /** Answers that are failures. */
  readonly statuses?: readonly number[] | undefined;
}

/** When a request is sent again. */
export interface RetryOptions {
  /** Most attempts after the first. */
  readonly count?: number | undefined;
  /** Longest pause before the first retry, in milliseconds; doubled for each further one. */
  readonly backoff?: number | undefined;
  /** Longest pause before any retry, in milliseconds. */
  readonly maxBackoff?: number | undefined;
  /** Longest time for one attempt, in milliseconds; 0: only the time limit of the call. */
  readonly attemptTimeout?: number | undefined;
  /** Answers after which the request is sent again. */
  readonly statuses?: readonly number[] | undefined;
  /** Failures after which it is sent again. */
  readonly failures?: readonly ServiceFailure[] | undefined;
  /** Longest `Retry-After` that is waited for, in milliseconds. */
  readonly maxRetryAfter?: number | undefined;
  /** Most retries to the host, in percent of its requests. */
  readonly budget?: number | undefined;
}

/** The replicas of a host, and which of them gets a request. */
export interface ReplicaOptions {
  /** Where they are known from: `addresses` of this configuration, the host's A and AAAA records, or SRV records. */
  readonly discover?: 'list' | 'addresses' | 'srv' | undefined;
  /** With `list`: each as `host` or `host:port`. */
  readonly addresses?: readonly string[] | undefined;
  /** With `srv`: the name of the SRV records. */
  readonly service?: string | undefined;
  /** How often DNS is asked, at most, in milliseconds; its TTLs count as well. */
  readonly refresh?: number | undefined;
  /** Longest time to connect to one of them, in milliseconds. */
  readonly connectTimeout?: number | undefined;
  /** After so many failures in a row a replica gets no requests for a while. */
  readonly failures?: number | undefined;
  /** The same after so many percent of its requests have failed. */
  readonly failureRate?: number | undefined;
  /** Answers that are failures of the replica. */
  readonly statuses?: readonly number[] | undefined;
  /** For how long it gets no requests at first, in milliseconds. */
  readonly ejectTime?: number | undefined;
  /** Asks ejected replicas for this path; empty: a request is the probe. */
  readonly probePath?: string | undefined;
  /** How often they are asked, in milliseconds. */
  readonly probeInterval?: number | undefined;
  /** How long they may take to answer that, in milliseconds. */
  readonly probeTimeout?: number | undefined;
  /** Sends a request to a second replica when the first takes longer than 95 of 100 do. */
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
    doc: 'Most requests at a time. 0: any number. With `adaptive`, the upper bound of the limit; 0 is then 1,000.',
  },
  adaptive: {
    type: 'boolean',
    default: false,
    doc: 'Find the limit by measuring: it rises as long as latency stays as it was, and falls with latency and failures.',
  },
  rate: {
    type: 'number',
    unit: 'per second',
    default: 0,
    min: 0,
    max: 10_000,
    doc: 'Most requests in any second. 0: any number.',
  },
  bytes: {
    type: 'number',
    unit: 'bytes',
    default: 0,
    min: 0,
    max: 1024 * MiB,
    doc: 'Most bytes of bodies under way, of requests and answers together. 0: any number.',
  },
  queue: {
    type: 'number',
    unit: 'count',
    default: 100,
    min: 0,
    max: 100_000,
    doc: 'Most requests that wait for their turn; a further one is refused at once.',
  },
  queueTime: {
    type: 'number',
    unit: 'ms',
    default: 1_000,
    min: 0,
    max: HOUR,
    doc: 'Longest time that a request waits for its turn, within its own time limit; then it is refused.',
  },
} as const satisfies Record<keyof LimitOptions, unknown> & OptionTable;

export const BREAKER = {
  failureRate: {
    type: 'number',
    unit: '%',
    default: 50,
    min: 1,
    max: 100,
    doc: 'Opens when so many of the calls in the window have failed.',
  },
  slowTime: {
    type: 'number',
    unit: 'ms',
    default: 0,
    min: 0,
    max: HOUR,
    doc: 'A call is slow that takes longer, without waiting for its turn. 0: slow calls do not count.',
  },
  slowRate: {
    type: 'number',
    unit: '%',
    default: 80,
    min: 1,
    max: 100,
    doc: 'Opens when so many of the calls in the window were slow.',
  },
  minimum: {
    type: 'number',
    unit: 'count',
    default: 20,
    min: 1,
    max: 1_000_000,
    doc: 'Fewer calls in the window say nothing.',
  },
  window: { type: 'number', unit: 'ms', default: 10_000, min: 10, max: HOUR, doc: 'How long a call counts.' },
  openTime: {
    type: 'number',
    unit: 'ms',
    default: 5_000,
    min: 1,
    max: HOUR,
    doc: 'How long it stays open before it lets probes through, give or take a tenth.',
  },
  probes: {
    type: 'number',
    unit: 'count',
    default: 3,
    min: 1,
    max: 1_000,
    doc: 'So many probes have to succeed before it closes; one that fails opens it again.',
  },
  statuses: {
    type: 'numbers',
    default: [500, 502, 503, 504],
    min: 400,
    max: 599,
    most: 200,
    doc: 'Answers that are failures.',
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
    doc: 'Longest pause before the first retry, doubled for each further one. The pause is a random part of it.',
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
    doc: 'Answers after which the request is sent again.',
  },
  failures: {
    type: 'choices',
    choices: FAILURES,
    default: ['refused', 'connect-timeout', 'timeout', 'reset', 'network'],
    doc: 'Failures after which it is sent again: the kind of the outcome, or the code of an `error`.',
  },
  maxRetryAfter: {
    type: 'number',
    unit: 'ms',
    default: 2_000,
    min: 0,
    max: HOUR,
    doc: 'Longest `Retry-After` that is waited for; after a longer one the answer is the outcome.',
  },
  budget: {
    type: 'number',
    unit: '%',
    default: 10,
    min: 0,
    max: 100,
    doc: 'Most retries to the host, in percent of its requests.',
  },
} as const satisfies Record<keyof RetryOptions, unknown> & OptionTable;

export const REPLICAS = {
  discover: {
    type: 'choice',
    choices: ['list', 'addresses', 'srv'],
    default: 'list',
    doc: "Where replicas are known from: `addresses` below, the host's A and AAAA records, or the SRV records of `service`.",
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
    doc: 'How often DNS is asked, at most; answers count for their TTL.',
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
    doc: 'After so many failures in a row a replica is ejected.',
  },
  failureRate: {
    type: 'number',
    unit: '%',
    default: 20,
    min: 1,
    max: 100,
    doc: 'The same after so many of at least 20 requests within 10 s have failed.',
  },
  statuses: {
    type: 'numbers',
    default: [429, 500, 502, 503, 504],
    min: 400,
    max: 599,
    most: 200,
    doc: 'Answers that are failures of the replica.',
  },
  ejectTime: {
    type: 'number',
    unit: 'ms',
    default: 5_000,
    min: 1,
    max: HOUR,
    doc: 'How long an ejected replica gets no requests, doubled each time in a row up to sixteenfold.',
  },
  probePath: {
    type: 'string',
    default: '',
    doc: 'Ask ejected replicas with a GET of this path whether they are well. Empty: the next request after `ejectTime` is the probe.',
  },
  probeInterval: {
    type: 'number',
    unit: 'ms',
    default: 2_000,
    min: 10,
    max: HOUR,
    doc: 'How often they are asked.',
  },
  probeTimeout: {
    type: 'number',
    unit: 'ms',
    default: 1_000,
    min: 1,
    max: HOUR,
    doc: 'How long they may take to answer that.',
  },
  hedge: {
    type: 'boolean',
    default: false,
    doc: 'Send an idempotent request to a second replica when the first takes longer than 95 of 100 do; at most a tenth of the requests.',
  },
} as const satisfies Record<keyof ReplicaOptions, unknown> & OptionTable;
