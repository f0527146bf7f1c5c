import { type BodySink, type StreamedOutcome, streamAnswer } from './answer-stream.ts';
import { isWithinBase, resolveUrl } from './defaults.ts';
import { Dispatcher } from './dispatcher.ts';
import { invalidOption, type RestOptionError } from './errors.ts';
import { checkHeaderField } from './header-line.ts';
import type { ConnectionCounts } from './origin-pool.ts';
import { ErrorOutcome, type Outcome } from './outcome.ts';
import { encodeNonAscii } from './percent-encoding.ts';
import { numberOf, type PolicyEnvironment } from './policies/context.ts';
import { HostSender } from './policies/host-policies.ts';
import { chainOf, HandlerSender, type Sender } from './policies.ts';
import type { HttpRequest } from './request.ts';
import { isBody, type RequestBody, readBody } from './request-bodies.ts';
import { requestHeaders } from './request-headers.ts';
import { sendObserved } from './request-observer.ts';
import {
  type BodyRequestOptions,
  checkRequestOptions,
  NO_OPTIONS,
  type RequestOptions,
} from './request-options.ts';
import { type ClientSettings, type RestClientOptions, readOptions } from './settings.ts';
import { type CurlOptions, toCurl } from './to-curl.ts';
import { type Authority, authorityEnd, ODD_IN_URL, parsePath, parseUrl, UNSAFE_IN_URL } from './url.ts';
import { type VariantOptions, variantOf } from './variant.ts';

const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Whether a request may have this method: any token except CONNECT. */
export const isMethod = (method: string): boolean => METHOD.test(method) && method !== 'CONNECT';

const refusedMethod = (method: unknown): RestOptionError | null =>
  typeof method === 'string' && isMethod(method)
    ? null
    : invalidOption('method', method, 'an HTTP method other than CONNECT');

const MAX_KNOWN_ORIGINS = 1_000;
const SLASH = 0x2f;

/**
 * An HTTP client whose calls always resolve to an {@link Outcome}, whatever happens on the network. They reject only
 * with a `RestOptionError`, which is an error in the calling program. Connections are kept and reused.
 *
 * A URL is text or a `URL` object. Without a scheme it is `http`. Characters that are not ASCII are sent as UTF-8,
 * percent-encoded; those of the host as Punycode.
 *
 * @example
 * const client = new RestClient({ timeout: 2_000 });
 * const outcome = await client.get('http://127.0.0.1:8080/credit?account=alice');
 * if (outcome.kind === 'response') console.log(outcome.status, outcome.text);
 * else console.error(outcome.kind, outcome.reason);
 */
export class RestClient {
  readonly #settings: ClientSettings;
  readonly #known: Map<string, Authority>;
  /** The origin of the previous request, '' if there is none, and its authority. */
  #lastOrigin = '';
  #lastAuthority: Authority | undefined;
  readonly #dispatcher: Dispatcher;
  /** The policies in front of the dispatcher, or the dispatcher alone. */
  readonly #sender: Sender;
  /** The client that has the connections: this one, or the one that `with()` was called on. */
  readonly #root: RestClient;
  #closing: Promise<void> | null = null;

  /** @throws RestOptionError for an option that is unknown, of the wrong type or out of range */
  constructor(options: RestClientOptions = {}) {
    const variant = variants.get(options);
    if (variant !== undefined) {
      this.#settings = variant.settings;
      this.#root = variant.root;
      this.#known = this.#root.#known;
      this.#dispatcher = this.#root.#dispatcher;
      this.#sender = this.#root.#sender;
      return;
    }
    this.#root = this;
    this.#known = new Map();
    this.#settings = readOptions(options);
    this.#dispatcher = new Dispatcher(this.#settings);
    this.#sender = senderOf(this.#settings, this.#dispatcher);
  }

  /** Pending requests. */
  get active(): number {
    return this.#sender.active;
  }

  /** Its connections by state. */
  get connections(): ConnectionCounts {
    return this.#dispatcher.connections;
  }

  /** Adds its connections to sums by host. @internal */
  addConnections(to: Map<string, ConnectionCounts>): void {
    this.#dispatcher.addConnections(to);
  }

  /** A GET request. */
  get(url: string | URL, options: RequestOptions = NO_OPTIONS): Promise<Outcome> {
    return this.#start('GET', url, options);
  }

  /** A HEAD request: the outcome has no body. */
  head(url: string | URL, options: RequestOptions = NO_OPTIONS): Promise<Outcome> {
    return this.#start('HEAD', url, options);
  }

  /** A DELETE request. */
  delete(url: string | URL, options: BodyRequestOptions = NO_OPTIONS): Promise<Outcome> {
    return this.#start('DELETE', url, options);
  }

  /** A POST request with this body. */
  post(url: string | URL, body: RequestBody, options?: RequestOptions): Promise<Outcome>;
  /** A POST request with the options' `json` or `body`. */
  post(url: string | URL, options?: BodyRequestOptions): Promise<Outcome>;
  post(
    url: string | URL,
    body?: RequestBody | BodyRequestOptions,
    options?: RequestOptions,
  ): Promise<Outcome> {
    return this.#start('POST', url, withBody(body, options));
  }

  /** A PUT request with text or bytes. */
  put(url: string | URL, body: RequestBody, options?: RequestOptions): Promise<Outcome>;
  /** A PUT request with the options' `json` or `body`. */
  put(url: string | URL, options?: BodyRequestOptions): Promise<Outcome>;
  put(
    url: string | URL,
    body?: RequestBody | BodyRequestOptions,
    options?: RequestOptions,
  ): Promise<Outcome> {
    return this.#start('PUT', url, withBody(body, options));
  }

  /** A PATCH request with text or bytes. */
  patch(url: string | URL, body: RequestBody, options?: RequestOptions): Promise<Outcome>;
  /** A PATCH request with the options' `json` or `body`. */
  patch(url: string | URL, options?: BodyRequestOptions): Promise<Outcome>;
  patch(
    url: string | URL,
    body?: RequestBody | BodyRequestOptions,
    options?: RequestOptions,
  ): Promise<Outcome> {
    return this.#start('PATCH', url, withBody(body, options));
  }

  /** A request with any method except CONNECT. */
  request(method: string, url: string | URL, options: BodyRequestOptions = NO_OPTIONS): Promise<Outcome> {
    const refused = refusedMethod(method);
    if (refused !== null) return Promise.reject(refused);
    return this.#start(method, url, options);
  }

  /**
   * A request whose 2xx answer is read while it arrives: the result is there as soon as its header is. Another answer, or a
   * failure, is the outcome as from {@link RestClient.request}. `timeout` is the time for the whole body, and `maxBodySize` does
   * not apply.
   *
   * @example
   * const answer = await client.stream('GET', 'http://127.0.0.1:8080/recording.wav', { timeout: 600_000 });
   * if (answer.kind === 'streaming') for await (const piece of answer.body) console.log(piece.length);
   * else console.error(answer.kind);
   */
  stream(
    method: string,
    url: string | URL,
    options: BodyRequestOptions = NO_OPTIONS,
  ): Promise<StreamedOutcome> {
    const refused = refusedMethod(method);
    if (refused !== null) return Promise.reject(refused);
    return streamAnswer((sink, cancelled) => this.#start(method, url, options, { sink, cancelled }));
  }

  /**
   * A client with other defaults for its requests, on the same connections, policies and name cache. It needs no `close()`: that
   * of the first client closes the connections.
   */
  with(options: VariantOptions): RestClient {
    const own: RestClientOptions = {};
    variants.set(own, { root: this.#root, settings: variantOf(this.#settings, options) });
    return new RestClient(own);
  }

  /**
   * The request as a command of curl, quoted for POSIX shells, with `***` in place of passwords, tokens and cookies.
   * @throws RestOptionError
   */
  toCurl(
    method: string,
    url: string | URL,
    { showSecrets = false, ...options }: BodyRequestOptions & CurlOptions = {},
  ): string {
    const refused = refusedMethod(method);
    if (refused !== null) throw refused;
    const request = this.#read(method, url, options, null);
    if (request instanceof ErrorOutcome) throw invalidOption('url', String(url), request.reason);
    return toCurl(request, { showSecrets });
  }

  /** Waits for pending requests, then closes all connections. Later requests end with the code `closed`. */
  close(): Promise<void> {
    const isRoot = this.#root === this;
    this.#closing ??= this.#sender.whenIdle().then(() => {
      if (isRoot) this.#dispatcher.close();
    });
    return this.#closing;
  }

  /** {@link RestClient.close} for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #start(
    method: string,
    url: string | URL,
    options: BodyRequestOptions,
    streaming: Streaming | null = null,
  ): Promise<Outcome> {
    try {
      const request = this.#read(method, url, options, streaming);
      if (!(request instanceof ErrorOutcome)) {
        const { observer } = options;
        const { send } = this.#sender;
        return observer === undefined ? send(request) : sendObserved(observer, request, send);
      }
      this.#settings.log('debug', `${method}: -10, ${request.reason}`);
      return Promise.resolve(request);
    } catch (error) {
      // an invalid option
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** The request, or the outcome of one that cannot even be begun. @throws RestOptionError */
  #read(
    method: string,
    url: string | URL,
    options: BodyRequestOptions,
    streaming: Streaming | null,
  ): HttpRequest | ErrorOutcome {
    checkRequestOptions(options);
    const { bytes, stream, type } = readBody(options);
    const settings = this.#settings;
    const { baseUrl } = settings;
    let text = urlText(url);
    if (typeof url !== 'string' && originEnd(text) === 0)
      return new ErrorOutcome('url', `the scheme ${url.protocol.slice(0, -1)} is not supported`);
    if (baseUrl !== null) text = resolveUrl(baseUrl, text);
    if (this.#closing !== null || this.#root.#closing !== null)
      return new ErrorOutcome('closed', 'the client is closed');
    const {
      contentType,
      signal = null,
      cancellation = null,
      tlsDomain = this === this.#root ? null : settings.tlsDomain,
      holdConnectLock = 'while-connecting',
      timeout = settings.timeout,
    } = options;
    if (contentType !== undefined) {
      const checked = checkHeaderField('Content-Type', contentType);
      if (!checked.ok) return new ErrorOutcome('header', `invalid content type: ${checked.reason}`);
    }
    const odd = ODD_IN_URL.test(text);
    if (odd && options.encoding !== 'latin1') text = encodeNonAscii(text);
    let path: string;
    let authority = odd && UNSAFE_IN_URL.test(text) ? undefined : this.#knownAuthority(text);
    if (authority === undefined) {
      const parsed = parseUrl(text);
      if ('error' in parsed) return new ErrorOutcome('url', parsed.error);
      ({ authority, path } = parsed);
      this.#learnAuthority(text, authority);
    } else {
      path = parsePath(text, this.#lastOrigin.length);
    }
    const defaults = baseUrl === null || isWithinBase(baseUrl, text) ? settings.headers : undefined;
    // policies know signals alone
    const isDirect = cancellation === null || this.#isDirect(authority);
    const ended = isDirect ? signal : anyOf(signal, cancellation.signal);
    return {
      method,
      authority,
      path,
      headers: requestHeaders(method, options.headers, contentType, authority.authorization, type, defaults),
      body: bytes,
      streams: stream === null && streaming === null ? null : { body: stream, sink: streaming?.sink ?? null },
      timeout,
      connectTimeout: Math.min(timeout, settings.connectTimeout),
      holdConnectLock,
      signal: streaming === null ? ended : anyOf(ended, streaming.cancelled),
      cancellation: isDirect ? cancellation : null,
      tlsDomain,
      route: null,
    };
  }

  /** Whether requests to this host go to the dispatcher at once. */
  #isDirect(authority: Authority): boolean {
    const sender = this.#sender;
    const send = sender instanceof HostSender ? sender.sendOf(authority) : sender.send;
    return send === this.#dispatcher.send;
  }

  // --- origins ---

  /** The authority of the URL if an earlier request had the same, and the URL has a scheme; undefined otherwise. */
  #knownAuthority(url: string): Authority | undefined {
    // most requests go where the previous one went: compare instead of searching and hashing
    const last = this.#lastOrigin;
    if (last !== '' && url.startsWith(last) && url.charCodeAt(last.length) === SLASH)
      return this.#lastAuthority;
    const end = originEnd(url);
    if (end === 0) return;
    const origin = url.slice(0, end);
    const authority = this.#known.get(origin);
    if (authority === undefined) return;
    this.#lastOrigin = origin;
    this.#lastAuthority = authority;
    return authority;
  }

  #learnAuthority(url: string, authority: Authority): void {
    const end = originEnd(url);
    if (end === 0) return;
    if (this.#known.size >= MAX_KNOWN_ORIGINS) this.#known.clear();
    this.#known.set(url.slice(0, end), authority);
  }
}

/** The options that `with()` makes clients of. */
const variants = new WeakMap<
  RestClientOptions,
  { readonly root: RestClient; readonly settings: ClientSettings }
>();

/** What a streamed answer adds to its request. */
interface Streaming {
  readonly sink: BodySink;
  readonly cancelled: AbortSignal;
}

const anyOf = (signal: AbortSignal | null, other: AbortSignal): AbortSignal =>
  signal === null ? other : AbortSignal.any([signal, other]);

/** The policies of the program, then those of the hosts, then the dispatcher or what takes its place. */
function senderOf(settings: ClientSettings, dispatcher: Dispatcher): Sender {
  const { policies, hosts, send } = settings;
  const last = send === null ? dispatcher : new HandlerSender(send);
  const inner = hosts === null ? last : new HostSender(hosts, environmentOf(settings), last);
  return policies.length === 0 ? inner : new HandlerSender(chainOf(policies, inner.send), inner);
}

function environmentOf(settings: ClientSettings): PolicyEnvironment {
  const { shared, names, timers, log, tls, tlsDomain, maxBodySize } = settings;
  const { random, states, transfers, bodies, sharing } = shared;
  const { verifyPeer, verifyHost, caPath } = tls;
  const trust = JSON.stringify([
    verifyPeer,
    verifyHost,
    caPath,
    tlsDomain === null ? 0 : numberOf(tlsDomain),
  ]);
  const authorities = (): string => (verifyPeer ? shared.tls.fingerprint(caPath) : '');
  return {
    ...{ clock: timers.clock, names, random, log, states, transfers, sharing },
    ...{ maxBodySize, bodies, trust, authorities },
  };
}

/** @throws RestOptionError */
function urlText(url: unknown): string {
  if (typeof url === 'string') return url;
  if (url instanceof URL) return url.href;
  throw invalidOption('url', url, 'a string or a URL');
}

/** The arguments of `post()` and similar methods as options. */
function withBody(
  body: RequestBody | BodyRequestOptions | undefined,
  options: RequestOptions | undefined,
): BodyRequestOptions {
  if (body === undefined || body === null) return options === undefined ? NO_OPTIONS : options;
  // invalid, and possible only without types; the check of options refuses it
  if (options !== undefined && (options === null || typeof options !== 'object')) return options;
  if (isBody(body)) return { ...options, body };
  // the check of bodies refuses an object beside options
  return options === undefined ? body : { ...options, body: body as RequestBody };
}

/** The end of the origin in a URL that starts with `http://` or `https://` and a host; 0 for any other URL. */
function originEnd(url: string): number {
  const from = url.startsWith('http://') ? 7 : url.startsWith('https://') ? 8 : 0;
  if (from === 0) return 0;
  const end = authorityEnd(url, from);
  return end === from ? 0 : end; // the host of `http:///host` comes later
}
