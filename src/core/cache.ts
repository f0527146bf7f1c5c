/**
 * The key-value interface behind cache_store() and the other cache functions. Modules such as cachedb_local provide the
 * storage. Results are those of store operations (src/runtime/stores), or promises of them if the storage is elsewhere,
 * which reject only with a StoreError.
 */

import { type EntryValue, type Routing, StateKey, type StoreResult } from '../runtime/index.ts';
import type { Awaitable } from '../timers/index.ts';

export interface CacheStore {
  /** `seconds` 0: forever. */
  store(key: string, value: EntryValue, seconds: number): Awaitable<StoreResult<'set'>>;
  fetch(key: string): Awaitable<StoreResult<'get'>>;
  remove(key: string): Awaitable<StoreResult<'delete'>>;
  add(key: string, increment: number, seconds: number): Awaitable<StoreResult<'add'>>;
  /** Performs a query in the storage's own language, as words; gives the values of the answer, in order, or null for no answer. */
  query?(words: readonly string[]): Awaitable<readonly EntryValue[] | null>;
}

/** Storage ids as scripts name them: `local`, `local:group`. */
export const cacheStores = new StateKey<Routing, Map<string, CacheStore>>('cache stores', () => new Map());
