/** Requests for which nat_keepalive() was called: their answers say whether, and how long, the sender is kept alive. */
import { type Host, StateKey, type WireMessage } from '../../runtime/index.ts';
import type { SipMessage, SipResponse } from '../../sip/index.ts';
import { every, type Repetition } from '../../timers/index.ts';
import { endpoints } from './endpoints.ts';

interface Waiting {
  readonly endpoint: string;
  readonly socket: string;
  readonly method: string;
  readonly until: number;
}

/** How long an answer is waited for, in ms: above Timer C. */
const answerWithin = 200_000;
/** How long a dialog lasts whose end does not pass here, in ms. */
const longestDialog = 12 * 3_600_000;
const mostWaiting = 50_000;
const mostDialogs = 100_000;
const sweepPeriod = 10_000;

const keyOf = ({ callId, fromTag, cseq }: SipMessage) =>
  `${cseq.number} ${cseq.method} ${fromTag ?? ''} ${callId}`;

class KeptRequests {
  readonly #host: Host;
  readonly #waiting = new Map<string, Waiting>();
  /** The endpoints of dialogs, by Call-ID, that this process has seen begin. */
  readonly #dialogs = new Map<string, Set<string>>();
  #sweeping: Repetition | null = null;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Waits for the answer to a request. False if too many are waited for. */
  follow(message: SipMessage, endpoint: string, socket: string): boolean {
    if (this.#waiting.size >= mostWaiting) return false;
    const until = this.#host.clock.now() + answerWithin;
    this.#waiting.set(keyOf(message), { endpoint, socket, method: message.cseq.method, until });
    this.#host.tap.add(this.#seen);
    this.#sweeping ??= every(this.#host.clock, sweepPeriod, () => this.#sweep());
    return true;
  }

  readonly #seen = ({ message, direction }: WireMessage): void => {
    if (message.kind === 'request') {
      if (message.method === 'BYE') this.#ended(message.callId);
      return;
    }
    if (direction !== 'out' || message.status < 200) return;
    const key = keyOf(message);
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) return;
    this.#waiting.delete(key);
    if (message.status < 300) this.#accepted(waiting, message);
  };

  #accepted({ endpoint, socket, method }: Waiting, response: SipResponse): void {
    const now = this.#host.clock.date();
    const all = this.#host.states.get(endpoints);
    if (method === 'INVITE') {
      if (this.#dialogs.size < mostDialogs) {
        const known = this.#dialogs.get(response.callId) ?? new Set();
        this.#dialogs.set(response.callId, known.add(endpoint));
      }
      all.keep(endpoint, socket, 'dialog', now + longestDialog, response.callId);
      return;
    }
    const condition = method === 'REGISTER' ? 'registration' : 'subscription';
    all.keep(endpoint, socket, condition, now + 1000 * lifetimeOf(response));
  }

  #ended(callId: string): void {
    for (const endpoint of this.#dialogs.get(callId) ?? [])
      this.#host.states.get(endpoints).endDialog(endpoint, callId);
    this.#dialogs.delete(callId);
  }

  #sweep(): void {
    const now = this.#host.clock.now();
    for (const [key, { until }] of this.#waiting) if (until <= now) this.#waiting.delete(key);
    if (this.#waiting.size > 0 || this.#dialogs.size > 0) return;
    this.#host.tap.remove(this.#seen);
    this.#sweeping?.stop();
    this.#sweeping = null;
  }
}

/** In seconds: the longest of its contacts, otherwise Expires; 0 without any. */
function lifetimeOf(response: SipResponse): number {
  const ofContacts = (response.contacts ?? []).map((one) => Number(one.parameter('expires') ?? Number.NaN));
  const known = ofContacts.filter((seconds) => Number.isFinite(seconds));
  const seconds = known.length > 0 ? Math.max(...known) : Number(response.header('expires') ?? 0);
  return Number.isFinite(seconds) ? Math.min(seconds, 2_147_483) : 0;
}

export const keptRequests = new StateKey<Host, KeptRequests>(
  'nat_traversal requests',
  (host) => new KeptRequests(host),
);
