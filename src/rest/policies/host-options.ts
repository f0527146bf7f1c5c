/**
 * What can be configured for a host, a table for each policy: one row an option, with its unit, default, range and a
 * line of documentation. docs/rest-policies.md is written from them. An absent section means that the policy is off.
 */
import type { OptionTable, ValuesOf } from '../options.ts';

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

/** The policies of a host. */
export interface HostOptions {
  /** How many requests it gets at a time and per second. */
  readonly limits?: LimitOptions | undefined;
}

/** Policies by host: `name`, `name:port`, `*.example.org`, `*`. */
export type HostsOption = Readonly<Record<string, HostOptions>>;

const HOUR = 3_600_000;
const MiB = 1_048_576;

const LIMITS = {
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

/** The sections of a host's configuration. */
export const HOST_OPTIONS = { limits: LIMITS } as const satisfies Record<keyof HostOptions, OptionTable>;

export type HostSection = keyof typeof HOST_OPTIONS;
/** A section, complete. */
export type SectionValues<Section extends HostSection> = ValuesOf<(typeof HOST_OPTIONS)[Section]>;
/** The sections of a host that are configured, complete. */
export type HostSettings = { readonly [Section in HostSection]: SectionValues<Section> | null };
