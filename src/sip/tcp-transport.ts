/** SIP over TCP (RFC 3261, 18): one listening socket with all its connections. */

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { isIP, isIPv6 } from '../net/index.ts';
import { Waiters } from '../timers/index.ts';
import { type Closing, type ConnectionOwner, TcpConnection } from './tcp-connection.ts';
import { DEFAULT_LIMITS, type TcpLimits } from './tcp-limits.ts';
import type { ConnectionWaiter, Source, Transport, WireTap } from './transport.ts';

export interface TcpOptions {
  /** An IP address; `0.0.0.0` and `::` for all of their family. */
  readonly address: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Called with each message. `transport` is its connection, which carries replies; its `listener` is the socket. */
  readonly onMessage: (data: Buffer, source: Source, transport: Transport) => void;
  /** Called for an error of a socket, or one thrown by `onMessage`. */
  readonly onError?: (error: Error) => void;
  /** Called when a connection has ended; `detail` is the error, or ''. */
  readonly onClose?: (source: Source, why: Closing, detail: string) => void;
  readonly limits?: Partial<TcpLimits>;
  /** Called when a connection to this address and port was opened or closed. */
  readonly onConnection?:
    | ((transport: Transport, address: string, port: number, isOpen: boolean) => void)
    | undefined;
  /** Finds another process's connection to this address and port, if this process has none. */
  readonly elsewhere?:
    | ((transport: Transport, address: string, port: number) => Transport | null)
    | undefined;
}

export interface TcpCounts {
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

export class TcpTransport implements Transport, ConnectionOwner {
  readonly protocol = 'tcp' as const;
  readonly reliable = true;
  readonly local: { readonly address: string; readonly port: number };
  readonly limits: TcpLimits;
  readonly counts: TcpCounts = {
    received: 0,
    sent: 0,
    sendErrors: 0,
    dropped: 0,
    accepted: 0,
    opened: 0,
    refused: 0,
    closed: { peer: 0, local: 0, error: 0, idle: 0, connect: 0, slow: 0, defect: 0, queue: 0 },
  };
  tap: WireTap | null = null;
  readonly #server: Server;
  readonly #options: TcpOptions;
  readonly #connections = new Set<TcpConnection>();
  /** By the peer's address and port; each alias is an additional port. */
  readonly #byPeer = new Map<string, TcpConnection>();
  readonly #acceptedFrom = new Map<string, number>();
  #accepted = 0;
  readonly #onEmpty = new Waiters();
  #isClosed = false;

  private constructor(server: Server, options: TcpOptions) {
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new TypeError('the server is not bound');
    this.#server = server;
    this.#options = options;
    this.local = { address: bound.address, port: bound.port };
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
  }

  get connectionCounts(): NonNullable<Transport['connectionCounts']> {
    const { accepted, opened, refused } = this.counts;
    return { accepted, opened, refused };
  }

  /** Rejects with the system's error if it cannot be bound. */
  static async bind(options: TcpOptions): Promise<TcpTransport> {
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
    const transport = new TcpTransport(server, options);
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
  get connections(): Iterable<TcpConnection> {
    return this.#connections;
  }

  connectionTo(address: string, port: number): TcpConnection | null {
    const connection = this.#byPeer.get(keyOf(address, port));
    return connection?.isOpen === true ? connection : null;
  }

  waitersTo(address: string, port: number): Set<ConnectionWaiter> | null {
    return this.connectionTo(address, port)?.waiters ?? null;
  }

  isConnected(address: string, port: number): boolean {
    return (
      this.connectionTo(address, port) !== null || this.#options.elsewhere?.(this, address, port) != null
    );
  }

  /** Uses a connection to this address and port, or opens one. */
  send(data: Uint8Array, address: string, port: number, done?: (error: Error | null) => void): void {
    const elsewhere =
      this.connectionTo(address, port) === null ? this.#options.elsewhere?.(this, address, port) : null;
    if (elsewhere) elsewhere.send(data, address, port, done);
    else this.sendHere(data, address, port, done);
  }

  /** Uses only connections of this process. */
  sendHere(data: Uint8Array, address: string, port: number, done?: (error: Error | null) => void): void {
    let connection = this.connectionTo(address, port);
    if (connection === null) {
      const opened = this.#open(address, port);
      if (opened instanceof Error) {
        this.failed(opened);
        done?.(opened);
        return;
      }
      connection = opened;
    }
    connection.send(data, address, port, done);
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
    const fromThere = this.#acceptedFrom.get(address) ?? 0;
    const { accepted, acceptedFromOne } = this.limits;
    if (this.#isClosed || this.#accepted >= accepted || fromThere >= acceptedFromOne) {
      this.counts.refused++;
      socket.on('error', () => undefined);
      socket.destroy();
      return;
    }
    this.counts.accepted++;
    this.#accepted++;
    this.#acceptedFrom.set(address, fromThere + 1);
    this.#register(new TcpConnection(this, socket, { address, port, transport: 'tcp' }, true));
  }

  #open(address: string, port: number): TcpConnection | Error {
    if (this.#isClosed) return new Error('the socket is closed');
    if (isIP(address) === 0) return new Error(`no IP address: ${address}`);
    if (!(Number.isInteger(port) && port > 0 && port < 65_536)) return new Error(`no port: ${port}`);
    if (this.#connections.size - this.#accepted >= this.limits.opened) {
      this.counts.refused++;
      return new Error('too many connections are open');
    }
    const own = this.local.address;
    const anyAddress = own === '0.0.0.0' || own === '::';
    try {
      const socket = connect({ host: address, port, ...(anyAddress ? {} : { localAddress: own }) });
      this.counts.opened++;
      return this.#register(new TcpConnection(this, socket, { address, port, transport: 'tcp' }, false));
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  #register(connection: TcpConnection): TcpConnection {
    const { address, port } = connection.source;
    this.#connections.add(connection);
    this.#name(connection, keyOf(address, port));
    return connection;
  }

  #name(connection: TcpConnection, key: string): void {
    connection.keys.add(key);
    this.#byPeer.set(key, connection);
    this.#tell(key, true);
  }

  #tell(key: string, isOpen: boolean): void {
    const [address = '', port] = key.split(' ');
    this.#options.onConnection?.(this, address, Number(port), isOpen);
  }

  addAlias(connection: TcpConnection, port: number): void {
    const key = keyOf(connection.source.address, port);
    // an open connection keeps its key, and one connection has few keys
    if (this.#byPeer.get(key)?.isOpen !== true && connection.keys.size < 4) this.#name(connection, key);
  }

  received(data: Buffer, source: Source, connection: TcpConnection): void {
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

  takesNoRequests(connection: TcpConnection): void {
    for (const key of connection.keys) {
      if (this.#byPeer.get(key) !== connection) continue;
      this.#byPeer.delete(key);
      this.#tell(key, false);
    }
  }

  closed(connection: TcpConnection, why: Closing, detail: string): void {
    this.counts.closed[why]++;
    this.#connections.delete(connection);
    this.takesNoRequests(connection);
    if (connection.isAccepted) {
      const { address } = connection.source;
      const left = (this.#acceptedFrom.get(address) ?? 1) - 1;
      this.#accepted--;
      if (left > 0) this.#acceptedFrom.set(address, left);
      else this.#acceptedFrom.delete(address);
    }
    this.#options.onClose?.(connection.source, why, detail);
    if (this.#connections.size === 0) this.#onEmpty.wake();
  }
}
