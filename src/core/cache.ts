/**
 * The key-value interface that cache_store() and its kin use. Modules (cachedb_local) bring the storage. Its
 * results are those of a store's operations (src/runtime/stores), as a promise where the storage is elsewhere.
 */

import { type EntryValue, type Routing, StateKey, type StoreResult } from '../runtime/index.ts';
import type { Awaitable } from '../timers/index.ts';

export interface CacheStore {
  /** `seconds` 0: for ever. */
  store(key: string, value: EntryValue, seconds: number): Awaitable<StoreResult<'set'>>;
  fetch(key: string): Awaitable<StoreResult<'get'>>;
  remove(key: string): Awaitable<StoreResult<'delete'>>;
  /** `seconds` counts for an absent key. */
  add(key: string, increment: number, seconds: number): Awaitable<StoreResult<'add'>>;
}

/** Storage ids as scripts name them: `local`, `local:group`. */
export const cacheStores = new StateKey<Routing, Map<string, CacheStore>>('cache stores', () => new Map());
