import type { Proxy, Shortage, UnusableProxy, Wire } from '../net/index.ts';
import { Timer, type TimerWheel } from '../timers/index.ts';
import type { ConnectGoal } from './connect-attempt.ts';
import type { Connection } from './connection.ts';
import { restChannels } from './diagnostics.ts';
import type { Failure } from './failure.ts';
import { type HttpTarget, httpTarget } from './http-target.ts';
import { type HttpVersionRow, httpVersionRow } from './http-versions.ts';
import { Http1Connection, type Http1Listener } from './http1-connection.ts';
import { Http2Connection, type Http2Listener } from './http2-connection.ts';
import { IdleStack } from './idle-stack.ts';
import type { IdleConnections } from './open-pools.ts';
import { PendingConnection, type PendingListener } from './pending-connection.ts';
import type { ConnectTo } from './request.ts';
import type { ClientSettings } from './settings.ts';
import type { SocketReader } from './socket-reader.ts';
import type { TlsProfile } from './tls-store.ts';
import { ConnectDeadline, type Transfer, type TransferPool } from './transfer.ts';
import type { HostCounts } from './transfer-counts.ts';
import type { Authority } from './url.ts';

/** How long a clear-text server may take to answer a probe for HTTP/2, in milliseconds. */
const LONGEST_PROBE = 1_000;

/** Number of streams assumed until a server's SETTINGS have arrived. */
const STREAMS_UNTIL_TOLD = 100;

/** ALPN for a server that requires HTTP/1.1. */
const HTTP1_ALPN = ['http/1.1'];

/** How often idle connections are checked, in milliseconds. */
const SWEEP_INTERVAL = 1_000;

/** The protocol of an origin: unknown before the first connection. */
type Speaks = 'unknown' | 'h1' | 'h2';

/** Connections of a client by state. */
export interface ConnectionCounts {
  /** Being established. */
  connecting: number;
  /** With a pending request. */
  busy: number;
  /** Kept for the next request. */
  idle: number;
}

/** The connections of one client to one origin with one TLS profile. */
export class OriginPool
  implements TransferPool, IdleConnections, PendingListener, Http1Listener, Http2Listener
{
  readonly authority: Authority;
  readonly profile: TlsProfile | null;
  readonly counts: HostCounts;
  /** Where it connects to, if not to the origin's host. */
  readonly #connectTo: ConnectTo | null;
  readonly #settings: ClientSettings;
  readonly #timers: TimerWheel;
  /** The proxy of its requests. */
  readonly #proxy: Proxy | UnusableProxy | null;
  readonly #target: HttpTarget;
  readonly #version: HttpVersionRow;
  /** How clear-text connections begin; proxies speak HTTP/1. */
  #clearText: HttpVersionRow['clearText'];
  readonly #origin: string;
  readonly #connections = new Set<Connection>();
  readonly #shared: Http2Connection[] = [];
  readonly #pending = new Set<PendingConnection>();
  readonly #idle = new IdleStack();
  readonly #sweeper = new Timer(() => this.#sweep());
  #speaks: Speaks;
  /** Whether the server requires HTTP/1.1 (HTTP_1_1_REQUIRED). */
  #http1Only: boolean;
  /** Number of streams that the server allows on a connection, by its last SETTINGS. */
  #streamLimit = STREAMS_UNTIL_TOLD;

  constructor(
    authority: Authority,
    connectTo: ConnectTo | null,
    profile: TlsProfile | null,
    settings: ClientSettings,
  ) {
    this.authority = authority;
    this.profile = profile;
    this.#connectTo = connectTo;
    this.#settings = settings;
    this.#timers = settings.timers;
    this.#version = httpVersionRow(settings.httpVersion);
    const { hostname, port } = connectTo ?? authority;
    this.#origin = `${hostname}:${port}`;
    this.counts = settings.shared.transfers.of(`${authority.hostname}:${authority.port}`);
    this.#proxy = settings.proxies?.of(authority.scheme, authority.hostname) ?? null;
    this.#target = httpTarget(authority, this.#proxy, connectTo);
    this.#http1Only = settings.shared.http1Origins.get(this.#target.url) !== undefined;
    this.#clearText = this.#proxy === null && !this.#http1Only ? this.#version.clearText : 'h1';
    const known =
      this.#clearText === 'probe' ? settings.shared.clearTextProtocols.get(this.#origin) : undefined;
    this.#speaks = this.#mayShare && (profile !== null || known !== 'h1') ? 'unknown' : 'h1';
  }

  get empty(): boolean {
    return this.#connections.size === 0 && this.#pending.size === 0;
  }

  /** Adds its connections to a sum over pools. */
  countConnections(into: ConnectionCounts): void {
    into.connecting += this.#pending.size;
    for (const connection of this.#connections) into[connection.isBusy ? 'busy' : 'idle']++;
  }

  /** Idle connections that have served a request. */
  *idleConnections(): Generator<Connection> {
    for (const connection of this.#connections)
      if (connection.usable && !connection.isBusy && connection.served > 0) yield connection;
  }

  /** Whether it has an open connection younger than this many milliseconds. */
  hasYounger(lifetime: number, now: number): boolean {
    for (const connection of this.#connections) {
      if (connection.usable && now - connection.connectedAt < lifetime) return true;
    }
    return false;
  }

  /** Sends the transfer on the most recently used idle connection, or on a new one. */
  send(transfer: Transfer): void {
    const connection = this.#idle.take(this.#timers.clock) ?? this.#sharedWithRoom();
    if (connection === null) this.#connect(transfer);
    else sendOn(connection, transfer);
  }

  sendAgain(transfer: Transfer): void {
    if (this.#speaks === 'h2') this.send(transfer);
    else this.#connect(transfer);
  }

  #sharedWithRoom(): Http2Connection | null {
    if (this.#speaks === 'h1') return null;
    for (const connection of this.#shared) if (connection.hasRoom) return connection;
    return null;
  }

  /** Whether transfers may share a connection, since it may be HTTP/2. */
  get #mayShare(): boolean {
    if (this.#http1Only) return false;
    return this.profile === null ? this.#clearText !== 'h1' : this.#version.alpn?.includes('h2') === true;
  }

  // --- connecting ---

  #connect(transfer: Transfer): void {
    const now = this.#timers.clock.now();
    const { connectTimeout } = transfer.request;
    if (transfer.connectDeadline === null && connectTimeout < transfer.due - now) {
      transfer.connectDeadline = new ConnectDeadline(transfer);
      this.#timers.start(transfer.connectDeadline, connectTimeout, now);
    }
    if (this.#speaks !== 'h1') {
      // while the first connection may turn out to be HTTP/2, others wait for it
      for (const pending of this.#pending) {
        if (this.#speaks === 'h2' && pending.transfers.size >= this.#streamLimit) continue;
        pending.add(transfer);
        return;
      }
    }
    this.#open(transfer);
  }

  #open(transfer: Transfer): void {
    const pending = new PendingConnection(this.#goal(), this);
    pending.add(transfer);
    this.#pending.add(pending);
    pending.start();
  }

  #goal(): ConnectGoal {
    const { names, connect, timers, shared, targets } = this.#settings;
    const { authority, profile } = this;
    return {
      authority,
      connectTo: this.#connectTo,
      proxy: this.#proxy,
      profile,
      alpn: profile === null ? null : this.#http1Only ? HTTP1_ALPN : this.#version.alpn,
      clearHttp1: profile === null && this.#clearText === 'h1',
      names,
      connect,
      timers,
      tls: shared.tls,
      makeRoom: this.#makeRoom,
      targets,
    };
  }

  /** Closes an idle connection to another origin; false without one. */
  readonly #makeRoom = (shortage: Shortage): boolean => {
    const { shared, log } = this.#settings;
    const closed = shared.openPools.giveUpOne(shortage, this);
    if (closed === null) return false;
    const { remoteAddress, remotePort } = closed.info;
    const what = shortage === 'descriptors' ? 'file descriptor' : 'local port';
    log('info', `no ${what} is free, so the idle connection to ${remoteAddress}:${remotePort} is closed`);
    return true;
  };

  onConnected(pending: PendingConnection, wire: Wire, reader: SocketReader | null): void {
    if (this.profile !== null) {
      const isHttp2 = 'alpnProtocol' in wire && wire.alpnProtocol === 'h2';
      this.#serve(pending, isHttp2 ? this.#add2(wire) : this.#add1(wire, null));
    } else if (this.#clearText === 'h2') {
      this.#serve(pending, this.#add2(wire));
    } else if (this.#clearText === 'probe') {
      this.#probe(pending, wire);
    } else {
      this.#serve(pending, this.#add1(wire, reader));
    }
  }

  onConnectFailed(pending: PendingConnection, failure: Failure): void {
    this.#pending.delete(pending);
    for (const transfer of [...pending.transfers]) transfer.connectFailed(failure);
  }

  onForsaken(pending: PendingConnection): void {
    this.#pending.delete(pending);
  }

  /** Tries HTTP/2 with prior knowledge in clear text. */
  #probe(pending: PendingConnection, wire: Wire): void {
    const memory = this.#settings.shared.clearTextProtocols;
    if (memory.get(this.#origin) === 'h1') {
      this.#serve(pending, this.#add1(wire, null));
      return;
    }
    const { clock } = this.#timers;
    const connection = this.#add2(wire);
    const decided = (): void => {
      clock.clearTimer(timeout);
      connection.onSettings = null;
      connection.onUnusable = null;
    };
    const notHttp2 = (): void => {
      decided();
      memory.set(this.#origin, 'h1');
      connection.destroy();
      this.#speaks = 'h1';
      this.#pending.delete(pending);
      for (const transfer of pending.transfers) this.#open(transfer);
    };
    const timeout = clock.setTimer(LONGEST_PROBE, notHttp2);
    timeout.ref(); // until then nothing else keeps the process alive
    connection.onSettings = () => {
      decided();
      memory.set(this.#origin, 'h2');
      this.#serve(pending, connection);
    };
    connection.onUnusable = notHttp2;
    pending.continueWith(() => {
      decided();
      connection.destroy();
    });
  }

  /** Sends waiting requests on the new connection, up to its capacity. */
  #serve(pending: PendingConnection, connection: Http1Connection | Http2Connection): void {
    this.#pending.delete(pending);
    this.#speaks = connection instanceof Http2Connection && !this.#http1Only ? 'h2' : 'h1';
    let first = true;
    for (const transfer of pending.transfers) {
      if (first || (connection instanceof Http2Connection && connection.hasRoom))
        sendOn(connection, transfer);
      else if (this.#speaks === 'h2') this.send(transfer);
      else this.#open(transfer);
      first = false;
    }
  }

  #add1(wire: Wire, reader: SocketReader | null): Http1Connection {
    const http10 = this.#version.http1 === 'http/1.0';
    const { keepAlive } = this.#settings;
    const options = { target: this.#target, timers: this.#timers, http10, keepAlive, reader };
    return this.#add(new Http1Connection(wire, options, this));
  }

  #add2(wire: Wire): Http2Connection {
    const { keepAlive } = this.#settings;
    const options = { target: this.#target, timers: this.#timers, streamLimit: this.#streamLimit, keepAlive };
    const connection = this.#add(new Http2Connection(wire, options, this));
    this.#shared.push(connection);
    return connection;
  }

  #add<T extends Connection>(connection: T): T {
    this.#connections.add(connection);
    this.#settings.shared.openPools.add(this);
    if (restChannels.connection.hasSubscribers) {
      restChannels.connection.publish({ connection: connection.info });
    }
    return connection;
  }

  // --- called by connections ---

  onIdle(connection: Http1Connection): void {
    this.#idle.push(connection);
    if (!this.#sweeper.running) this.#timers.start(this.#sweeper, SWEEP_INTERVAL);
  }

  onClosed(connection: Connection): void {
    if (!this.#connections.delete(connection)) return;
    if (connection instanceof Http2Connection) this.#shared.splice(this.#shared.indexOf(connection), 1);
    else if (connection instanceof Http1Connection && connection.idle) this.#idle.delete(connection);
    if (this.#connections.size > 0) return;
    this.#timers.stop(this.#sweeper);
    this.#settings.shared.openPools.delete(this);
  }

  onStreamLimit(limit: number): void {
    this.#streamLimit = Math.max(limit, 1);
  }

  /** Uses HTTP/1.1 for this server from now on, in other clients too. */
  onHttp1Required(): void {
    this.#http1Only = true;
    this.#clearText = 'h1';
    this.#speaks = 'h1';
    this.#settings.shared.http1Origins.set(this.#target.url, 'h1');
  }

  // --- closing ---

  /** Closes connections that have idled for too long. */
  #sweep(): void {
    const now = this.#timers.clock.now();
    this.#timers.start(this.#sweeper, SWEEP_INTERVAL, now);
    for (const connection of this.#connections) {
      if (connection instanceof Http1Connection && connection.idle && connection.idleUntil <= now) {
        connection.destroy();
      }
    }
  }

  /** Closes all idle connections. */
  closeIdle(): void {
    for (const connection of [...this.#connections]) if (!connection.isBusy) connection.destroy();
  }

  /** Closes all connections. */
  close(): void {
    for (const pending of [...this.#pending]) pending.cancel();
    this.#pending.clear();
    for (const connection of [...this.#connections]) connection.destroy();
  }
}

function sendOn(connection: Connection, transfer: Transfer): void {
  transfer.begin(connection);
  connection.send(transfer);
}
