/** How calls ended in the last while, by slots of time, so that counting and forgetting cost nothing. */
const SLOTS = 10;

export interface WindowCounts {
  total: number;
  failures: number;
  slow: number;
}

const none = (): WindowCounts => ({ total: 0, failures: 0, slow: 0 });

export class OutcomeWindow {
  readonly counts: WindowCounts = none();
  readonly #slots = Array.from({ length: SLOTS }, none);
  readonly #slotTime: number;
  /** Number of the slot that is counted in, since the start of the clock. */
  #at = 0;

  /** @param length in milliseconds */
  constructor(length: number) {
    this.#slotTime = length / SLOTS;
  }

  add(failed: boolean, slow: boolean, now: number): void {
    this.move(now);
    const slot = this.#slot(this.#at);
    for (const counts of [this.counts, slot]) {
      counts.total++;
      if (failed) counts.failures++;
      if (slow) counts.slow++;
    }
  }

  /** Forgets what is older than the window. */
  move(now: number): void {
    const at = Math.floor(now / this.#slotTime);
    const steps = Math.min(at - this.#at, SLOTS);
    for (let i = 1; i <= steps; i++) {
      const slot = this.#slot(at - steps + i);
      this.counts.total -= slot.total;
      this.counts.failures -= slot.failures;
      this.counts.slow -= slot.slow;
      Object.assign(slot, none());
    }
    this.#at = at;
  }

  clear(): void {
    for (const counts of [this.counts, ...this.#slots]) Object.assign(counts, none());
  }

  #slot(number: number): WindowCounts {
    return this.#slots[number % SLOTS] ?? this.counts;
  }
}
