/** Those who want to hear of events, by the event's name, in the order in which they came. */

/** What each event tells: its name, and the types of what its listeners get. */
export type EventTypes<Events> = { readonly [Name in keyof Events]: readonly unknown[] };

/** May return a promise: only {@link Listeners.settle} waits for it. */
export type Listener<About extends readonly unknown[]> = (...about: About) => unknown;

export class Listeners<Events extends EventTypes<Events>> {
  readonly #lists: { [Name in keyof Events]?: Listener<Events[Name]>[] } = {};

  /** The result takes the listener away again. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    (this.#lists[name] ??= []).push(listener);
    return () => {
      this.#lists[name] = this.#lists[name]?.filter((one) => one !== listener);
    };
  }

  /** Calls the event's listeners; what one throws reaches the caller. */
  emit<Name extends keyof Events>(name: Name, ...about: Events[Name]): void {
    const list = this.#lists[name];
    if (list !== undefined) for (const listener of list) listener(...about);
  }

  /** Calls all of the event's listeners, and resolves when they are done; a failure of one harms no other. */
  async settle<Name extends keyof Events>(name: Name, ...about: Events[Name]): Promise<void> {
    await Promise.allSettled((this.#lists[name] ?? []).map(async (listener) => listener(...about)));
  }
}
