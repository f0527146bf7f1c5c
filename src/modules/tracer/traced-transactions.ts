/**
 * The transactions whose messages are captured, with all their branches, their CANCEL and ACK: messages with the same
 * Call-ID, From tag and CSeq number.
 */
import { type Host, receivedFrom, StateKey, type WireMessage } from '../../runtime/index.ts';
import type { SipMessage } from '../../sip/index.ts';
import { every, type Repetition } from '../../timers/index.ts';
import type { Capture } from './capture.ts';

/** How long a transaction is followed after its last message, in ms: above Timer C, and above Timer H once answered. */
const lifetime = { open: 200_000, answered: 40_000 } as const;
const mostTransactions = 50_000;
const sweepPeriod = 10_000;

interface Traced {
  /** By collector, so that each gets a message once. */
  readonly captures: Map<string, Capture>;
  isAnswered: boolean;
  until: number;
}

const keyOf = ({ callId, fromTag, cseq }: SipMessage) => `${cseq.number} ${fromTag ?? ''} ${callId}`;

class TracedTransactions {
  readonly #host: Host;
  readonly #traced = new Map<string, Traced>();
  #sweeping: Repetition | null = null;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Captures the message and whatever follows in its transaction; false if too many are followed. */
  follow(message: SipMessage, capture: Capture): boolean {
    const key = keyOf(message);
    let traced = this.#traced.get(key);
    if (traced === undefined) {
      if (this.#traced.size >= mostTransactions) return false;
      traced = { captures: new Map(), isAnswered: false, until: this.#host.clock.now() + lifetime.open };
      this.#traced.set(key, traced);
    }
    if (traced.captures.has(capture.target)) return true;
    traced.captures.set(capture.target, capture);
    this.#host.tap.add(this.#seen);
    this.#sweeping ??= every(this.#host.clock, sweepPeriod, () => this.#sweep());
    capture.take(receivedFrom(message));
    return true;
  }

  readonly #seen = (wire: WireMessage): void => {
    const { message, direction } = wire;
    const traced = this.#traced.get(keyOf(message));
    if (traced === undefined) return;
    if (direction === 'out' && message.kind === 'response' && message.status >= 200) traced.isAnswered = true;
    traced.until = this.#host.clock.now() + (traced.isAnswered ? lifetime.answered : lifetime.open);
    for (const capture of traced.captures.values()) capture.take(wire);
  };

  #sweep(): void {
    const now = this.#host.clock.now();
    for (const [key, { until }] of this.#traced) if (until <= now) this.#traced.delete(key);
    if (this.#traced.size > 0) return;
    this.#host.tap.remove(this.#seen);
    this.#sweeping?.stop();
    this.#sweeping = null;
  }
}

export const tracedTransactions = new StateKey<Host, TracedTransactions>(
  'traced transactions',
  (host) => new TracedTransactions(host),
);
