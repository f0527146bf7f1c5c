/**
 * Detects closed UDP ports. The system does not report ICMP errors to a socket that sends to many peers, so a
 * separate socket, connected to one peer, sends an empty keep-alive (RFC 5626, 3.5.1) and receives the error, which
 * is reported as a transport error (RFC 3261, 18.4) to everything that awaits an answer from that peer.
 */
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from '../net/index.ts';
import type { ConnectionWaiter } from './transport.ts';

/** How long further requests to the same destination share a probe, in ms: at most one per second. */
const PROBE_TIME = 1000;
/** Maximum number of concurrent probes. */
const MAX_PROBES = 64;
/** Maximum number of remembered peers behind NAT; the oldest are forgotten. */
const MAX_TRANSLATED = 10_000;
const KEEP_ALIVE = Buffer.from('\r\n\r\n');
/** Error codes for ICMP errors. */
const UNREACHABLE = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH']);

interface Probe {
  readonly socket: Socket;
  readonly timer: NodeJS.Timeout;
  readonly waiters: Set<ConnectionWaiter>;
  error: Error | null;
}

export class ClosedPorts {
  /** How many probes were sent. */
  sent = 0;
  readonly #local: string;
  readonly #probes = new Map<string, Probe>();
  readonly #translated = new Set<string>();

  /** @param local the address that requests are sent from */
  constructor(local: string) {
    this.#local = local;
  }

  /** Number of running probes. */
  get size(): number {
    return this.#probes.size;
  }

  /** Exempts a peer behind NAT, which rejects datagrams from a port that its client has not sent to. */
  isTranslated(address: string, port: number): void {
    const key = keyOf(address, port);
    if (this.#translated.has(key)) return;
    const oldest = this.#translated.size >= MAX_TRANSLATED ? this.#translated.keys().next().value : undefined;
    if (oldest !== undefined) this.#translated.delete(oldest);
    this.#translated.add(key);
  }

  /** Tells `waiter` if nothing listens there. */
  ask(address: string, port: number, waiter: ConnectionWaiter): void {
    const key = keyOf(address, port);
    if (this.#translated.has(key)) return;
    const probe = this.#probes.get(key);
    if (probe === undefined) this.#send(key, address, port, waiter);
    else if (probe.error !== null) waiter.connectionLost(probe.error);
    else probe.waiters.add(waiter);
  }

  close(): void {
    for (const key of [...this.#probes.keys()]) this.#end(key);
  }

  #send(key: string, address: string, port: number, waiter: ConnectionWaiter): void {
    if (this.#probes.size >= MAX_PROBES) return;
    const ipv6 = isIPv6(address);
    const socket = createSocket({
      type: ipv6 ? 'udp6' : 'udp4',
      lookup: (host, _options, callback) => callback(null, host, ipv6 ? 6 : 4),
    });
    const timer = setTimeout(() => this.#end(key), PROBE_TIME);
    timer.unref();
    this.#probes.set(key, { socket, timer, waiters: new Set([waiter]), error: null });
    this.sent++;
    socket.unref();
    socket.on('error', (error) => this.#refused(key, error));
    try {
      socket.bind(0, this.#local, () => {
        if (this.#probes.get(key)?.socket !== socket) return;
        socket.connect(port, address, () => {
          if (this.#probes.get(key)?.socket !== socket) return;
          socket.send(KEEP_ALIVE, (error) => {
            if (error !== null) this.#refused(key, error);
          });
        });
      });
    } catch {
      this.#end(key);
    }
  }

  #refused(key: string, error: NodeJS.ErrnoException): void {
    const probe = this.#probes.get(key);
    if (probe === undefined || probe.error !== null || !UNREACHABLE.has(error.code ?? '')) return;
    probe.error = new Error(`nobody listens at udp:${key} (${error.code})`);
    const waiters = [...probe.waiters];
    probe.waiters.clear();
    for (const waiter of waiters) waiter.connectionLost(probe.error);
  }

  #end(key: string): void {
    const probe = this.#probes.get(key);
    if (probe === undefined) return;
    this.#probes.delete(key);
    clearTimeout(probe.timer);
    probe.socket.close();
  }
}

const keyOf = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
