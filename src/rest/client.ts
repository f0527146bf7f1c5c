import { Dispatcher } from './dispatcher.ts';
import { RestOptionError } from './errors.ts';
import type { ErrorCode } from './failure.ts';
import { checkHeaderField } from './header-line.ts';
import { CLIENT_OPTIONS } from './options.ts';
import type { ConnectionCounts } from './origin-pool.ts';
import { ErrorOutcome, type Outcome } from './outcome.ts';
import { PolicyChain, type Sender } from './policies.ts';
import type { HoldConnectLock } from './request.ts';
import { type HeadersOption, type RequestHeaders, requestHeaders } from './request-headers.ts';
import { checkOption, type RestClientOptions, readOptions, type Settings } from './settings.ts';
import { TlsClientDomain } from './tls-domain.ts';
import { type Authority, authorityEnd, parsePath, parseUrl, UNSAFE_IN_URL } from './url.ts';

/** What a body may be: text, which is sent as UTF-8, or bytes. (A script's byte string: `Buffer.from(s, 'latin1')`.) */
export type RequestBody = string | Uint8Array;

/** Options of one request. */
export interface RequestOptions {
  /** Further header fields as byte strings, in this order; a field may come several times. */
  readonly headers?: HeadersOption | undefined;
  /** Content-Type of the body; default of POST and PUT is `application/x-www-form-urlencoded`. Empty: none. */
  readonly contentType?: string | undefined;
  /** Longest time for this request in milliseconds, instead of the client's. */
  readonly timeout?: number | undefined;
  /**
   * How long the connect lock is held, with `noConcurrentConnects`: until the connection is made, or until the whole
   * transfer is over. Default `while-connecting`.
   */
  readonly holdConnectLock?: HoldConnectLock | undefined;
  /** Ends the transfer with -10 when it fires. */
  readonly signal?: AbortSignal | undefined;
  /** Send it with this TLS client domain. */
  readonly tls?: TlsClientDomain | undefined;
}

const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const NO_OPTIONS: RequestOptions = {};
const MAX_KNOWN_ORIGINS = 1_000;

/**
 * An HTTP client whose calls resolve to an {@link Outcome}, whatever happens on the network, and reject only
 * for a programmer's error. It keeps its connections and uses them again.
 *
 * @example
 * const client = new RestClient({ timeout: 2_000 });
 * const outcome = await client.get('http://127.0.0.1:8080/credit?account=alice');
 * if (outcome.kind === 'response') console.log(outcome.status, outcome.text);
 * else console.error(outcome.kind, outcome.reason);
 */
export class RestClient {
  readonly #settings: Settings;
  readonly #known = new Map<string, Authority>();
  readonly #dispatcher: Dispatcher;
  /** The policies and behind them the dispatcher, or just this. */
  readonly #sender: Sender;
  #closing: Promise<void> | null = null;

  /** @throws RestOptionError for an option that is unknown, of the wrong type or out of range */
  constructor(options: RestClientOptions = {}) {
    this.#settings = readOptions(options);
    const { policies } = this.#settings;
    this.#dispatcher = new Dispatcher(this.#settings);
    this.#sender = policies.length === 0 ? this.#dispatcher : new PolicyChain(policies, this.#dispatcher);
  }

  /** Requests that are not over. */
  get active(): number {
    return this.#sender.active;
  }

  /** Its connections, by what they do. */
  get connections(): ConnectionCounts {
    return this.#dispatcher.connections;
  }

  get(url: string, options: RequestOptions = NO_OPTIONS): Promise<Outcome> {
    return this.#start('GET', url, null, options);
  }

  post(url: string, body: RequestBody, options: RequestOptions = NO_OPTIONS): Promise<Outcome> {
    return this.#start('POST', url, body, options);
  }

  put(url: string, body: RequestBody, options: RequestOptions = NO_OPTIONS): Promise<Outcome> {
    return this.#start('PUT', url, body, options);
  }

  /** A request with any method, such as `DELETE` or `PATCH`. */
  request(
    method: string,
    url: string,
    options: RequestOptions & { readonly body?: RequestBody | undefined } = NO_OPTIONS,
  ): Promise<Outcome> {
    if (typeof method !== 'string' || !METHOD.test(method) || method === 'CONNECT') {
      return Promise.reject(new RestOptionError('wrong-type', 'method', 'the method is not an HTTP method'));
    }
    return this.#start(method, url, options.body ?? null, options);
  }

  /** Waits for the transfers that run, then closes all connections. Further calls end with -10. */
  close(): Promise<void> {
    this.#closing ??= this.#sender.whenIdle().then(() => this.#dispatcher.close());
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #start(method: string, url: string, body: RequestBody | null, options: RequestOptions): Promise<Outcome> {
    try {
      checkRequest(url, body, options);
    } catch (error) {
      return Promise.reject(error);
    }
    if (this.#closing !== null) return this.#refuse(method, 'closed', 'the client is closed');
    const {
      contentType,
      tls = this.#settings.tlsDomain,
      signal = null,
      holdConnectLock = 'while-connecting',
    } = options;
    if (contentType !== undefined && !checkHeaderField('Content-Type', contentType).ok) {
      return this.#refuse(method, 'header', 'the content type has a line break or control character');
    }
    let path: string;
    let authority = this.#knownAuthority(url);
    if (authority === undefined) {
      const parsed = parseUrl(url);
      if ('error' in parsed) return this.#refuse(method, 'url', parsed.error);
      ({ authority, path } = parsed);
      this.#learnAuthority(url, authority);
    } else {
      path = parsePath(url, originEnd(url));
    }
    let headers: RequestHeaders;
    try {
      headers = requestHeaders(method, options.headers, contentType, authority.authorization);
    } catch (error) {
      return Promise.reject(error);
    }
    const timeout = options.timeout ?? this.#settings.timeout;
    return this.#sender.send({
      method,
      authority,
      path,
      headers,
      body: bytesOf(body),
      timeout,
      connectTimeout: Math.min(timeout, this.#settings.connectTimeout),
      holdConnectLock,
      signal,
      tls,
    });
  }

  // --- origins ---

  /** The authority of the URL, of an earlier request; undefined too for a URL that needs a full look. */
  #knownAuthority(url: string): Authority | undefined {
    const end = originEnd(url);
    return end === 0 || UNSAFE_IN_URL.test(url) ? undefined : this.#known.get(url.slice(0, end));
  }

  #learnAuthority(url: string, authority: Authority): void {
    const end = originEnd(url);
    if (end === 0) return;
    if (this.#known.size >= MAX_KNOWN_ORIGINS) this.#known.clear();
    this.#known.set(url.slice(0, end), authority);
  }

  /** The outcome of a request that cannot even be begun. */
  #refuse(method: string, code: ErrorCode, reason: string): Promise<Outcome> {
    this.#settings.log('debug', `${method}: -10, ${reason}`);
    return Promise.resolve(new ErrorOutcome(code, reason));
  }
}

/** Where the origin ends of a URL that begins with `http://` or `https://` and a host; 0 for one that is written in another way. */
function originEnd(url: string): number {
  const from = url.startsWith('http://') ? 7 : url.startsWith('https://') ? 8 : 0;
  if (from === 0) return 0;
  const end = authorityEnd(url, from);
  return end === from ? 0 : end; // `http:///host` has its host further on
}

/** @throws RestOptionError for what only a programmer can get wrong */
function checkRequest(url: unknown, body: unknown, options: RequestOptions): void {
  if (typeof url !== 'string') throw new RestOptionError('wrong-type', 'url', 'the URL is a string');
  if (body !== null && typeof body !== 'string' && !(body instanceof Uint8Array)) {
    throw new RestOptionError('wrong-type', 'body', 'the body is a string or bytes');
  }
  if (options === NO_OPTIONS) return;
  if (options === null || typeof options !== 'object') {
    throw new RestOptionError('wrong-type', 'options', 'the options of a request are an object');
  }
  const { timeout, tls, contentType, signal } = options;
  if (timeout !== undefined) checkOption('timeout', CLIENT_OPTIONS.timeout, timeout);
  if (tls !== undefined && !(tls instanceof TlsClientDomain)) {
    throw new RestOptionError('wrong-type', 'tls', 'tls is a TlsClientDomain');
  }
  if (contentType !== undefined && typeof contentType !== 'string') {
    throw new RestOptionError('wrong-type', 'contentType', 'contentType is a string');
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new RestOptionError('wrong-type', 'signal', 'signal is an AbortSignal');
  }
}

function bytesOf(body: RequestBody | null): Buffer | null {
  if (body === null) return null;
  if (typeof body === 'string') return Buffer.from(body, 'utf8');
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}
