/** A clock that a test advances: hours pass instantly and deterministically. */
import type { Clock, TimerHandle } from './clock.ts';

class SimulatedTimer implements TimerHandle {
  readonly due: number;
  readonly fire: () => void;

  constructor(due: number, fire: () => void) {
    this.due = due;
    this.fire = fire;
  }

  ref(): this {
    return this;
  }
}

/** One turn of the event loop: handles pending input and promises. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class SimulatedClock implements Clock {
  #now = 0;
  readonly #startedAt: number;
  readonly #timers = new Set<SimulatedTimer>();

  /** @param startedAt its date at the start, in ms since 1970. Default 0 */
  constructor(startedAt = 0) {
    this.#startedAt = startedAt;
  }

  /** Milliseconds since its creation. */
  now(): number {
    return this.#now;
  }

  date(): number {
    return this.#startedAt + this.#now;
  }

  setTimer(milliseconds: number, fire: () => void): TimerHandle {
    const timer = new SimulatedTimer(this.#now + Math.max(milliseconds, 0), fire);
    this.#timers.add(timer);
    return timer;
  }

  clearTimer(timer: TimerHandle): void {
    if (timer instanceof SimulatedTimer) this.#timers.delete(timer);
  }

  /** Number of pending timers. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Advances, firing timers at their due times, in order. */
  advance(milliseconds: number): void {
    const until = this.#now + milliseconds;
    while (this.fireNext(until));
    this.#now = until;
  }

  /**
   * Like {@link advance}, but lets the event loop turn before each timer, so that promises may continue and set more
   * timers.
   */
  async pass(milliseconds: number): Promise<void> {
    const until = this.#now + milliseconds;
    do await turn();
    while (this.fireNext(until));
    this.#now = until;
  }

  /** Moves to the first timer that is due by `until`, and fires it; false without one. */
  fireNext(until: number): boolean {
    let first: SimulatedTimer | null = null;
    for (const timer of this.#timers)
      if (timer.due <= until && (first === null || timer.due < first.due)) first = timer;
    if (first === null) return false;
    this.#timers.delete(first);
    this.#now = Math.max(this.#now, first.due);
    first.fire();
    return true;
  }
}
