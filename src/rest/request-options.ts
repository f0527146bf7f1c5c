import type { Cancellation } from '../timers/index.ts';
import { invalidOption, unknownOption } from './errors.ts';
import { CLIENT_OPTIONS } from './options.ts';
import type { TextEncoding } from './percent-encoding.ts';
import { checkOption } from './read-options.ts';
import type { HoldConnectLock } from './request.ts';
import type { RequestBody } from './request-bodies.ts';
import type { HeadersOption } from './request-headers.ts';
import type { RequestObserver } from './request-observer.ts';
import { TlsClientDomain } from './tls-domain.ts';

/** Options of one request. */
export interface RequestOptions {
  /** Further header fields, in this order; names may be repeated. */
  readonly headers?: HeadersOption | undefined;
  /**
   * Content-Type of the body; '' for none. Default: that of JSON, of a form or a `Blob`, else
   * `application/x-www-form-urlencoded` for POST and PUT.
   */
  readonly contentType?: string | undefined;
  /** Longest time for this request in milliseconds, instead of the client's. */
  readonly timeout?: number | undefined;
  /** Ends the request: the outcome is an `error` with the code `aborted`. A signal may end many requests. */
  readonly signal?: AbortSignal | undefined;
  /** Ends the request as well, at a lower cost. @internal */
  readonly cancellation?: Cancellation | undefined;
  /** Sees it begin and end. @internal */
  readonly observer?: RequestObserver | undefined;
  /** TLS client domain for this request, instead of the client's. */
  readonly tlsDomain?: TlsClientDomain | undefined;
  /**
   * With `noConcurrentConnects`, how long the connect lock is held: until the connection is established, or until the
   * whole request has ended. Default `while-connecting`.
   */
  readonly holdConnectLock?: HoldConnectLock | undefined;
  /** Encoding of URL and body. Default `utf8`; `latin1` for byte strings, as in scripts. */
  readonly encoding?: TextEncoding | undefined;
}

/** Options of a request that may have a body. */
export interface BodyRequestOptions extends RequestOptions {
  /** Text, bytes, a form, a `Blob` or a stream; see {@link RequestBody}. */
  readonly body?: RequestBody | undefined;
  /** How long a stream is, in bytes. Default: unknown, so that it is sent in chunks. */
  readonly contentLength?: number | undefined;
  /** Any value to be sent as JSON, instead of `body`. */
  readonly json?: unknown;
}

/** The options of a request without any. */
export const NO_OPTIONS: BodyRequestOptions = Object.freeze({});

const KNOWN: ReadonlySet<string> = new Set<keyof BodyRequestOptions>([
  'headers',
  'contentType',
  'timeout',
  'signal',
  'tlsDomain',
  'holdConnectLock',
  'encoding',
  'body',
  'contentLength',
  'json',
]);

/** Not options for users. */
const internalOptions: ReadonlySet<string> = new Set<keyof BodyRequestOptions>(['cancellation', 'observer']);

/** @throws RestOptionError for errors of the calling program */
export function checkRequestOptions(options: BodyRequestOptions): void {
  if (options === NO_OPTIONS) return;
  if (options === null || typeof options !== 'object' || options instanceof Uint8Array) {
    throw invalidOption('options', options, 'an object');
  }
  for (const name in options) {
    if (!KNOWN.has(name) && !internalOptions.has(name)) throw unknownOption(name, 'a request', [...KNOWN]);
  }
  const { timeout, signal, tlsDomain, contentType, holdConnectLock, encoding } = options;
  if (timeout !== undefined) checkOption('timeout', CLIENT_OPTIONS.timeout, timeout);
  if (tlsDomain !== undefined && !(tlsDomain instanceof TlsClientDomain)) {
    throw invalidOption('tlsDomain', tlsDomain, 'a TlsClientDomain');
  }
  if (contentType !== undefined && typeof contentType !== 'string') {
    throw invalidOption('contentType', contentType, 'a string');
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw invalidOption('signal', signal, 'an AbortSignal');
  }
  if (
    holdConnectLock !== undefined &&
    holdConnectLock !== 'while-connecting' &&
    holdConnectLock !== 'whole'
  ) {
    throw invalidOption('holdConnectLock', holdConnectLock, "'while-connecting' or 'whole'");
  }
  if (encoding !== undefined && encoding !== 'utf8' && encoding !== 'latin1') {
    throw invalidOption('encoding', encoding, "'utf8' or 'latin1'");
  }
}
