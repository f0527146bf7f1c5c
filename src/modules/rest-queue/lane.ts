/**
 * Delivers messages to one URL: those with the same key one after the other, others side by side. After a failure it waits,
 * longer each time, and then tries one message alone until one is accepted.
 */
import type { Clock, TimerHandle } from '../../timers/index.ts';
import type { QueuedMessage } from './message.ts';

/** What became of an attempt. */
export type Attempt =
  | { readonly kind: 'accepted' }
  | {
      readonly kind: 'failed';
      readonly reason: string;
      /** Whether it may be due to this message alone. */
      readonly isOfMessage: boolean;
      /** How long the service wants to be left alone, in ms; 0 if it does not say. */
      readonly retryAfter: number;
    };

export interface LaneOptions {
  readonly clock: Clock;
  readonly concurrency: number;
  /** In ms. */
  readonly firstDelay: number;
  readonly longestDelay: number;
  readonly lifetime: number;
  send(message: QueuedMessage): Promise<Attempt>;
  /** It was accepted, or its time is over. */
  done(message: QueuedMessage, outcome: 'delivered' | 'expired'): void;
  /** The first failure after a success, and the first success after a failure. */
  changed(failure: { readonly reason: string; readonly delay: number } | null): void;
}

interface Chain {
  readonly key: string;
  readonly messages: QueuedMessage[];
  failures: number;
}

export class Lane {
  readonly #options: LaneOptions;
  readonly #chains = new Map<string, Chain>();
  /** Those whose first message may be sent, the longest waiting first. */
  readonly #ready = new Set<Chain>();
  /** Those that wait after a failure. Few: a lane that fails tries one message at a time. */
  readonly #resting = new Map<Chain, TimerHandle>();
  #waiting = 0;
  #sending = 0;
  /** In a row. */
  #failures = 0;
  #pausedAt = Number.NEGATIVE_INFINITY;
  #pause: TimerHandle | null = null;
  #lastFailure: string | null = null;
  #isStopped = false;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Number of messages that are not delivered. */
  get waiting(): number {
    return this.#waiting;
  }

  get sending(): number {
    return this.#sending;
  }

  /** Why the last attempt failed; null if it succeeded. */
  get failure(): string | null {
    return this.#lastFailure;
  }

  /** When the oldest message was queued; null without messages. */
  get oldest(): number | null {
    const [first] = this.#chains.values();
    return first?.messages[0]?.at ?? null;
  }

  add(message: QueuedMessage): void {
    this.#waiting++;
    const chain = this.#chains.get(message.key);
    if (chain !== undefined) {
      chain.messages.push(message);
      return;
    }
    const begun: Chain = { key: message.key, messages: [message], failures: 0 };
    this.#chains.set(message.key, begun);
    this.#ready.add(begun);
    this.#pump();
  }

  /** Ends all waits. */
  retry(): void {
    const { clock } = this.#options;
    if (this.#pause !== null) clock.clearTimer(this.#pause);
    this.#pause = null;
    for (const [chain, timer] of this.#resting) {
      clock.clearTimer(timer);
      this.#ready.add(chain);
    }
    this.#resting.clear();
    this.#pump();
  }

  /** Sends nothing any more. */
  stop(): void {
    const { clock } = this.#options;
    this.#isStopped = true;
    if (this.#pause !== null) clock.clearTimer(this.#pause);
    for (const timer of this.#resting.values()) clock.clearTimer(timer);
    this.#resting.clear();
  }

  #pump(): void {
    const most = this.#failures > 0 ? 1 : this.#options.concurrency;
    for (const chain of this.#ready) {
      if (this.#isStopped || this.#pause !== null || this.#sending >= most) return;
      this.#ready.delete(chain);
      const [message] = chain.messages;
      if (message !== undefined) void this.#try(chain, message);
    }
  }

  async #try(chain: Chain, message: QueuedMessage): Promise<void> {
    const { clock, lifetime } = this.#options;
    if (message.at + lifetime <= clock.date()) return this.#finish(chain, message, 'expired');
    const startedAt = clock.now();
    this.#sending++;
    const attempt = await this.#options.send(message);
    this.#sending--;
    if (this.#isStopped && attempt.kind === 'failed') return;
    if (attempt.kind === 'failed') return this.#failed(chain, attempt, startedAt);
    this.#failures = 0;
    if (this.#lastFailure !== null) this.#options.changed(null);
    this.#lastFailure = null;
    this.#finish(chain, message, 'delivered');
  }

  #finish(chain: Chain, message: QueuedMessage, outcome: 'delivered' | 'expired'): void {
    this.#waiting--;
    chain.messages.shift();
    chain.failures = 0;
    if (chain.messages.length === 0) this.#chains.delete(chain.key);
    else this.#ready.add(chain);
    this.#options.done(message, outcome);
    this.#pump();
  }

  #failed(chain: Chain, attempt: Extract<Attempt, { kind: 'failed' }>, startedAt: number): void {
    const { clock, changed } = this.#options;
    chain.failures++;
    const rest = this.#delay(chain.failures, attempt.retryAfter);
    const timer = clock.setTimer(rest, () => {
      this.#resting.delete(chain);
      this.#ready.add(chain);
      this.#pump();
    });
    this.#resting.set(chain, timer);
    if (this.#lastFailure === null) changed({ reason: attempt.reason, delay: rest });
    this.#lastFailure = attempt.reason;
    // attempts that were under way when the lane was paused say nothing new
    if (startedAt < this.#pausedAt) return this.#pump();
    this.#failures++;
    if (!attempt.isOfMessage || this.#failures > 1)
      this.#pauseFor(this.#delay(this.#failures, attempt.retryAfter));
    this.#pump();
  }

  #pauseFor(milliseconds: number): void {
    const { clock } = this.#options;
    if (this.#pause !== null) clock.clearTimer(this.#pause);
    this.#pausedAt = clock.now();
    this.#pause = clock.setTimer(milliseconds, () => {
      this.#pause = null;
      this.#pump();
    });
  }

  /** Doubled with each failure, and changed at random, so that servers do not try together. */
  #delay(failures: number, retryAfter: number): number {
    const { firstDelay, longestDelay } = this.#options;
    const delay = Math.min(firstDelay * 2 ** Math.min(failures - 1, 30), longestDelay);
    return Math.max(delay * (0.8 + 0.4 * Math.random()), Math.min(retryAfter, longestDelay));
  }
}
