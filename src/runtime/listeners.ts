/** May return a promise, for which only {@link Listeners.settle} waits. */
export type Listener<About extends readonly unknown[]> = (...about: About) => unknown;

/** The listeners of one event, called in the order in which they were added. */
export class Listeners<About extends readonly unknown[]> {
  #list: readonly Listener<About>[] = [];

  /** Adds a listener; the result removes it. */
  add(listener: Listener<About>): () => void {
    this.#list = [...this.#list, listener];
    return () => {
      this.#list = this.#list.filter((one) => one !== listener);
    };
  }

  /** Calls all listeners; an exception reaches the caller. */
  emit(...about: About): void {
    for (const listener of this.#list) listener(...about);
  }

  /** Calls all listeners, even if one fails, and resolves when they are done. */
  async settle(...about: About): Promise<void> {
    await Promise.allSettled(this.#list.map(async (listener) => listener(...about)));
  }
}
