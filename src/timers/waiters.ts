/** Waits for an event. `wake` ends all current waits; later ones wait for the next event. */
export class Waiters<T = void> {
  #resolvers: ((value: T) => void)[] = [];

  /** Whether anything is waiting. */
  get isAwaited(): boolean {
    return this.#resolvers.length > 0;
  }

  /** Resolves at the next event. */
  wait(): Promise<T> {
    return new Promise((resolve) => {
      this.#resolvers.push(resolve);
    });
  }

  /** Signals the event. */
  wake(value: T): void {
    if (this.#resolvers.length === 0) return;
    const woken = this.#resolvers;
    this.#resolvers = [];
    for (const resolve of woken) resolve(value);
  }
}
