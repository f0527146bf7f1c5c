/** Counts scripts that wait in the background, so that stopping can wait for them. */
import { Waiters } from '../timers/index.ts';

export class Background {
  #size = 0;
  readonly #onEmpty = new Waiters();

  get size(): number {
    return this.#size;
  }

  begin(): void {
    this.#size++;
  }

  end(): void {
    if (--this.#size === 0) this.#onEmpty.wake();
  }

  /** Resolves when no script waits. */
  async settled(): Promise<void> {
    while (this.#size > 0) await this.#onEmpty.wait();
  }
}
