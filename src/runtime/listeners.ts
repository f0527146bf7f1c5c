/** Listeners by event name, called in the order in which they were added. */

/** The listener arguments of each event. */
export type EventTypes<Events> = { readonly [Name in keyof Events]: readonly unknown[] };

/** May return a promise, for which only {@link Listeners.settle} waits. */
export type Listener<About extends readonly unknown[]> = (...about: About) => unknown;

export class Listeners<Events extends EventTypes<Events>> {
  readonly #lists: { [Name in keyof Events]?: Listener<Events[Name]>[] } = {};

  /** Adds a listener; the result removes it. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    (this.#lists[name] ??= []).push(listener);
    return () => {
      this.#lists[name] = this.#lists[name]?.filter((one) => one !== listener);
    };
  }

  /** Calls the event's listeners; an exception reaches the caller. */
  emit<Name extends keyof Events>(name: Name, ...about: Events[Name]): void {
    const list = this.#lists[name];
    if (list !== undefined) for (const listener of list) listener(...about);
  }

  /** Calls all of the event's listeners, even if one fails, and resolves when they are done. */
  async settle<Name extends keyof Events>(name: Name, ...about: Events[Name]): Promise<void> {
    await Promise.allSettled((this.#lists[name] ?? []).map(async (listener) => listener(...about)));
  }
}
