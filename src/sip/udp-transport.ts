/** SIP over UDP (RFC 3261, 18): one bound socket. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIP, isIPv6 } from '../net/index.ts';
import { ClosedPorts } from './closed-ports.ts';
import { answerStun } from './stun.ts';
import type { ConnectionWaiter, Source, Transport, WireTap } from './transport.ts';

export interface UdpOptions {
  /** An IP address, IPv6 without brackets. */
  readonly address: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly onMessage: (data: Buffer, source: Source, transport: UdpTransport) => void;
  /** Called for an error of the socket, and now and then for an unsent datagram; the socket stays in use. */
  readonly onError?: (error: Error) => void;
  /** Whether closed ports are reported to those that await an answer. Default true. */
  readonly findsClosedPorts?: boolean;
}

/** Counters of a socket since it was bound. */
export interface UdpCounts {
  received: number;
  sent: number;
  /** Datagrams that were not sent. */
  sendErrors: number;
  /** Datagrams whose handler threw. */
  dropped: number;
  socketErrors: number;
}

/** Interval of reports of unsent datagrams, in ms. */
const TELL_PERIOD = 10_000;

/** Requested size of the kernel's receive queue, in bytes: it holds bursts while scripts run. */
const RECEIVE_BUFFER = 4 * 1024 * 1024;

export class UdpTransport implements Transport {
  readonly protocol = 'udp' as const;
  readonly reliable = false;
  readonly local: { readonly address: string; readonly port: number };
  readonly counts: UdpCounts;
  tap: WireTap | null = null;
  readonly #socket: Socket;
  readonly #onError: (error: Error) => void;
  readonly #closedPorts: ClosedPorts | null;
  #closed = false;
  #toldAt = Number.NEGATIVE_INFINITY;
  /** Caches the last address: the next message often goes there too. */
  #lastAddress = '';
  /** For all datagrams that nobody else waits for. */
  readonly #onSent = (error: Error | null): void => this.#sent(error);

  private constructor(socket: Socket, counts: UdpCounts, onError: (error: Error) => void, asks: boolean) {
    const { address, port } = socket.address();
    this.#socket = socket;
    this.#onError = onError;
    this.counts = counts;
    this.local = { address, port };
    this.#closedPorts = asks ? new ClosedPorts(address) : null;
  }

  /** Rejects with the system's error if it cannot be bound. */
  static async bind(options: UdpOptions): Promise<UdpTransport> {
    const ipv6 = isIPv6(options.address);
    const socket = createSocket({
      type: ipv6 ? 'udp6' : 'udp4',
      ipv6Only: ipv6,
      // destinations are always IP addresses: skip the resolver
      lookup: (host, _options, callback) => callback(null, host, ipv6 ? 6 : 4),
    });
    const counts: UdpCounts = { received: 0, sent: 0, sendErrors: 0, dropped: 0, socketErrors: 0 };
    const bound = once(socket, 'listening'); // rejects on 'error'
    socket.bind(options.port, options.address);
    try {
      await bound;
    } catch (error) {
      socket.close();
      throw error;
    }
    try {
      socket.setRecvBufferSize(RECEIVE_BUFFER);
    } catch {
      // the system's default is sufficient
    }
    const report = options.onError ?? (() => {});
    const fail = (error: unknown): void => report(error instanceof Error ? error : new Error(String(error)));
    const transport = new UdpTransport(socket, counts, report, options.findsClosedPorts ?? true);
    socket.on('error', (error) => {
      counts.socketErrors++;
      fail(error);
    });
    const received = (data: Buffer, from: RemoteInfo): void => {
      counts.received++;
      const answer = data[0] === 0 ? answerStun(data, from) : null;
      if (answer !== null) return transport.#answer(answer, from);
      try {
        options.onMessage(data, { address: from.address, port: from.port, transport: 'udp' }, transport);
      } catch (error) {
        counts.dropped++;
        fail(error);
      }
    };
    socket.on('message', received);
    return transport;
  }

  send(data: Uint8Array, address: string, port: number, done?: (error: Error | null) => void): void {
    if (this.#closed) return this.#failed(new Error('the socket is closed'), done);
    if (address !== this.#lastAddress) {
      if (isIP(address) === 0) return this.#failed(new Error(`no IP address: ${address}`), done);
      this.#lastAddress = address;
    }
    if (this.tap !== null) this.tap(this, data, address, port);
    try {
      this.#socket.send(
        data,
        port,
        address,
        done === undefined ? this.#onSent : (error) => this.#sent(error, done),
      );
    } catch (error) {
      // a port out of range, or the wrong address family
      this.#failed(error instanceof Error ? error : new Error(String(error)), done);
    }
  }

  /** Answers a datagram that is not SIP. */
  #answer(data: Buffer, { address, port }: RemoteInfo): void {
    if (!this.#closed) this.#socket.send(data, port, address, () => undefined);
  }

  #sent(error: Error | null, done?: (error: Error | null) => void): void {
    if (error) return this.#failed(error, done);
    this.counts.sent++;
    done?.(null);
  }

  askWhetherOpen(address: string, port: number, waiter: ConnectionWaiter): void {
    if (!this.#closed) this.#closedPorts?.ask(address, port, waiter);
  }

  isTranslated(address: string, port: number): void {
    this.#closedPorts?.isTranslated(address, port);
  }

  #failed(error: Error, done: ((error: Error | null) => void) | undefined): void {
    this.counts.sendErrors++;
    const now = performance.now();
    if (!this.#closed && now - this.#toldAt >= TELL_PERIOD) {
      this.#toldAt = now;
      this.#onError(new Error(`${error.message}, so a message is lost`));
    }
    done?.(error);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#closedPorts?.close();
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }
}
