/** Limits and circuit breakers that all processes share through the store. */
import type { HostSharing } from '../../rest/index.ts';
import type { Store } from '../../runtime/index.ts';
import { type Awaitable, andThen } from '../../timers/index.ts';

const space = 'rest hosts';
/** A process asks for each lock once at a time, so it is a single owner. */
const owner = 1;

export class StoreHostSharing implements HostSharing {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  take(key: string, most: number | null, rate: number | null, wait: number): Awaitable<boolean> {
    const taken = this.#store.ask({ kind: 'take', key, most, rate, wait });
    // if the store is full, only the limit of this process applies
    return andThen(taken, (result) => result !== 'none');
  }

  give(key: string): void {
    this.#store.tell({ kind: 'give', key });
  }

  lock(key: string, wait: number, lease: number): Awaitable<boolean> {
    const taken = this.#store.ask({ kind: 'lock', space, key, owner, reentrant: false, wait, lease });
    // if the store is full, each process goes ahead by itself
    return andThen(taken, (result) => result !== 'held');
  }

  unlock(key: string): void {
    this.#store.tell({ kind: 'unlock', space, key, owner });
  }

  announce(key: string, state: string): void {
    this.#store.values(space).set(key, state);
  }

  stateOf(key: string): string | undefined {
    const state = this.#store.values(space).get(key);
    return typeof state === 'string' ? state : undefined;
  }

  watch(changed: (key: string, state: string) => void): void {
    const values = this.#store.values(space);
    values.watch((key) => {
      const state = values.get(key);
      if (typeof state === 'string') changed(key, state);
    });
  }
}
