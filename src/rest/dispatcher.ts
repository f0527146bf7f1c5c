import type { ByteBudget, TimerWheel } from '../timers/index.ts';
import { abortReason, unwatchSignal, watchSignal } from './abort-signals.ts';
import { restChannels } from './diagnostics.ts';
import { type ExchangeFailure, failed } from './failure.ts';
import { type ConnectionCounts, OriginPool } from './origin-pool.ts';
import type { Outcome } from './outcome.ts';
import { Pending } from './pending.ts';
import type { Sender } from './policies.ts';
import { type ConnectTo, type HttpRequest, maySendAgain } from './request.ts';
import type { RequestStream } from './request-stream.ts';
import { mayGoAgain } from './resend.ts';
import type { ClientSettings } from './settings.ts';
import type { TlsClientDomain } from './tls-domain.ts';
import { Transfer, type TransferOwner } from './transfer.ts';
import { type Authority, redactUrl } from './url.ts';

const MAX_POOLS = 1_000;
/** Larger bodies wait for `100 Continue`, if that is enabled. */
const EXPECT_ABOVE = 1_024;

const isLarge = (body: Buffer | null, stream: RequestStream | null): boolean =>
  body !== null ? body.length > EXPECT_ABOVE : stream !== null && (stream.length ?? Infinity) > EXPECT_ABOVE;

/** Of the requests that a subscriber of {@link restChannels} has heard of. */
let lastId = 0;

// Captured here by the promise's constructor, so that a call does not need a closure.
let captured: (outcome: Outcome) => void;
function capture(resolve: (outcome: Outcome) => void): void {
  captured = resolve;
}

/** Sends each request on a connection of its origin's pool, under the connect lock if the client uses it. */
export class Dispatcher implements Sender, TransferOwner {
  readonly maxBytes: number;
  readonly bodies: ByteBudget;
  readonly timers: TimerWheel;
  readonly #settings: ClientSettings;
  readonly #pools = new Map<string, OriginPool>();
  /** Pools of requests without a TLS domain, by recent authorities. */
  readonly #known = new Map<Authority, OriginPool>();
  readonly #pending = new Pending();
  /** Generation of the CA certificates used by its pools. */
  #generation: number;

  constructor(settings: ClientSettings) {
    this.#settings = settings;
    this.maxBytes = settings.maxBodySize;
    this.bodies = settings.shared.bodies;
    this.timers = settings.timers;
    this.#generation = settings.shared.tls.generation;
  }

  get active(): number {
    return this.#pending.count;
  }

  get connections(): ConnectionCounts {
    const counts = { connecting: 0, busy: 0, idle: 0 };
    for (const pool of this.#pools.values()) pool.countConnections(counts);
    return counts;
  }

  /** Adds its connections to sums by host. */
  addConnections(to: Map<string, ConnectionCounts>): void {
    for (const pool of this.#pools.values()) {
      const { host } = pool.counts;
      const counts = to.get(host) ?? { connecting: 0, busy: 0, idle: 0 };
      to.set(host, counts);
      pool.countConnections(counts);
    }
  }

  readonly send = (request: HttpRequest): Promise<Outcome> => {
    const { expect100, noConcurrentConnects, shared } = this.#settings;
    const { method, authority, path, headers, body, streams, signal } = request;
    if (this.#generation !== shared.tls.generation) this.#leaveCertificates(shared.tls.generation);
    const connectTo = request.route?.connectTo ?? null;
    const pool =
      request.tlsDomain === null && connectTo === null
        ? this.#poolOf(authority)
        : this.#pool(authority, request.tlsDomain ?? this.#settings.tlsDomain, connectTo);
    const promise = new Promise<Outcome>(capture);
    const transfer = new Transfer(this, pool, request, captured);
    const now = this.timers.clock.now();
    transfer.clock.started = now;
    transfer.clock.call = request.route?.call ?? null;
    transfer.expectContinue =
      headers.expect === 'on' ||
      (headers.expect === null && expect100 && isLarge(body, streams?.body ?? null));
    this.#pending.begin();
    if (restChannels.request.hasSubscribers) {
      transfer.id = ++lastId;
      restChannels.request.publish({ id: lastId, method, url: redactUrl(authority, path) });
    }
    this.timers.start(transfer, request.timeout, now);
    if (signal !== null) {
      if (signal.aborted) {
        transfer.abort(abortReason(signal));
        return promise;
      }
      watchSignal(signal, transfer);
    }
    const { cancellation = null } = request;
    if (cancellation !== null) {
      if (cancellation.reason !== null) {
        transfer.abort(`aborted: ${cancellation.reason}`);
        return promise;
      }
      cancellation.watch(transfer);
    }
    if (noConcurrentConnects) this.#lockThen(transfer, false);
    else pool.send(transfer);
    return promise;
  };

  whenIdle(): Promise<void> {
    return this.#pending.whenIdle();
  }

  /** Closes all connections. */
  close(): void {
    for (const pool of this.#pools.values()) pool.close();
  }

  // --- pools ---

  #poolOf(authority: Authority): OriginPool {
    let pool = this.#known.get(authority);
    if (pool === undefined) {
      pool = this.#pool(authority, this.#settings.tlsDomain, null);
      if (this.#known.size >= MAX_POOLS) this.#known.clear();
      this.#known.set(authority, pool);
    }
    return pool;
  }

  #pool(authority: Authority, domain: TlsClientDomain | null, connectTo: ConnectTo | null): OriginPool {
    const { tls, log, shared } = this.#settings;
    const profile = authority.scheme === 'https' ? shared.tls.profile(tls, domain, log) : null;
    const to = connectTo === null ? '' : ` ${connectTo.hostname}:${connectTo.port}`;
    const key = `${authority.scheme}://${authority.hostname}:${authority.port} ${authority.host} ${profile?.key ?? ''}${to}`;
    let pool = this.#pools.get(key);
    if (pool === undefined) {
      if (this.#pools.size >= MAX_POOLS) this.#forgetEmptyPools();
      pool = new OriginPool(authority, connectTo, profile, this.#settings);
      this.#pools.set(key, pool);
    }
    return pool;
  }

  /** Bounds the number of pools: host names may come from SIP messages. */
  #forgetEmptyPools(): void {
    this.#known.clear();
    for (const [key, pool] of this.#pools) if (pool.empty) this.#pools.delete(key);
  }

  /** After CA certificates were read again: connections that earlier ones vouched for take no more requests. */
  #leaveCertificates(generation: number): void {
    this.#generation = generation;
    this.#known.clear();
    for (const pool of this.#pools.values()) if (pool.profile !== null) pool.closeIdle();
  }

  // --- the connect lock ---

  #lockThen(transfer: Transfer, again: boolean): void {
    const { shared, lockFreeAge } = this.#settings;
    const { hostname } = transfer.request.authority;
    if (lockFreeAge > 0 && this.#hasYoungConnection(hostname, lockFreeAge)) {
      this.#sendOn(transfer, again);
      return;
    }
    const answer = shared.connectLock.acquire(hostname, this);
    if (typeof answer === 'boolean') {
      this.#onLock(transfer, again, answer);
      return;
    }
    answer.then(
      (taken) => this.#onLock(transfer, again, taken),
      () => transfer.fail(failed('lock', 'the connect lock did not answer')),
    );
  }

  #onLock(transfer: Transfer, again: boolean, taken: boolean): void {
    const { hostname } = transfer.request.authority;
    if (!taken) {
      transfer.fail({ kind: 'locked', reason: `another client is connecting to ${hostname}` });
    } else if (transfer.over) {
      this.#settings.shared.connectLock.release(hostname, this);
    } else {
      transfer.locked = true;
      this.#sendOn(transfer, again);
    }
  }

  #sendOn(transfer: Transfer, again: boolean): void {
    if (again) transfer.pool.sendAgain(transfer);
    else transfer.pool.send(transfer);
  }

  #hasYoungConnection(hostname: string, lifetime: number): boolean {
    const now = this.timers.clock.now();
    for (const pool of this.#pools.values()) {
      if (pool.authority.hostname === hostname && pool.hasYounger(lifetime, now)) return true;
    }
    return false;
  }

  #unlock(transfer: Transfer): void {
    transfer.locked = false;
    this.#settings.shared.connectLock.release(transfer.request.authority.hostname, this);
  }

  // --- called by transfers ---

  onTransferConnected(transfer: Transfer): void {
    if (transfer.request.holdConnectLock === 'while-connecting') this.#unlock(transfer);
  }

  onExchangeFailed(transfer: Transfer, failure: ExchangeFailure): void {
    if (!mayGoAgain(transfer, failure) || !maySendAgain(transfer.request)) {
      transfer.fail(failed(failure.code, failure.reason));
      return;
    }
    if (failure.fate === 'unprocessed') transfer.unprocessed++;
    else transfer.losses++;
    this.#sendAgain(transfer);
  }

  onExpectationRefused(transfer: Transfer): void {
    transfer.expectContinue = false;
    this.#sendAgain(transfer);
  }

  #sendAgain(transfer: Transfer): void {
    transfer.rewind();
    if (transfer.over) return;
    if (this.#settings.noConcurrentConnects && !transfer.locked) this.#lockThen(transfer, true);
    else transfer.pool.sendAgain(transfer);
  }

  onTransferOver(transfer: Transfer, outcome: Outcome): void {
    const { method, authority, path, signal } = transfer.request;
    this.#pending.end();
    transfer.pool.counts.ended(outcome);
    if (transfer.locked) this.#unlock(transfer);
    if (signal !== null) unwatchSignal(signal, transfer);
    transfer.request.cancellation?.unwatch(transfer);
    if (outcome.kind !== 'response') {
      // a caller that has the outcome logs it better: it knows what the request is for
      this.#settings.log(
        'debug',
        `${method} ${redactUrl(authority, path)}: ${outcome.rc}, ${outcome.reason}`,
      );
    }
    if (restChannels.outcome.hasSubscribers) {
      if (transfer.id === 0) transfer.id = ++lastId;
      restChannels.outcome.publish({ id: transfer.id, method, url: redactUrl(authority, path), outcome });
    }
  }
}
