/** Those that wait for something to happen. Each `wake` ends the waits so far; later ones are for the next time. */
export class Waiters<T = void> {
  #resolvers: ((value: T) => void)[] = [];

  /** Whether anybody waits. */
  get isAwaited(): boolean {
    return this.#resolvers.length > 0;
  }

  /** Resolves when it happens next. */
  wait(): Promise<T> {
    return new Promise((resolve) => {
      this.#resolvers.push(resolve);
    });
  }

  /** It happens. */
  wake(value: T): void {
    if (this.#resolvers.length === 0) return;
    const woken = this.#resolvers;
    this.#resolvers = [];
    for (const resolve of woken) resolve(value);
  }
}
