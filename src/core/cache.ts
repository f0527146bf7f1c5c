/**
 * The key-value interface that cache_store() and its kin use. Modules (cachedb_local) bring the storage. Its
 * operations may answer with a promise: a storage may be shared between processes.
 */

import { type Routing, StateKey } from '../runtime/index.ts';
import type { Awaitable, Value } from '../script/index.ts';

/** What counts as a number in a store: a sign and digits alone, which wrap at 32 bits; null for other text. */
export function counterOf(value: string | number): number | null {
  if (typeof value === 'number') return value;
  return /^[+-]?\d{1,1000}$/.test(value) ? Number(BigInt.asIntN(32, BigInt(value.replace(/^\+/, '')))) : null;
}

export interface CacheStore {
  /** `seconds` 0: for ever. */
  store(key: string, value: string | number, seconds: number): Awaitable<boolean>;
  fetch(key: string): Awaitable<Value>;
  remove(key: string): Awaitable<void>;
  /** The new value; null where the stored one is no number. `seconds` counts for a key that is not there yet. */
  add(key: string, increment: number, seconds: number): Awaitable<number | null>;
}

/** Storage ids as scripts name them: `local`, `local:group`. */
export const cacheStores = new StateKey<Routing, Map<string, CacheStore>>('cache stores', () => new Map());
