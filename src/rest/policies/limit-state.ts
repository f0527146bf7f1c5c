/** What is under way to a host, and what waits for its turn. */
import { ByteBudget, RateWindow } from '../../timers/index.ts';
import type { Outcome } from '../outcome.ts';
import { AdaptiveLimit } from './adaptive-limit.ts';
import type { SectionValues } from './host-options.ts';
import { isTelling } from './outcome-class.ts';
import type { Wait } from './waiting.ts';

export type LimitSettings = SectionValues<'limits'>;

const MOST_ADAPTIVE = 1_000;
/** Answers that say that the service has too much to do. */
const OVERLOADED: ReadonlySet<number> = new Set([429, 503, 504]);

export interface Waiting {
  readonly bytes: number;
  /** Why it is refused before its time, if it is. */
  refusal: string | null;
  readonly wait: Wait;
}

/** What is under way to one host. */
export class LimitState {
  /** Bodies of requests and answers under way. */
  readonly bodies: ByteBudget | null;
  #active = 0;
  readonly #queue = new Set<Waiting>();
  readonly #most: number;
  readonly #adaptive: AdaptiveLimit | null;
  readonly #rate: RateWindow | null;

  constructor({ concurrency, adaptive, rate, bytes }: LimitSettings) {
    this.#most = concurrency === 0 ? Number.POSITIVE_INFINITY : concurrency;
    this.#adaptive = adaptive ? new AdaptiveLimit(concurrency === 0 ? MOST_ADAPTIVE : concurrency) : null;
    this.#rate = rate === 0 ? null : new RateWindow(Math.ceil(rate));
    this.bodies = bytes === 0 ? null : new ByteBudget(bytes);
  }

  get active(): number {
    return this.#active;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /** Most requests at a time, now. */
  get limit(): number {
    return this.#adaptive?.limit ?? this.#most;
  }

  /** Why a request has to wait; null: it may go, and is counted. */
  enter(bytes: number, now: number): string | null {
    if (this.#active >= this.limit) return `${this.limit} requests are under way, the most allowed`;
    const { bodies } = this;
    if (bodies !== null && (bodies.isFull || bodies.used + bytes > bodies.limit))
      return `bodies under way take ${bodies.used} of the ${bodies.limit} bytes allowed`;
    if (this.#rate !== null && this.#rate.wait(now) > 0)
      return 'the most requests allowed in a second were sent';
    this.#rate?.count(now);
    bodies?.charge(bytes);
    this.#active++;
    return null;
  }

  /** Waits for its turn. */
  queue(one: Waiting): void {
    this.#queue.add(one);
  }

  /** It does not wait any more. */
  leave(one: Waiting): void {
    this.#queue.delete(one);
  }

  /** When the rate lets the next one through, in milliseconds from now; 0: at once. */
  rateWait(now: number): number {
    return this.#rate?.wait(now) ?? 0;
  }

  exit(bytes: number, outcome: Outcome | null): void {
    this.bodies?.release(bytes);
    if (outcome !== null && isTelling(outcome)) this.#adaptive?.measure(latencyOf(outcome), this.#active);
    this.#active--;
  }

  /** Lets those through whose turn it is. */
  pump(now: number): void {
    for (const one of this.#queue) {
      if (this.enter(one.bytes, now) !== null) return;
      this.#queue.delete(one);
      one.wait.end('event');
    }
  }

  /** Refuses all that wait. */
  refuseWaiting(reason: string): void {
    for (const one of this.#queue) {
      one.refusal = reason;
      one.wait.end('time');
    }
    this.#queue.clear();
  }
}

/** NaN for a failure that more requests make worse. */
function latencyOf(outcome: Outcome): number {
  const failed =
    outcome.kind === 'response' ? OVERLOADED.has(outcome.status) : outcome.kind.endsWith('timeout');
  return failed ? Number.NaN : outcome.attemptTime;
}
