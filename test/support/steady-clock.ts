import { type Clock, SimulatedClock, type TimerHandle } from '../../src/timers/index.ts';

/**
 * A clock by which the machine is never busy: a turn of the event loop takes a millisecond at most, however long the
 * process had to wait for the processor. So what arrives before a timeout on an idle machine does so on any, where both
 * ends are in this process and all their timers run by this clock.
 */
class SteadyClock implements Clock {
  // 0 often means "not yet"
  readonly #ticks = new SimulatedClock(Date.now());
  #tickedAt = performance.now();
  #ticker: NodeJS.Timeout | null = null;

  now(): number {
    // between two ticks it goes on, but never reaches the next one
    return 1 + this.#ticks.now() + Math.min(performance.now() - this.#tickedAt, 0.999);
  }

  date(): number {
    return this.#ticks.date() + this.now() - this.#ticks.now();
  }

  setTimer(milliseconds: number, fire: () => void): TimerHandle {
    const begun = Math.min(performance.now() - this.#tickedAt, 0.999);
    this.#ticker ??= setInterval(() => this.#tick(), 1).unref();
    return this.#ticks.setTimer(milliseconds + begun, fire);
  }

  clearTimer(timer: TimerHandle): void {
    this.#ticks.clearTimer(timer);
  }

  #tick(): void {
    this.#tickedAt = performance.now();
    this.#ticks.advance(1);
    if (this.#ticks.timers > 0 || this.#ticker === null) return;
    clearInterval(this.#ticker);
    this.#ticker = null;
  }
}

export const steadyClock: Clock = new SteadyClock();

/** `setTimeout()` by the steady clock. */
export const later = (act: () => void, milliseconds: number): void => {
  steadyClock.setTimer(milliseconds, act);
};

/** Resolves after so many ms by the steady clock. */
export const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => later(resolve, milliseconds));
