import type { ByteBudget } from '../timers/memory-budget.ts';
import { processTimers } from '../timers/timer-wheel.ts';
import { restChannels } from './diagnostics.ts';
import { RestOptionError } from './errors.ts';
import { checkHeaderField } from './header-line.ts';
import { type ConnectionCounts, OriginPool } from './origin-pool.ts';
import { NO_BODY, Outcome, PhaseClock } from './outcome.ts';
import type { RestParameterValues } from './parameters.ts';
import { type HeadersOption, type RequestHeaders, requestHeaders } from './request-headers.ts';
import { type RestClientOptions, readOptions, type Settings } from './settings.ts';
import { TlsClientDomain } from './tls-domain.ts';
import { Transfer, type TransferOwner } from './transfer.ts';
import { type Authority, authorityEnd, parsePath, parseUrl, redactUrl, UNSAFE_IN_URL } from './url.ts';

/** What a body may be: text, which is sent as UTF-8, or bytes. (A script's byte string: `Buffer.from(s, 'latin1')`.) */
export type RequestBody = string | Uint8Array;

/** Options of one request. */
export interface RequestOptions {
  /** Further header fields as byte strings, in this order; a field may come several times. */
  readonly headers?: HeadersOption | undefined;
  /** Content-Type of the body; default of POST and PUT is `application/x-www-form-urlencoded`. Empty: none. */
  readonly contentType?: string | undefined;
  /** Longest time for this call in seconds, instead of `curlTimeout`. */
  readonly timeout?: number | undefined;
  /**
   * How the caller waits. It decides how long the connect lock is held: `blocking` for the whole transfer,
   * otherwise while connecting; `async` counts in {@link RestClient.asyncTransfers}.
   */
  readonly mode?: 'blocking' | 'async' | undefined;
  /** Ends the transfer with -10 when it fires. */
  readonly signal?: AbortSignal | undefined;
  /** Send it with this TLS client domain. */
  readonly tls?: TlsClientDomain | undefined;
}

const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const NO_OPTIONS: RequestOptions = {};
const MAX_KNOWN_ORIGINS = 1_000;
const LONGEST_TIMEOUT = 2_000_000;
/** Bodies of more bytes wait for `100 Continue`, where that is switched on. */
const EXPECT_ABOVE = 1_024;

interface KnownOrigin {
  readonly authority: Authority;
  /** The pool of requests without a TLS domain. */
  readonly pool: OriginPool;
}

// The promise's resolver leaves its constructor this way, so that no call needs a closure for it.
let captured: (outcome: Outcome) => void;
function capture(resolve: (outcome: Outcome) => void): void {
  captured = resolve;
}

/**
 * An HTTP client whose calls resolve to an {@link Outcome}, whatever happens on the network, and reject only
 * for a programmer's mistake. It keeps its connections and uses them again.
 *
 * @example
 * await using client = new RestClient({ curlTimeout: 2 });
 * const outcome = await client.get('http://127.0.0.1:8080/credit?account=alice');
 * if (outcome.rc < 0) console.error(outcome.reason);
 */
export class RestClient implements TransferOwner {
  readonly #settings: Settings;
  readonly #known = new Map<string, KnownOrigin>();
  readonly #pools = new Map<string, OriginPool>();
  // Counted, not kept in a Set: a Set's outgrown tables are garbage that keeps the young generation alive.
  #active = 0;
  #closing: Promise<void> | null = null;
  #onEmpty: (() => void) | null = null;
  #asyncTransfers = 0;
  /** Of the CA certificates that its pools were made with. */
  #generation: number;
  readonly maxBytes: number;
  readonly bodies: ByteBudget;

  /** @throws RestOptionError for an option that is unknown, of the wrong type or out of range */
  constructor(options: RestClientOptions = {}) {
    this.#settings = readOptions(options);
    this.maxBytes = this.#settings.maxBytes;
    this.bodies = this.#settings.shared.bodies;
    this.#generation = this.#settings.shared.tls.generation;
  }

  /** The parameters in force, defaults included. */
  get parameters(): RestParameterValues {
    return this.#settings.values;
  }

  /** Transfers that run now. */
  get active(): number {
    return this.#active;
  }

  /** Those of them with `mode: 'async'`, which a worker counts against `max_async_transfers`. */
  get asyncTransfers(): number {
    return this.#asyncTransfers;
  }

  /** Its connections, by what they do. */
  get connections(): ConnectionCounts {
    const counts = { connecting: 0, busy: 0, idle: 0 };
    for (const pool of this.#pools.values()) pool.countConnections(counts);
    return counts;
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
    this.#closing ??= new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
      if (this.#active === 0) resolve();
    }).then(() => {
      for (const pool of this.#pools.values()) pool.close();
    });
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #start(method: string, url: string, body: RequestBody | null, options: RequestOptions): Promise<Outcome> {
    const { values, transferTimeout, connectTimeout, shared } = this.#settings;
    try {
      checkRequest(url, body, options);
    } catch (error) {
      return Promise.reject(error);
    }
    if (this.#closing !== null) return this.#refuse(method, 'the client is closed');
    const { contentType, tls, signal } = options;
    if (contentType !== undefined && !checkHeaderField('Content-Type', contentType).ok) {
      return this.#refuse(method, 'the content type has a line break or control character');
    }
    if (this.#generation !== shared.tls.generation) this.#leaveCertificates(shared.tls.generation);
    let path: string;
    let origin = this.#knownOrigin(url);
    if (origin === undefined) {
      const parsed = parseUrl(url);
      if ('error' in parsed) return this.#refuse(method, parsed.error);
      origin = { authority: parsed.authority, pool: this.#pool(parsed.authority, null) };
      this.#learnOrigin(url, origin);
      path = parsed.path;
    } else {
      path = parsePath(url, originEnd(url));
    }
    const { authority } = origin;
    const pool = tls === undefined ? origin.pool : this.#pool(authority, tls);
    let headers: RequestHeaders;
    try {
      headers = requestHeaders(method, options.headers, contentType, authority.authorization);
    } catch (error) {
      return Promise.reject(error);
    }
    const promise = new Promise<Outcome>(capture);
    const transfer = new Transfer(this, pool, method, path, headers.fields, bytesOf(body), captured);
    transfer.ownHost = headers.ownHost;
    transfer.closes = headers.closes;
    const now = performance.now();
    const timeout = options.timeout === undefined ? transferTimeout : options.timeout * 1000;
    transfer.clock.started = now;
    transfer.connectTimeout = Math.min(timeout, connectTimeout);
    transfer.expectContinue =
      headers.expect === 'on' ||
      (headers.expect === null && values.enableExpect100 && (transfer.body?.length ?? 0) > EXPECT_ABOVE);
    this.#active++;
    if (options.mode === 'async') {
      transfer.background = true;
      this.#asyncTransfers++;
    }
    if (restChannels.request.hasSubscribers) {
      restChannels.request.publish({ method, url: redactUrl(authority, path) });
    }
    processTimers.start(transfer, timeout, now);
    if (signal !== undefined && !watchSignal(transfer, signal)) return promise;
    if (values.noConcurrentConnects) {
      transfer.lockWhole = options.mode === 'blocking';
      this.#lockThen(transfer, false);
    } else {
      pool.send(transfer);
    }
    return promise;
  }

  // --- origins ---

  /** What is known of the URL's origin from an earlier request; undefined too for a URL that needs a full look. */
  #knownOrigin(url: string): KnownOrigin | undefined {
    const end = originEnd(url);
    return end === 0 || UNSAFE_IN_URL.test(url) ? undefined : this.#known.get(url.slice(0, end));
  }

  #learnOrigin(url: string, origin: KnownOrigin): void {
    const end = originEnd(url);
    if (end === 0) return;
    if (this.#known.size >= MAX_KNOWN_ORIGINS) this.#known.clear();
    this.#known.set(url.slice(0, end), origin);
  }

  #pool(authority: Authority, domain: TlsClientDomain | null): OriginPool {
    const { values, log, shared } = this.#settings;
    const profile = authority.scheme === 'https' ? shared.tls.profile(values, domain, log) : null;
    const key = `${authority.scheme}://${authority.hostname}:${authority.port} ${authority.host} ${profile?.key ?? ''}`;
    let pool = this.#pools.get(key);
    if (pool === undefined) {
      if (this.#pools.size >= MAX_KNOWN_ORIGINS) this.#forgetEmptyPools();
      pool = new OriginPool(authority, profile, this.#settings);
      this.#pools.set(key, pool);
    }
    return pool;
  }

  /** Host names may come from SIP messages, so what is remembered of them is bounded. */
  #forgetEmptyPools(): void {
    this.#known.clear();
    for (const [key, pool] of this.#pools) if (pool.empty) this.#pools.delete(key);
  }

  /** CA certificates are read again: what earlier ones were trusted for takes no more requests. */
  #leaveCertificates(generation: number): void {
    this.#generation = generation;
    this.#known.clear();
    for (const pool of this.#pools.values()) if (pool.profile !== null) pool.closeIdle();
  }

  // --- the connect lock ---

  #lockThen(transfer: Transfer, again: boolean): void {
    const { shared, connectionLifetime } = this.#settings;
    const { hostname } = transfer.pool.authority;
    if (connectionLifetime > 0 && this.#hasYoungConnection(hostname, connectionLifetime)) {
      this.#dispatch(transfer, again);
      return;
    }
    const answer = shared.connectLock.acquire(hostname, this);
    if (typeof answer === 'boolean') {
      this.#onLock(transfer, again, answer);
      return;
    }
    answer.then(
      (taken) => this.#onLock(transfer, again, taken),
      () => transfer.fail(-10, 'the connect lock cannot be asked'),
    );
  }

  #onLock(transfer: Transfer, again: boolean, taken: boolean): void {
    const { hostname } = transfer.pool.authority;
    if (!taken) {
      transfer.fail(-4, `another worker is connecting to ${hostname}`);
    } else if (transfer.over) {
      this.#settings.shared.connectLock.release(hostname, this);
    } else {
      transfer.locked = true;
      this.#dispatch(transfer, again);
    }
  }

  #dispatch(transfer: Transfer, again: boolean): void {
    if (again) transfer.pool.sendAgain(transfer);
    else transfer.pool.send(transfer);
  }

  #hasYoungConnection(hostname: string, lifetime: number): boolean {
    const now = performance.now();
    for (const pool of this.#pools.values()) {
      if (pool.authority.hostname === hostname && pool.hasYounger(lifetime, now)) return true;
    }
    return false;
  }

  #unlock(transfer: Transfer): void {
    transfer.locked = false;
    this.#settings.shared.connectLock.release(transfer.pool.authority.hostname, this);
  }

  // --- called by transfers ---

  onTransferConnected(transfer: Transfer): void {
    if (!transfer.lockWhole) this.#unlock(transfer);
  }

  sendAgain(transfer: Transfer): void {
    if (this.#settings.values.noConcurrentConnects && !transfer.locked) this.#lockThen(transfer, true);
    else transfer.pool.sendAgain(transfer);
  }

  onTransferOver(transfer: Transfer, outcome: Outcome): void {
    this.#active--;
    transfer.pool.counts.add(outcome.rc);
    if (transfer.background) this.#asyncTransfers--;
    if (transfer.locked) this.#unlock(transfer);
    if (transfer.signal !== null && transfer.onSignal !== null) {
      transfer.signal.removeEventListener('abort', transfer.onSignal);
    }
    if (outcome.rc < 0) {
      this.#logFailure(`${transfer.method} ${redactUrl(transfer.pool.authority, transfer.path)}`, outcome);
    }
    if (restChannels.outcome.hasSubscribers) {
      const url = redactUrl(transfer.pool.authority, transfer.path);
      restChannels.outcome.publish({ method: transfer.method, url, outcome });
    }
    if (this.#onEmpty !== null && this.#active === 0) this.#onEmpty();
  }

  #logFailure(what: string, outcome: Outcome): void {
    // the caller has the outcome, and logs it better: it knows what the request was for
    this.#settings.log('debug', `${what}: ${outcome.rc}, ${outcome.reason}`);
  }

  /** The outcome of a request that cannot even be begun. */
  #refuse(method: string, reason: string): Promise<Outcome> {
    const clock = new PhaseClock();
    clock.started = performance.now();
    clock.ended = clock.started;
    const outcome = new Outcome({
      rc: -10,
      retcode: 0,
      body: NO_BODY,
      contentType: '',
      reason,
      rawHeaders: null,
      clock,
      connection: null,
      reused: false,
    });
    this.#logFailure(method, outcome);
    return Promise.resolve(outcome);
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
  if (timeout !== undefined && !(typeof timeout === 'number' && timeout > 0 && timeout <= LONGEST_TIMEOUT)) {
    throw new RestOptionError(
      'out-of-range',
      'timeout',
      `timeout is ${String(timeout)}, but must be above 0 and at most ${LONGEST_TIMEOUT} s`,
    );
  }
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

/** False when it has fired already. */
function watchSignal(transfer: Transfer, signal: AbortSignal): boolean {
  if (signal.aborted) {
    transfer.fail(-10, 'aborted');
    return false;
  }
  transfer.signal = signal;
  transfer.onSignal = () => transfer.fail(-10, 'aborted');
  signal.addEventListener('abort', transfer.onSignal, { once: true });
  return true;
}
