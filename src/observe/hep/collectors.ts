/** Sends copies of messages to collectors by HEP3 over UDP. */
import { createSocket, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import type { CapturedMessage, Collector, Collectors, Host } from '../../runtime/index.ts';
import { andThen, type Clock } from '../../timers/index.ts';
import { encodeHep3 } from './encode.ts';

/** The most bytes that wait in a socket; further copies are lost. */
const mostWaiting = 1024 * 1024;
/** How often the address of a name is looked up, in ms; the resolver heeds its TTL. */
const lookupPeriod = 30_000;

interface KnownName {
  address: string | null;
  /** When to look it up again. */
  nextLookup: number;
}

/** Of one address family. */
interface Sender {
  readonly socket: Socket;
  waiting: number;
}

export class UdpCollectors implements Collectors {
  readonly counts = { sent: 0, lost: 0 };
  readonly #names: Host['names'];
  readonly #clock: Clock;
  readonly #known = new Map<string, KnownName>();
  readonly #senders = new Map<'udp4' | 'udp6', Sender>();

  constructor(names: Host['names'], clock: Clock) {
    this.#names = names;
    this.#clock = clock;
  }

  prepare({ host }: Collector): void {
    this.#addressOf(host);
  }

  send(collector: Collector, captured: CapturedMessage): void {
    const address = this.#addressOf(collector.host);
    const packet = address === null ? null : encodeHep3(captured, collector);
    const sender = address === null ? null : this.#sender(isIP(address) === 6 ? 'udp6' : 'udp4');
    if (address === null || packet === null || sender === null || sender.waiting > mostWaiting) {
      this.counts.lost++;
      return;
    }
    sender.waiting += packet.length;
    try {
      sender.socket.send(packet, collector.port, address, (error) => {
        sender.waiting -= packet.length;
        if (error === null) this.counts.sent++;
        else this.counts.lost++;
      });
    } catch {
      sender.waiting -= packet.length;
      this.counts.lost++; // the socket has just been closed
    }
  }

  close(): void {
    for (const { socket } of this.#senders.values()) socket.close();
    this.#senders.clear();
  }

  #sender(type: 'udp4' | 'udp6'): Sender {
    const open = this.#senders.get(type);
    if (open !== undefined) return open;
    const sender: Sender = { socket: createSocket(type).unref(), waiting: 0 };
    this.#senders.set(type, sender);
    // no descriptor, for example: the next copy tries again
    sender.socket.once('error', () => {
      if (this.#senders.get(type) === sender) this.#senders.delete(type);
      sender.socket.on('error', () => undefined);
      sender.socket.close();
    });
    return sender;
  }

  /** The latest address of a name; null if there is none yet. */
  #addressOf(host: string): string | null {
    if (isIP(host) !== 0) return host;
    const now = this.#clock.now();
    const name = this.#known.get(host) ?? { address: null, nextLookup: now };
    this.#known.set(host, name);
    if (name.nextLookup <= now) {
      name.nextLookup = now + lookupPeriod;
      void andThen(this.#names.addresses(host), ([address]) => {
        name.address = address ?? name.address;
      });
    }
    return name.address;
  }
}

/** For simulations: takes nothing. */
export const noCollectors = (): Collectors => ({
  counts: { sent: 0, lost: 0 },
  prepare: () => undefined,
  send: () => undefined,
  close: () => undefined,
});
