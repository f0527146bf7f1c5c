/** Waiting for something that another server has: it is asked for again and again, by one who waits at a time. */
import { type Clock, pause } from '../../../timers/index.ts';

/** Pauses in ms. */
const firstPause = 10;
const longestPause = 100;

export class Polling {
  readonly #clock: Clock;
  /** The last one who waits, by key. */
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Asks until it is granted or the wait is over; those of one key in the order of asking. */
  async until(key: string, wait: number | null, ask: () => Promise<boolean>): Promise<boolean> {
    const end = wait === null ? Number.POSITIVE_INFINITY : this.#clock.now() + wait;
    const before = this.#last.get(key);
    if (before === undefined) {
      if (await ask()) return true;
      if (wait === 0) return false;
    } else if (wait === 0) return false;
    const waiting = this.#wait(before, end, ask);
    this.#last.set(key, waiting);
    try {
      return await waiting;
    } finally {
      if (this.#last.get(key) === waiting) this.#last.delete(key);
    }
  }

  async #wait(
    before: Promise<unknown> | undefined,
    end: number,
    ask: () => Promise<boolean>,
  ): Promise<boolean> {
    if (before !== undefined) {
      const waits = [before.catch(() => undefined)];
      if (Number.isFinite(end)) waits.push(pause(this.#clock, Math.max(1, end - this.#clock.now())));
      await Promise.race(waits);
    }
    for (let length = firstPause; ; length = Math.min(longestPause, 1.5 * length)) {
      const left = end - this.#clock.now();
      if (left <= 0) return false;
      await pause(this.#clock, Math.min(length, left));
      if (await ask()) return true;
    }
  }
}
