import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Proxy, Shortage, UnusableProxy } from '../net/index.ts';
import { processTimers } from '../timers/index.ts';
import { ConnectAttempt } from './connect-attempt.ts';
import type { Connection } from './connection.ts';
import { restChannels } from './diagnostics.ts';
import type { Failure } from './failure.ts';
import { type HttpVersionRow, httpVersionRow } from './http-versions.ts';
import { Http1Connection } from './http1-connection.ts';
import { Http2Connection } from './http2-connection.ts';
import type { Settings } from './settings.ts';
import type { SocketReader } from './socket-reader.ts';
import type { TlsProfile } from './tls-store.ts';
import { ConnectDeadline, type Transfer } from './transfer.ts';
import type { HostCounts } from './transfer-counts.ts';
import type { Authority } from './url.ts';

/** How long a clear-text server may take to show that it speaks HTTP/2, in milliseconds. */
const PROBE_PATIENCE = 1_000;

/** Streams that a server is taken to allow until its SETTINGS have come. */
const STREAMS_UNTIL_TOLD = 100;

/** What ALPN offers to a server that wants HTTP/1.1. */
const HTTP1_ALPN = ['http/1.1'];

/** How often idle connections are looked at, in milliseconds. */
const SWEEP_INTERVAL = 1_000;

/** What an origin speaks: unknown until the first connection. */
type Speaks = 'unknown' | 'h1' | 'h2';

/** A connection that is being made, and the transfers that wait for it. */
interface Pending {
  readonly transfers: Set<Transfer>;
  cancel: () => void;
  withdraw(transfer: Transfer): void;
}

/** Connections by what they do. */
export interface ConnectionCounts {
  connecting: number;
  /** With a request on it. */
  busy: number;
  idle: number;
}

/** The connections of one client to one origin with one TLS profile. */
export class OriginPool {
  readonly authority: Authority;
  readonly profile: TlsProfile | null;
  /** As node:http2 wants it. */
  readonly url: string;
  /** The Host line, and what a proxy is told. */
  readonly hostLines: string;
  /** The proxy that its requests go through. */
  readonly proxy: Proxy | UnusableProxy | null;
  /** What stands before the path in a request line: a proxy is told the whole URL (RFC 9112, 3.2.2), unless TLS goes through it. */
  readonly beforePath: string;
  /** Header lines for the proxy. */
  readonly proxyLines: string;
  /** Streams that the server allows on an HTTP/2 connection, by what its last SETTINGS said. */
  streamLimit = STREAMS_UNTIL_TOLD;
  readonly counts: HostCounts;
  readonly #settings: Settings;
  readonly #version: HttpVersionRow;
  /** How clear text begins; proxies speak HTTP/1. */
  #clearText: HttpVersionRow['clearText'];
  readonly #origin: string;
  readonly #connections = new Set<Connection>();
  readonly #shared: Http2Connection[] = [];
  readonly #pending = new Set<Pending>();
  #newestIdle: Http1Connection | null = null;
  #sweeper: NodeJS.Timeout | null = null;
  #speaks: Speaks;
  /** The server has asked for HTTP/1.1 (HTTP_1_1_REQUIRED). */
  #http1Only: boolean;

  constructor(authority: Authority, profile: TlsProfile | null, settings: Settings) {
    this.authority = authority;
    this.profile = profile;
    this.#settings = settings;
    this.#version = httpVersionRow(settings.httpVersion);
    this.#origin = `${authority.hostname}:${authority.port}`;
    this.counts = settings.shared.transfers.of(this.#origin);
    this.url = `${authority.scheme}://${authority.host}/`;
    this.#http1Only = settings.shared.http1Origins.get(this.url) !== undefined;
    this.proxy = settings.proxies?.of(authority.scheme, authority.hostname) ?? null;
    this.#clearText = this.proxy === null && !this.#http1Only ? this.#version.clearText : 'h1';
    const proxied = profile === null && this.proxy !== null && !('error' in this.proxy) ? this.proxy : null;
    this.beforePath = proxied === null ? ' ' : ` http://${authority.host}`;
    this.proxyLines =
      proxied === null
        ? ''
        : `${proxied.authorization === '' ? '' : `Proxy-Authorization: ${proxied.authorization}\r\n`}Proxy-Connection: Keep-Alive\r\n`;
    this.hostLines = `Host: ${authority.host}\r\n${this.proxyLines}`;
    const known =
      this.#clearText === 'probe' ? settings.shared.clearTextProtocols.get(this.#origin) : undefined;
    this.#speaks = this.#mayShare && (profile !== null || known !== 'h1') ? 'unknown' : 'h1';
  }

  get empty(): boolean {
    return this.#connections.size === 0 && this.#pending.size === 0;
  }

  /** Adds its connections to those of other pools. */
  countConnections(into: ConnectionCounts): void {
    into.connecting += this.#pending.size;
    for (const connection of this.#connections) into[connection.isBusy ? 'busy' : 'idle']++;
  }

  /** Those that wait for a request, having served one. */
  *idleConnections(): Generator<Connection> {
    for (const connection of this.#connections)
      if (connection.usable && !connection.isBusy && connection.served > 0) yield connection;
  }

  /** True with an open connection younger than so many milliseconds. */
  hasYounger(lifetime: number, now: number): boolean {
    for (const connection of this.#connections) {
      if (connection.usable && now - connection.connectedAt < lifetime) return true;
    }
    return false;
  }

  /** Sends the transfer on the connection that was used last and is idle, or on a new one. */
  send(transfer: Transfer): void {
    const idle = this.#takeIdle();
    if (idle !== null) {
      idle.dispatch(transfer);
      return;
    }
    if (this.#speaks !== 'h1') {
      for (const connection of this.#shared) {
        if (connection.hasRoom) {
          connection.dispatch(transfer);
          return;
        }
      }
    }
    this.#connect(transfer);
  }

  #takeIdle(): Http1Connection | null {
    if (this.#newestIdle === null) return null;
    const now = performance.now();
    for (let c = this.#newestIdle; c !== null; c = this.#newestIdle) {
      this.#unlink(c);
      if (c.usable && c.idleUntil > now) return c;
      c.destroy();
    }
    return null;
  }

  /** The server wants HTTP/1.1: it gets that from now on, from other clients too. */
  requireHttp1(): void {
    this.#http1Only = true;
    this.#clearText = 'h1';
    this.#speaks = 'h1';
    this.#settings.shared.http1Origins.set(this.url, 'h1');
  }

  /** Sends it once more: on a fresh connection, or on one that others share. */
  sendAgain(transfer: Transfer): void {
    if (this.#speaks === 'h2') this.send(transfer);
    else this.#connect(transfer);
  }

  /** True where HTTP/2 is possible, so that transfers may share a connection. */
  get #mayShare(): boolean {
    if (this.#http1Only) return false;
    return this.profile === null ? this.#clearText !== 'h1' : this.#version.alpn?.includes('h2') === true;
  }

  // --- connecting ---

  #connect(transfer: Transfer): void {
    const now = performance.now();
    const { connectTimeout } = transfer.request;
    if (transfer.connectDeadline === null && connectTimeout < transfer.due - now) {
      transfer.connectDeadline = new ConnectDeadline(transfer);
      processTimers.start(transfer.connectDeadline, connectTimeout, now);
    }
    if (this.#speaks !== 'h1') {
      // While it may turn out to be HTTP/2, the others wait for the connection that is on its way.
      for (const pending of this.#pending) {
        if (this.#speaks === 'h2' && pending.transfers.size >= this.streamLimit) continue;
        pending.transfers.add(transfer);
        transfer.pending = pending;
        return;
      }
    }
    this.#open(transfer);
  }

  #open(transfer: Transfer): void {
    const pending: Pending = {
      transfers: new Set([transfer]),
      cancel: () => attempt.cancel(),
      withdraw: (gone) => {
        pending.transfers.delete(gone);
        copyTimes(attempt, gone);
        if (pending.transfers.size > 0) return;
        this.#pending.delete(pending);
        pending.cancel();
      },
    };
    const { resolver, tls } = this.#settings.shared;
    const { authority, profile, proxy } = this;
    const attempt = new ConnectAttempt(
      {
        authority,
        proxy,
        profile,
        alpn: profile === null ? null : this.#http1Only ? HTTP1_ALPN : this.#version.alpn,
        clearHttp1: profile === null && this.#clearText === 'h1',
        resolver,
        tls,
        makeRoom: (shortage) => this.#makeRoom(shortage),
      },
      {
        onConnected: (socket, reader) => {
          for (const waiting of pending.transfers) copyTimes(attempt, waiting);
          this.#onConnected(pending, socket, reader);
        },
        onConnectFailed: (failure) => {
          for (const waiting of pending.transfers) copyTimes(attempt, waiting);
          this.#onFailed(pending, failure);
        },
      },
    );
    this.#pending.add(pending);
    transfer.pending = pending;
    attempt.start();
  }

  /** An idle connection to somewhere else gives way; false where there is none. */
  #makeRoom(shortage: Shortage): boolean {
    const { shared, log } = this.#settings;
    const closed = shared.openPools.giveUpOne(shortage, this);
    if (closed === null) return false;
    const { remoteAddress, remotePort } = closed.info;
    const what = shortage === 'descriptors' ? 'file descriptor' : 'local port';
    log('info', `no ${what} is free, so the idle connection to ${remoteAddress}:${remotePort} is closed`);
    return true;
  }

  #onConnected(pending: Pending, socket: Socket | TLSSocket, reader: SocketReader | null): void {
    if (this.profile !== null) {
      const h2 = 'alpnProtocol' in socket && socket.alpnProtocol === 'h2';
      this.#serve(pending, h2 ? this.#add2(socket) : this.#add1(socket));
    } else if (this.#clearText === 'h2') {
      this.#serve(pending, this.#add2(socket));
    } else if (this.#clearText === 'probe') {
      this.#probe(pending, socket);
    } else {
      this.#serve(pending, this.#add1(socket, reader));
    }
  }

  /** `curl_http_version` 3 in clear text: HTTP/2 by prior knowledge where the server answers to it. */
  #probe(pending: Pending, socket: Socket): void {
    const memory = this.#settings.shared.clearTextProtocols;
    if (memory.get(this.#origin) === 'h1') {
      this.#serve(pending, this.#add1(socket));
      return;
    }
    const connection = this.#add2(socket);
    const decided = (): void => {
      clearTimeout(patience);
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
    const patience = setTimeout(notHttp2, PROBE_PATIENCE);
    connection.onSettings = () => {
      decided();
      memory.set(this.#origin, 'h2');
      this.#serve(pending, connection);
    };
    connection.onUnusable = notHttp2;
    pending.cancel = () => {
      decided();
      connection.destroy();
    };
  }

  /** The connection is there: those who waited for it go out on it, as far as it has room for them. */
  #serve(pending: Pending, connection: Http1Connection | Http2Connection): void {
    this.#pending.delete(pending);
    this.#speaks = connection instanceof Http2Connection && !this.#http1Only ? 'h2' : 'h1';
    let first = true;
    for (const transfer of pending.transfers) {
      if (first) connection.dispatch(transfer);
      else if (connection instanceof Http2Connection && connection.hasRoom) connection.dispatch(transfer);
      else if (this.#speaks === 'h2') this.send(transfer);
      else this.#open(transfer);
      first = false;
    }
  }

  #onFailed(pending: Pending, failure: Failure): void {
    this.#pending.delete(pending);
    for (const transfer of [...pending.transfers]) transfer.connectFailed(failure);
  }

  #add1(socket: Socket, reader: SocketReader | null = null): Http1Connection {
    const connection = new Http1Connection(this, socket, reader, this.#version.http1, performance.now());
    this.#add(connection);
    return connection;
  }

  #add2(socket: Socket): Http2Connection {
    const connection = new Http2Connection(this, socket, performance.now());
    this.#add(connection);
    this.#shared.push(connection);
    return connection;
  }

  #add(connection: Connection): void {
    this.#connections.add(connection);
    this.#settings.shared.openPools.add(this);
    if (restChannels.connection.hasSubscribers) {
      restChannels.connection.publish({ connection: connection.info });
    }
  }

  // --- called by connections ---

  onIdle(connection: Http1Connection): void {
    connection.idle = true;
    connection.older = this.#newestIdle;
    connection.newer = null;
    if (this.#newestIdle !== null) this.#newestIdle.newer = connection;
    this.#newestIdle = connection;
    this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_INTERVAL).unref();
  }

  /** Closes what has been idle for too long. */
  #sweep(): void {
    const now = performance.now();
    for (const connection of this.#connections) {
      if (connection instanceof Http1Connection && connection.idle && connection.idleUntil <= now) {
        connection.destroy();
      }
    }
  }

  #stopSweeping(): void {
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    this.#sweeper = null;
  }

  onClosed(connection: Connection): void {
    if (!this.#connections.delete(connection)) return;
    if (connection instanceof Http2Connection) this.#shared.splice(this.#shared.indexOf(connection), 1);
    else if (connection instanceof Http1Connection && connection.idle) this.#unlink(connection);
    if (this.#connections.size > 0) return;
    this.#stopSweeping();
    this.#settings.shared.openPools.delete(this);
  }

  #unlink(connection: Http1Connection): void {
    const { newer, older } = connection;
    if (newer === null) this.#newestIdle = older;
    else newer.older = older;
    if (older !== null) older.newer = newer;
    connection.idle = false;
    connection.newer = null;
    connection.older = null;
  }

  /** Closes what has no request on it. */
  closeIdle(): void {
    for (const connection of [...this.#connections]) if (!connection.isBusy) connection.destroy();
  }

  /** Closes everything. */
  close(): void {
    for (const pending of [...this.#pending]) pending.cancel();
    this.#pending.clear();
    for (const connection of [...this.#connections]) connection.destroy();
  }
}

function copyTimes(attempt: ConnectAttempt, transfer: Transfer): void {
  transfer.clock.lookup = attempt.times.lookup;
  transfer.clock.connect = attempt.times.connect;
  transfer.clock.tls = attempt.times.tls;
}
