/** SIP over streams (RFC 3261, 18; RFC 7118): one listening socket with all its connections. */

import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { isIP, isIPv6, type Networks } from '../net/index.ts';
import { Waiters } from '../timers/index.ts';
import { ConnectionCount } from './connection-count.ts';
import { type Framing, type FramingEvents, StreamFraming } from './framing.ts';
import { receiveProxyHeader } from './proxy-protocol.ts';
import {
  type Closing,
  type ConnectionOwner,
  StreamConnection,
  type StreamSocket,
} from './stream-connection.ts';
import { DEFAULT_LIMITS, type StreamLimits } from './stream-limits.ts';
import { openPlainly, openSecurely } from './stream-opening.ts';
import { TlsAcceptance } from './tls-accept.ts';
import { type SecurePeer, TlsDomains } from './tls-domains.ts';
import type { SecureSocket } from './tls-handshake.ts';
import { TlsSessions } from './tls-sessions.ts';
import type { ConnectionWaiter, Source, Transport, WireTap } from './transport.ts';
import { type Protocol, TRANSPORTS } from './transports.ts';
import { formatHostPort } from './via.ts';
import { WebSocketFraming } from './websocket-framing.ts';
import { DEFAULT_WEBSOCKET_RULES, type WebSocketRules } from './websocket-handshake.ts';

export interface StreamOptions {
  /** An IP address; `0.0.0.0` and `::` for all of their family. */
  readonly address: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Default `tcp`. */
  readonly protocol?: Protocol;
  /** Called with each message. `transport` is its connection, which carries replies; its `listener` is the socket. */
  readonly onMessage: (data: Buffer, source: Source, transport: Transport) => void;
  /** Called for an error of a socket, or one thrown by `onMessage`. */
  readonly onError?: (error: Error) => void;
  /** Called when a connection has ended; `detail` is the error, or ''. */
  readonly onClose?: ((source: Source, why: Closing, detail: string) => void) | undefined;
  readonly limits?: Partial<StreamLimits>;
  /** Shared by all sockets with the same limits. Default: of this socket alone. */
  readonly count?: ConnectionCount | undefined;
  /** For a WebSocket: what it asks of handshakes. */
  readonly webSocket?: WebSocketRules | undefined;
  /** Addresses whose connections begin with a PROXY header, which names the client. Default: none. */
  readonly proxies?: Networks | null | undefined;
  /** For a secure transport; without it each handshake waits until it fails. */
  readonly tls?: TlsDomains | undefined;
  /**
   * Called when a connection to this address and port was opened or closed, and again when one that this server has
   * opened is secure.
   */
  readonly onConnection?: ((transport: Transport, change: ConnectionChange) => void) | undefined;
  /** Finds another process's connection to this address and port, if this process has none. */
  readonly elsewhere?:
    | ((transport: Transport, address: string, port: number, peer?: SecurePeer) => Transport | null)
    | undefined;
}

export interface ConnectionChange {
  readonly address: string;
  readonly port: number;
  readonly isOpen: boolean;
  /** Its TLS, once the handshake has ended. */
  readonly secured: Transport['secured'];
}

export interface StreamCounts {
  /** Number of messages. */
  received: number;
  sent: number;
  sendErrors: number;
  /** Messages whose handler threw. */
  dropped: number;
  /** Number of connections. */
  accepted: number;
  opened: number;
  /** Refused by a limit: closed at once, or not opened. */
  refused: number;
  /** Ended connections, by reason. */
  readonly closed: Record<Closing, number>;
}

/** How long a connection may take to flush its queue at shutdown, in ms. */
const LAST_WORDS = 500;

const keyOf = (address: string, port: number): string => `${address} ${port}`;

export class StreamTransport implements Transport, ConnectionOwner {
  readonly protocol: Protocol;
  readonly reliable = true;
  readonly local: { readonly address: string; readonly port: number };
  readonly limits: StreamLimits;
  readonly counts: StreamCounts = {
    received: 0,
    sent: 0,
    sendErrors: 0,
    dropped: 0,
    accepted: 0,
    opened: 0,
    refused: 0,
    closed: { peer: 0, local: 0, error: 0, idle: 0, connect: 0, handshake: 0, slow: 0, defect: 0, queue: 0 },
  };
  tap: WireTap | null = null;
  readonly #server: Server;
  readonly #options: StreamOptions;
  readonly #connections = new Set<StreamConnection>();
  /** By the peer's address and port; each alias is an additional port. */
  readonly #byPeer = new Map<string, StreamConnection>();
  /** With the clients' addresses. */
  readonly #handshakes = new Map<TlsAcceptance, string>();
  /** Connections of proxies whose PROXY header is incomplete. */
  readonly #unnamed = new Set<Socket>();
  readonly #count: ConnectionCount;
  /** Null in clear text. */
  readonly #tls: TlsDomains | null;
  readonly #sessions = new TlsSessions();
  readonly #onEmpty = new Waiters();
  #isClosed = false;

  private constructor(server: Server, options: StreamOptions) {
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new TypeError('the server is not bound');
    this.#server = server;
    this.#options = options;
    this.local = { address: bound.address, port: bound.port };
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.protocol = options.protocol ?? 'tcp';
    this.#tls = TRANSPORTS[this.protocol].secure ? (options.tls ?? new TlsDomains()) : null;
    this.#count = options.count ?? new ConnectionCount();
  }

  get connectionCounts(): NonNullable<Transport['connectionCounts']> {
    const { accepted, opened, refused } = this.counts;
    return { accepted, opened, refused };
  }

  /** Rejects with the system's error if it cannot be bound. */
  static async bind(options: StreamOptions): Promise<StreamTransport> {
    const { address, port } = options;
    const early: Socket[] = [];
    let accept = (socket: Socket): void => {
      early.push(socket);
    };
    // a half-closed client still reads its answers
    const server = createServer({ allowHalfOpen: true }, (socket) => accept(socket));
    const bound = once(server, 'listening'); // rejects on 'error'
    server.listen({ host: address, port, ipv6Only: isIPv6(address), backlog: 1024 });
    await bound;
    const transport = new StreamTransport(server, options);
    server.on('error', (error) => options.onError?.(error));
    accept = (socket) => transport.#accept(socket);
    early.forEach(accept);
    return transport;
  }

  /** Number of connections. */
  get size(): number {
    return this.#connections.size;
  }

  /** The connections of this process. */
  get connections(): Iterable<StreamConnection> {
    return this.#connections;
  }

  connectionTo(address: string, port: number, peer?: SecurePeer): StreamConnection | null {
    const key = keyOf(address, port);
    const connection = this.#byPeer.get(key);
    if (connection?.isOpen === true && (peer === undefined || connection.serves(peer))) return connection;
    const other = peer?.domain === undefined ? undefined : this.#byPeer.get(`${key} ${peer.domain}`);
    return other?.isOpen === true ? other : null;
  }

  waitersTo(address: string, port: number, peer?: SecurePeer): Set<ConnectionWaiter> | null {
    return this.connectionTo(address, port, peer)?.waiters ?? null;
  }

  isConnected(address: string, port: number): boolean {
    return (
      this.connectionTo(address, port) !== null || this.#options.elsewhere?.(this, address, port) != null
    );
  }

  /** Uses a connection to this address and port, or opens one. */
  send(
    data: Uint8Array,
    address: string,
    port: number,
    done?: (error: Error | null) => void,
    peer?: SecurePeer,
  ): void {
    const elsewhere =
      this.connectionTo(address, port, peer) === null
        ? this.#options.elsewhere?.(this, address, port, peer)
        : null;
    if (elsewhere) elsewhere.send(data, address, port, done);
    else this.sendHere(data, address, port, done, peer);
  }

  /** Uses only connections of this process. */
  sendHere(
    data: Uint8Array,
    address: string,
    port: number,
    done?: (error: Error | null) => void,
    peer?: SecurePeer,
  ): void {
    let connection = this.connectionTo(address, port, peer);
    if (connection === null) {
      const opened = this.#open(address, port, peer ?? {});
      if (opened instanceof Error) {
        this.failed(opened);
        done?.(opened);
        return;
      }
      connection = opened;
    }
    connection.send(data, address, port, done, peer);
  }

  closeTo(address: string, port: number): boolean {
    const connection = this.connectionTo(address, port) ?? this.#options.elsewhere?.(this, address, port);
    void connection?.close();
    return connection != null;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const [handshake, address] of this.#handshakes) {
      handshake.destroy();
      this.#count.release(address);
    }
    this.#handshakes.clear();
    for (const socket of this.#unnamed) socket.destroy();
    for (const connection of this.#connections) connection.end();
    const last = setTimeout(() => {
      for (const connection of this.#connections) connection.destroy();
    }, LAST_WORDS);
    if (this.#connections.size > 0) await this.#onEmpty.wait();
    clearTimeout(last);
    await closed;
  }

  #accept(socket: Socket): void {
    const { remoteAddress: address, remotePort: port } = socket;
    if (address === undefined || port === undefined) {
      socket.destroy(); // closed already
      return;
    }
    const source: Source = { address, port, transport: this.protocol };
    if (this.#options.proxies?.has(address) !== true) this.#admit(socket, source);
    else this.#acceptFromProxy(socket, source);
  }

  /** The PROXY header names the client; without one the connection is the proxy's own. */
  #acceptFromProxy(socket: Socket, proxy: Source): void {
    if (this.#isClosed || this.#unnamed.size >= this.limits.accepted) return this.#refuse(socket);
    this.#unnamed.add(socket);
    receiveProxyHeader(socket, this.limits.handshakeTimeout, (client) => {
      this.#unnamed.delete(socket);
      if (!(client instanceof Error)) return this.#admit(socket, { ...proxy, ...client });
      this.counts.refused++;
      this.#options.onClose?.(proxy, 'handshake', client.message);
    });
  }

  #refuse(socket: Socket): void {
    this.counts.refused++;
    socket.on('error', () => undefined);
    socket.destroy();
  }

  #admit(socket: Socket, source: Source): void {
    if (this.#isClosed || !this.#count.accept(source.address, this.limits)) return this.#refuse(socket);
    this.counts.accepted++;
    if (this.#tls === null) this.#accepted(socket, source, null);
    else this.#shakeHands(socket, source, this.#tls);
  }

  newFraming(isAccepted: boolean, { address, port }: Source, events: FramingEvents): Framing {
    const { headerBytes, messageBytes } = this.limits;
    const { framing, secure } = TRANSPORTS[this.protocol];
    if (framing === 'stream')
      return new StreamFraming({ header: headerBytes, message: messageBytes }, events);
    const origin = `http${secure ? 's' : ''}://${formatHostPort(this.local.address, null)}`;
    const client = isAccepted ? null : { host: formatHostPort(address, port), origin };
    const rules = this.#options.webSocket ?? DEFAULT_WEBSOCKET_RULES;
    return new WebSocketFraming(messageBytes, { rules, client }, events);
  }

  #accepted(socket: Socket, source: Source, secure: SecureSocket | null): void {
    const connection = new StreamConnection(this, { socket, source, opening: null, secure });
    this.#register(connection, keyOf(source.address, source.port));
  }

  #shakeHands(socket: Socket, source: Source, domains: TlsDomains): void {
    socket.setNoDelay(true);
    const handshake = new TlsAcceptance(socket, {
      domains,
      timeout: this.limits.handshakeTimeout,
      done: (result) => {
        this.#handshakes.delete(handshake);
        if (!(result instanceof Error)) return this.#accepted(result.socket, source, result);
        this.#count.release(source.address);
        this.counts.closed.handshake++;
        this.#options.onClose?.(source, 'handshake', result.message);
      },
    });
    this.#handshakes.set(handshake, source.address);
  }

  #open(address: string, port: number, peer: SecurePeer): StreamConnection | Error {
    if (this.#isClosed) return new Error('the socket is closed');
    if (isIP(address) === 0) return new Error(`no IP address: ${address}`);
    if (!(Number.isInteger(port) && port > 0 && port < 65_536)) return new Error(`no port: ${port}`);
    if (this.#count.opened >= this.limits.opened) {
      this.counts.refused++;
      return new Error('too many connections are open');
    }
    const own = this.local.address;
    const anyAddress = own === '0.0.0.0' || own === '::';
    const remote = { host: address, port, ...(anyAddress ? {} : { localAddress: own }) };
    try {
      const opening =
        this.#tls === null ? openPlainly(remote) : openSecurely(remote, peer, this.#tls, this.#sessions);
      this.counts.opened++;
      this.#count.opened++;
      const source: Source = { address, port, transport: this.protocol };
      const to: StreamSocket = { socket: opening.socket, source, opening, secure: null };
      return this.#register(new StreamConnection(this, to), this.#freeKey(address, port, peer));
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  /** A further connection to a peer is found by the domain that it was opened for. */
  #freeKey(address: string, port: number, { domain }: SecurePeer): string {
    const key = keyOf(address, port);
    return domain !== undefined && this.#byPeer.get(key)?.isOpen === true ? `${key} ${domain}` : key;
  }

  #register(connection: StreamConnection, key: string): StreamConnection {
    this.#connections.add(connection);
    this.#name(connection, key);
    return connection;
  }

  #name(connection: StreamConnection, key: string): void {
    connection.keys.add(key);
    this.#byPeer.set(key, connection);
    this.#tell(key, connection, true);
  }

  #tell(key: string, { secured }: StreamConnection, isOpen: boolean): void {
    const [address = '', port, domain] = key.split(' ');
    if (domain !== undefined) return;
    this.#options.onConnection?.(this, { address, port: Number(port), isOpen, secured });
  }

  isSecure(connection: StreamConnection): void {
    for (const key of connection.keys)
      if (this.#byPeer.get(key) === connection) this.#tell(key, connection, true);
  }

  addAlias(connection: StreamConnection, port: number): void {
    const key = keyOf(connection.source.address, port);
    // an open connection keeps its key, and one connection has few keys
    if (this.#byPeer.get(key)?.isOpen !== true && connection.keys.size < 4) this.#name(connection, key);
  }

  received(data: Buffer, source: Source, connection: StreamConnection): void {
    this.counts.received++;
    try {
      this.#options.onMessage(data, source, connection);
    } catch (error) {
      this.counts.dropped++;
      this.#options.onError?.(error instanceof Error ? error : new Error(String(error)));
    }
  }

  wasSent(): void {
    this.counts.sent++;
  }

  failed(_error: Error): void {
    this.counts.sendErrors++;
  }

  takesNoRequests(connection: StreamConnection): void {
    for (const key of connection.keys) {
      if (this.#byPeer.get(key) !== connection) continue;
      this.#byPeer.delete(key);
      this.#tell(key, connection, false);
    }
  }

  closed(connection: StreamConnection, why: Closing, detail: string): void {
    this.counts.closed[why]++;
    this.#connections.delete(connection);
    this.takesNoRequests(connection);
    if (connection.isAccepted) this.#count.release(connection.source.address);
    else this.#count.opened--;
    this.#options.onClose?.(connection.source, why, detail);
    if (this.#connections.size === 0) this.#onEmpty.wake();
  }
}
