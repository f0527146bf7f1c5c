/** At most N in any second: the times of the last N are kept, so that no second has more, wherever it begins. */
export class RateWindow {
  readonly #times: number[] = [];
  readonly #most: number;
  #at = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** How long the next one has to wait, in milliseconds; 0: not at all. */
  wait(now: number): number {
    const oldest = this.#times.length < this.#most ? undefined : this.#times[this.#at];
    return oldest === undefined ? 0 : Math.max(oldest + 1_000 - now, 0);
  }

  count(now: number): void {
    this.#times[this.#at] = now;
    this.#at = (this.#at + 1) % this.#most;
  }
}
