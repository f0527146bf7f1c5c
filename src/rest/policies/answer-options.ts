/**
 * What becomes of requests and answers: the options of `auth`, `cache`, `redirects`, `cookies` and `decode`. One row an option,
 * with its unit, default, range and a line of documentation.
 */
import type { OptionTable } from '../options.ts';
import { CODINGS } from './content-codings.ts';

/** Which answers are kept, and for how long they may be used. */
export interface CacheOptions {
  /** Most bytes of answers that are kept of a host. */
  readonly maxBytes?: number | undefined;
  /** A larger body is not kept, in bytes. */
  readonly maxEntryBytes?: number | undefined;
  /** How long a stale answer is given while it is validated, in milliseconds, if the service does not say more. */
  readonly staleWhileRevalidate?: number | undefined;
  /** How long a stale answer is given if the service fails, in milliseconds, if it does not say more. */
  readonly staleIfError?: number | undefined;
  /** An answer that does not say how long it is fresh is so for this share of its age by Last-Modified, in percent. */
  readonly heuristic?: number | undefined;
  /** Longest time that this may be, in milliseconds. */
  readonly maxHeuristic?: number | undefined;
  /** Sends identical GET requests under way once. */
  readonly coalesce?: boolean | undefined;
}

/** Which redirects are followed. */
export interface RedirectOptions {
  /** Most redirects of one call. */
  readonly max?: number | undefined;
  /** Where they may lead; what identifies the caller goes to the same origin alone. */
  readonly to?: 'any' | 'same-origin' | undefined;
}

/** Cookies of the origin are sent back to it. */
export type CookieOptions = Readonly<Record<string, never>>;

/** How answers are decompressed, and texts decoded. */
export interface DecodeOptions {
  /** The codings that are asked for. */
  readonly encodings?: readonly ('gzip' | 'deflate' | 'br' | 'zstd')[] | undefined;
  /** Gives text of another character set as UTF-8. */
  readonly charset?: boolean | undefined;
}

/** How the caller identifies itself to a host. Secrets may be `${file:/path}` or `${env:NAME}`. */
export interface AuthOptions {
  /** By user and password, a token, or a token that is asked for. */
  readonly scheme?: 'basic' | 'bearer' | 'digest' | 'oauth2' | undefined;
  /** For `basic` and `digest`. */
  readonly user?: string | undefined;
  /** For `basic` and `digest`; secret. */
  readonly password?: string | undefined;
  /** For `bearer`; secret. */
  readonly token?: string | undefined;
  /** For `oauth2`: where tokens are asked for. */
  readonly tokenUrl?: string | undefined;
  /** For `oauth2`. */
  readonly clientId?: string | undefined;
  /** For `oauth2`; secret. */
  readonly clientSecret?: string | undefined;
  /** For `oauth2`: what the token is for. */
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
    doc: 'Most bytes of answers that are kept of a host; those used least recently go first.',
  },
  maxEntryBytes: {
    type: 'number',
    unit: 'bytes',
    default: MiB,
    min: 1,
    max: 1024 * MiB,
    doc: 'A larger body is not kept.',
  },
  staleWhileRevalidate: {
    type: 'number',
    unit: 'ms',
    default: 0,
    min: 0,
    max: MONTH,
    doc: 'How long a stale answer is given while it is validated in the background, unless the answer says more.',
  },
  staleIfError: {
    type: 'number',
    unit: 'ms',
    default: 0,
    min: 0,
    max: MONTH,
    doc: 'How long a stale answer is given if the service fails, unless the answer says more.',
  },
  heuristic: {
    type: 'number',
    unit: '%',
    default: 0,
    min: 0,
    max: 100,
    doc: 'An answer that does not say how long it is fresh is so for this share of its age by `Last-Modified`. 0: it is validated each time.',
  },
  maxHeuristic: {
    type: 'number',
    unit: 'ms',
    default: HOUR,
    min: 0,
    max: MONTH,
    doc: 'Longest time that this may be.',
  },
  coalesce: {
    type: 'boolean',
    default: true,
    doc: 'Send identical GET requests under way once; each of them keeps its time limit and signal.',
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
    doc: 'The codings that are asked for with `Accept-Encoding`; zstd where Node has it (22.15 and later).',
  },
  charset: {
    type: 'boolean',
    default: true,
    doc: 'Give text of another character set as UTF-8.',
  },
} as const satisfies Record<keyof DecodeOptions, unknown> & OptionTable;

export const AUTH = {
  scheme: {
    type: 'choice',
    choices: ['basic', 'bearer', 'digest', 'oauth2'],
    default: 'basic',
    doc: 'By user and password, a token, or a token by OAuth 2 client credentials.',
  },
  user: { type: 'string', default: '', secret: true, doc: 'For `basic` and `digest`.' },
  password: { type: 'string', default: '', secret: true, doc: 'For `basic` and `digest`.' },
  token: { type: 'string', default: '', secret: true, doc: 'For `bearer`.' },
  tokenUrl: { type: 'string', default: '', doc: 'For `oauth2`: where tokens are asked for, with a POST.' },
  clientId: { type: 'string', default: '', secret: true, doc: 'For `oauth2`.' },
  clientSecret: { type: 'string', default: '', secret: true, doc: 'For `oauth2`.' },
  scope: { type: 'string', default: '', doc: 'For `oauth2`: what the token is for.' },
  renewBefore: {
    type: 'number',
    unit: 'ms',
    default: 60_000,
    min: 0,
    max: HOUR,
    doc: 'For `oauth2`: how long before it expires a token is renewed; at half of its life at the earliest.',
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
