/** Sends copies of messages to collectors by HEP3, over UDP or TCP. */
import { isIP } from 'node:net';
import type { CapturedMessage, Collector, Collectors, CorrelatedCalls, Host } from '../../runtime/index.ts';
import { andThen, type Clock } from '../../timers/index.ts';
import { encodeCorrelation, encodeHep3 } from './encode.ts';
import type { PacketSender } from './packet-sender.ts';
import { TcpSender } from './tcp-sender.ts';
import { UdpSender } from './udp-sender.ts';

/** How often the address of a name is looked up, in ms; the resolver heeds its TTL. */
const lookupPeriod = 30_000;

interface KnownName {
  address: string | null;
  /** When to look it up again. */
  nextLookup: number;
}

export class HepCollectors implements Collectors {
  readonly counts = { sent: 0, lost: 0 };
  readonly #names: Host['names'];
  readonly #clock: Clock;
  readonly #known = new Map<string, KnownName>();
  readonly #senders: Readonly<Record<Collector['transport'], PacketSender>>;

  constructor(names: Host['names'], clock: Clock) {
    this.#names = names;
    this.#clock = clock;
    this.#senders = { udp: new UdpSender(), tcp: new TcpSender(clock) };
  }

  prepare({ host }: Collector): void {
    this.#addressOf(host);
  }

  send(collector: Collector, captured: CapturedMessage): void {
    this.#send(collector, encodeHep3(captured, collector));
  }

  correlate(collector: Collector, calls: CorrelatedCalls): void {
    this.#send(collector, encodeCorrelation(calls, this.#clock.date(), collector));
  }

  close(): void {
    for (const sender of Object.values(this.#senders)) sender.close();
  }

  /** @param packet null if it would be too long */
  #send({ host, port, transport }: Collector, packet: Buffer | null): void {
    const address = this.#addressOf(host);
    if (address === null || packet === null) {
      this.counts.lost++;
      return;
    }
    this.#senders[transport].send(packet, address, port, (isSent) => {
      this.counts[isSent ? 'sent' : 'lost']++;
    });
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
  correlate: () => undefined,
  close: () => undefined,
});
