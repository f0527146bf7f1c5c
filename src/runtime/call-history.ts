/**
 * What a request has waited for, and its ladder once that took long: a request notes its REST calls, and only if one of
 * them is among the slowest of the process are its further steps recorded as well.
 */
import { formatHostPort, type ServerTransaction, type SipRequest } from '../sip/index.ts';
import type { Clock } from '../timers/index.ts';

/** A line of a ladder. */
export interface LadderStep {
  /** Milliseconds since the request arrived. */
  readonly at: number;
  /** What happened, as in a live trace. */
  readonly kind: 'SIP in' | 'SIP out' | 'HTTP out' | 'HTTP in' | 'script';
  /** One line for people. */
  readonly text: string;
}

/** A REST call that a request has waited for. */
export interface FinishedRest {
  /** The HTTP method. */
  readonly method: string;
  /** How long it took, in ms. */
  readonly milliseconds: number;
  /** The kind of its outcome, or the status of its answer. */
  readonly outcome: string;
  /** The outcome, for people. */
  readonly answer: string;
  /** The URL without passwords; asked for only if it is shown. */
  readonly url: () => string;
  /** What made the call: `rest_get(), opensips.cfg:12`; asked for only if it is shown. */
  readonly caller: () => string;
}

/** With its end on the host's clock. A pair, since copying the call for each request is slow. */
interface EndedRest {
  readonly call: FinishedRest;
  readonly ended: number;
}

/** Bounds of one history. */
const mostRest = 20;
const mostSteps = 60;
const longestText = 200;
const statusLine = 'SIP/2.0 '.length;

export class CallHistory {
  readonly #clock: Clock;
  readonly #receivedAt: number;
  readonly #rest: EndedRest[] = [];
  #steps: LadderStep[] | null = null;

  /** @param receivedAt when the request arrived, on the clock */
  constructor(clock: Clock, receivedAt: number) {
    this.#clock = clock;
    this.#receivedAt = receivedAt;
  }

  /** Whether its steps are recorded. */
  get isFollowed(): boolean {
    return this.#steps !== null;
  }

  /** How long the request has waited for REST, in ms. */
  get restTime(): number {
    return this.#rest.reduce((sum, { call }) => sum + call.milliseconds, 0);
  }

  noteRest(call: FinishedRest, ended: number): void {
    const rest = { call, ended };
    if (this.#rest.length < mostRest) this.#rest.push(rest);
    if (this.#steps !== null) this.#addRest(rest);
  }

  /** Records steps from now on; returns them with those that are known, in a list that grows. */
  follow(message: SipRequest | null, transaction: ServerTransaction | null): readonly LadderStep[] {
    if (this.#steps !== null) return this.#steps;
    this.#steps = [];
    if (message !== null) {
      const { address, port } = message.source;
      this.#add(0, 'SIP in', `${message.method} ${message.requestUri} from ${formatHostPort(address, port)}`);
    }
    for (const rest of this.#rest) this.#addRest(rest);
    if (transaction !== null) {
      if (transaction.isFinal) this.add('SIP out', `${transaction.lastStatus}, sent before`);
      this.followReplies(transaction);
    }
    return this.#steps;
  }

  /** Records the replies of a transaction. */
  followReplies(transaction: ServerTransaction): void {
    transaction.observer = (data, { address, port }) => {
      const line = data.toString('latin1', statusLine, Math.max(statusLine, data.indexOf('\r\n')));
      this.add('SIP out', `${line} to ${formatHostPort(address, port)}`);
    };
  }

  /** Records a step of now, if it is followed. */
  add(kind: LadderStep['kind'], text: string): void {
    this.#add(this.#clock.now() - this.#receivedAt, kind, text);
  }

  #addRest({ call, ended }: EndedRest): void {
    const { method, milliseconds, answer } = call;
    const began = ended - milliseconds;
    const made = call.caller();
    // a statement that was recorded as it began has the same place
    const [, place = made] = / (\S+:\d+)$/.exec(made) ?? [];
    if (this.#steps?.some(({ text }) => text.endsWith(place)) !== true)
      this.#add(began - this.#receivedAt, 'script', made);
    this.#add(began - this.#receivedAt, 'HTTP out', `${method} ${call.url()}`);
    this.#add(ended - this.#receivedAt, 'HTTP in', answer);
  }

  #add(at: number, kind: LadderStep['kind'], text: string): void {
    if (this.#steps === null || this.#steps.length >= mostSteps) return;
    // messages are byte strings
    const shown = kind.startsWith('SIP') ? Buffer.from(text, 'latin1').toString('utf8') : text;
    this.#steps.push({ at: Math.max(0, Math.round(10 * at) / 10), kind, text: shown.slice(0, longestText) });
  }
}
