/**
 * The key-value interface behind cache_store() and the other cache functions. Modules such as cachedb_local provide the
 * storage. Results are those of store operations (src/runtime/stores), or promises of them if the storage is in another
 * process.
 */

import { type EntryValue, type Routing, StateKey, type StoreResult } from '../runtime/index.ts';
import type { Awaitable } from '../timers/index.ts';

export interface CacheStore {
  /** `seconds` 0: forever. */
  store(key: string, value: EntryValue, seconds: number): Awaitable<StoreResult<'set'>>;
  fetch(key: string): Awaitable<StoreResult<'get'>>;
  remove(key: string): Awaitable<StoreResult<'delete'>>;
  /** `seconds` applies only if the key is missing. */
  add(key: string, increment: number, seconds: number): Awaitable<StoreResult<'add'>>;
}

/** Storage ids as scripts name them: `local`, `local:group`. */
export const cacheStores = new StateKey<Routing, Map<string, CacheStore>>('cache stores', () => new Map());
