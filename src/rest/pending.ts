import { Waiters } from '../timers/index.ts';

/** Counts the pending requests of a sender. A counter, not a Set: the outgrown tables of a Set are garbage that keeps the young generation alive. */
export class Pending {
  #count = 0;
  readonly #idle = new Waiters();

  get count(): number {
    return this.#count;
  }

  begin(): void {
    this.#count++;
  }

  end(): void {
    if (--this.#count === 0) this.#idle.wake();
  }

  /** Resolves as soon as none are pending. */
  whenIdle(): Promise<void> {
    return this.#count === 0 ? Promise.resolve() : this.#idle.wait();
  }
}
