/**
 * What can be configured for a host: a section for each policy, each with a table that docs/rest-policies.md is written from. An
 * absent section means that the policy is off.
 */
import type { OptionTable, ValuesOf } from '../options.ts';
import {
  AUTH,
  type AuthOptions,
  CACHE,
  type CacheOptions,
  type CookieOptions,
  DECODE,
  type DecodeOptions,
  REDIRECTS,
  type RedirectOptions,
} from './answer-options.ts';
import {
  BREAKER,
  type BreakerOptions,
  LIMITS,
  type LimitOptions,
  REPLICAS,
  RETRY,
  type ReplicaOptions,
  type RetryOptions,
} from './service-options.ts';

/** The policies of a host. */
export interface HostOptions {
  /** How the caller identifies itself. */
  readonly auth?: AuthOptions | undefined;
  /** Which redirects are followed. */
  readonly redirects?: RedirectOptions | undefined;
  /** Keeps its cookies: `{}`. */
  readonly cookies?: CookieOptions | undefined;
  /** How answers are decompressed. */
  readonly decode?: DecodeOptions | undefined;
  /** Which answers are kept. */
  readonly cache?: CacheOptions | undefined;
  /** Its replicas. */
  readonly replicas?: ReplicaOptions | undefined;
  /** When a request is sent again. */
  readonly retry?: RetryOptions | undefined;
  /** When it is not asked any more for a while. */
  readonly breaker?: BreakerOptions | undefined;
  /** How many requests it gets at a time and per second. */
  readonly limits?: LimitOptions | undefined;
}

/** Policies by host: `name`, `name:port`, `*.example.org`, `*`. */
export type HostsOption = Readonly<Record<string, HostOptions>>;

/** The sections of a host's configuration. */
export const HOST_OPTIONS = {
  auth: AUTH,
  redirects: REDIRECTS,
  cookies: {},
  decode: DECODE,
  cache: CACHE,
  retry: RETRY,
  breaker: BREAKER,
  limits: LIMITS,
  replicas: REPLICAS,
} as const satisfies Record<keyof HostOptions, OptionTable>;

export type HostSection = keyof typeof HOST_OPTIONS;
/** A section, complete. */
export type SectionValues<Section extends HostSection> = ValuesOf<(typeof HOST_OPTIONS)[Section]>;
/** The sections of a host that are configured, complete. */
export type HostSettings = { readonly [Section in HostSection]: SectionValues<Section> | null };
