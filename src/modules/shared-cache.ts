/** A collection of the server's store, as a storage of the cache functions. */
import type { CacheStore } from '../core/index.ts';
import type { EntryValue, Store, StoreResult } from '../runtime/index.ts';
import type { Awaitable } from '../timers/index.ts';

export class SharedCache implements CacheStore {
  readonly #store: Store;
  readonly #collection: string;

  constructor(store: Store, collection: string) {
    this.#store = store;
    this.#collection = collection;
  }

  store(key: string, value: EntryValue, seconds: number): Awaitable<StoreResult<'set'>> {
    return this.#store.ask({ kind: 'set', collection: this.#collection, key, value, ttl: ttl(seconds) });
  }

  fetch(key: string): Awaitable<StoreResult<'get'>> {
    return this.#store.ask({ kind: 'get', collection: this.#collection, key });
  }

  remove(key: string): Awaitable<StoreResult<'delete'>> {
    return this.#store.ask({ kind: 'delete', collection: this.#collection, key });
  }

  add(key: string, by: number, seconds: number): Awaitable<StoreResult<'add'>> {
    return this.#store.ask({ kind: 'add', collection: this.#collection, key, by, ttl: ttl(seconds) });
  }
}

const ttl = (seconds: number) => (seconds > 0 ? seconds * 1000 : null);
