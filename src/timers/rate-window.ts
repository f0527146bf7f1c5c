/** Admits at most N events in any second, by keeping the times of the last N. */
export class RateWindow {
  readonly #times: number[] = [];
  readonly #most: number;
  #at = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** How long the next event has to wait, in milliseconds; 0 if it need not wait. */
  wait(now: number): number {
    const oldest = this.#times.length < this.#most ? undefined : this.#times[this.#at];
    return oldest === undefined ? 0 : Math.max(oldest + 1_000 - now, 0);
  }

  count(now: number): void {
    this.#times[this.#at] = now;
    this.#at = (this.#at + 1) % this.#most;
  }
}
