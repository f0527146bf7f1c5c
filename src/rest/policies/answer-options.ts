/**
 * How requests identify their caller, and what happens to answers: the options of `auth`, `cache`, `redirects`, `cookies` and `decode`. One row an option,
 * with its unit, default, range and a line of documentation.
 */
import type { OptionTable } from '../options.ts';
import { CODINGS } from './content-codings.ts';

/** Which answers are stored, and for how long they may be used. */
export interface CacheOptions {
  /** Most bytes of stored answers of a host. */
  readonly maxBytes?: number | undefined;
  /** Larger bodies are not stored, in bytes. */
  readonly maxEntryBytes?: number | undefined;
  /** How long a stale answer is used while it is validated, in milliseconds, unless the answer allows longer. */
  readonly staleWhileRevalidate?: number | undefined;
  /** How long a stale answer is used if the service fails, in milliseconds, unless the answer allows longer. */
  readonly staleIfError?: number | undefined;
  /** Freshness of an answer without an explicit lifetime, as a percentage of its age by Last-Modified. */
  readonly heuristic?: number | undefined;
  /** Upper bound of that, in milliseconds. */
  readonly maxHeuristic?: number | undefined;
  /** Sends identical concurrent GET requests once. */
  readonly coalesce?: boolean | undefined;
}

/** Which redirects are followed. */
export interface RedirectOptions {
  /** Most redirects of one call. */
  readonly max?: number | undefined;
  /** Where they may lead; credentials are sent to the same origin only. */
  readonly to?: 'any' | 'same-origin' | undefined;
}

/** Returns an origin's cookies to it. */
export type CookieOptions = Readonly<Record<string, never>>;

/** How answers are decompressed, and text converted. */
export interface DecodeOptions {
  /** The content codings to request. */
  readonly encodings?: readonly ('gzip' | 'deflate' | 'br' | 'zstd')[] | undefined;
  /** Converts text in another character set to UTF-8. */
  readonly charset?: boolean | undefined;
}

/** How the caller identifies itself to a host. Secrets may be `${file:/path}` or `${env:NAME}`. */
export interface AuthOptions {
  /** User and password, a fixed token, or a token from an OAuth 2 server. */
  readonly scheme?: 'basic' | 'bearer' | 'digest' | 'oauth2' | undefined;
  /** For `basic` and `digest`. */
  readonly user?: string | undefined;
  /** For `basic` and `digest`; secret. */
  readonly password?: string | undefined;
  /** For `bearer`; secret. */
  readonly token?: string | undefined;
  /** For `oauth2`: the token endpoint. */
  readonly tokenUrl?: string | undefined;
  /** For `oauth2`. */
  readonly clientId?: string | undefined;
  /** For `oauth2`; secret. */
  readonly clientSecret?: string | undefined;
  /** For `oauth2`: the requested scope. */
  readonly scope?: string | undefined;
  /** For `oauth2`: how long before it expires a token is renewed, in milliseconds. */
  readonly renewBefore?: number | undefined;
  /** For `oauth2`: longest time to get a token, in milliseconds. */
  readonly tokenTimeout?: number | undefined;
}

const HOUR = 3_600_000;
const MONTH = 30 * 24 * HOUR;
const MiB = 1_048_576;

export const CACHE = {
  maxBytes: {
    type: 'number',
    unit: 'bytes',
    default: 10 * MiB,
    min: 1,
    max: 1024 * MiB,
    doc: 'Most bytes of stored answers of a host; the least recently used are evicted first.',
  },
  maxEntryBytes: {
    type: 'number',
    unit: 'bytes',
    default: MiB,
    min: 1,
    max: 1024 * MiB,
    doc: 'Larger bodies are not stored.',
  },
  staleWhileRevalidate: {
    type: 'number',
    unit: 'ms',
    default: 0,
    min: 0,
    max: MONTH,
    doc: 'How long a stale answer is used while it is validated in the background, unless the answer allows longer.',
  },
  staleIfError: {
    type: 'number',
    unit: 'ms',
    default: 0,
    min: 0,
    max: MONTH,
    doc: 'How long a stale answer is used if the service fails, unless the answer allows longer.',
  },
  heuristic: {
    type: 'number',
    unit: '%',
    default: 0,
    min: 0,
    max: 100,
    doc: 'Freshness of an answer without an explicit lifetime, as a percentage of its age by `Last-Modified`. 0: it is validated each time.',
  },
  maxHeuristic: {
    type: 'number',
    unit: 'ms',
    default: HOUR,
    min: 0,
    max: MONTH,
    doc: 'Upper bound of that.',
  },
  coalesce: {
    type: 'boolean',
    default: true,
    doc: 'Send identical concurrent GET requests once; each keeps its own time limit and signal.',
  },
} as const satisfies Record<keyof CacheOptions, unknown> & OptionTable;

export const REDIRECTS = {
  max: { type: 'number', unit: 'count', default: 5, min: 1, max: 20, doc: 'Most redirects of one call.' },
  to: {
    type: 'choice',
    choices: ['any', 'same-origin'],
    default: 'any',
    doc: 'Where they may lead.',
  },
} as const satisfies Record<keyof RedirectOptions, unknown> & OptionTable;

export const DECODE = {
  encodings: {
    type: 'choices',
    choices: CODINGS,
    default: ['gzip', 'deflate', 'br', 'zstd'],
    doc: 'The codings to request with `Accept-Encoding`; zstd where Node has it (22.15 and later).',
  },
  charset: {
    type: 'boolean',
    default: true,
    doc: 'Convert text in another character set to UTF-8.',
  },
} as const satisfies Record<keyof DecodeOptions, unknown> & OptionTable;

export const AUTH = {
  scheme: {
    type: 'choice',
    choices: ['basic', 'bearer', 'digest', 'oauth2'],
    default: 'basic',
    doc: 'User and password, a fixed token, or a token by OAuth 2 client credentials.',
  },
  user: { type: 'string', default: '', secret: true, doc: 'For `basic` and `digest`.' },
  password: { type: 'string', default: '', secret: true, doc: 'For `basic` and `digest`.' },
  token: { type: 'string', default: '', secret: true, doc: 'For `bearer`.' },
  tokenUrl: { type: 'string', default: '', doc: 'For `oauth2`: the token endpoint, which gets a POST.' },
  clientId: { type: 'string', default: '', secret: true, doc: 'For `oauth2`.' },
  clientSecret: { type: 'string', default: '', secret: true, doc: 'For `oauth2`.' },
  scope: { type: 'string', default: '', doc: 'For `oauth2`: the requested scope.' },
  renewBefore: {
    type: 'number',
    unit: 'ms',
    default: 60_000,
    min: 0,
    max: HOUR,
    doc: 'For `oauth2`: how long before it expires a token is renewed, but not before half of its lifetime.',
  },
  tokenTimeout: {
    type: 'number',
    unit: 'ms',
    default: 5_000,
    min: 1,
    max: HOUR,
    doc: 'For `oauth2`: longest time to get a token.',
  },
} as const satisfies Record<keyof AuthOptions, unknown> & OptionTable;
