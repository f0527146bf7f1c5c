/** Entries of collections in Redis: one command or script each, but for those that look for keys. */

import type { EntryValue, StoreOperation, StoreResult } from '../../../runtime/index.ts';
import { globMatches } from '../../../text/index.ts';
import { decoded, encoded, isFull, type Place } from './place.ts';
import { addToEntry, addToWindow } from './scripts.ts';

/** Of a window; as in memory. */
const mostSlots = 1000;
/** Keys that a step of a search looks at. */
const searchStep = '1000';

const milliseconds = (ttl: number): string => String(Math.max(1, Math.ceil(ttl)));

export class RedisEntries {
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  async get({ collection, key }: StoreOperation<'get'>): Promise<StoreResult<'get'>> {
    return decoded(await this.#place.redis.send(['GET', this.#key(collection, key)])) ?? null;
  }

  async set({ collection, key, value, ttl }: StoreOperation<'set'>): Promise<StoreResult<'set'>> {
    const expiry = ttl === null ? [] : ['PX', milliseconds(ttl)];
    const stored = this.#place.redis.send(['SET', this.#key(collection, key), encoded(value), ...expiry]);
    return orFull(stored.then(() => 'stored' as const));
  }

  async delete({ collection, key }: StoreOperation<'delete'>): Promise<boolean> {
    return (await this.#place.redis.send(['DEL', this.#key(collection, key)])) === 1;
  }

  async add({ collection, key, by, ttl }: StoreOperation<'add'>): Promise<StoreResult<'add'>> {
    const args = [String(by), ttl === null ? '' : milliseconds(ttl)];
    const added = this.#place.redis.evaluate(addToEntry, [this.#key(collection, key)], args);
    return orFull(added.then((sum) => (typeof sum === 'number' ? sum : ('not-a-number' as const))));
  }

  async addToWindow(operation: StoreOperation<'add-to-window'>): Promise<StoreResult<'add-to-window'>> {
    const { collection, key, window, slot, most } = operation;
    const slots = Math.min(mostSlots, Math.max(1, Math.floor(window / slot)));
    const name = this.#place.key('window', collection, key);
    const added = this.#place.redis.evaluate(addToWindow, [name], [window, slot, slots, most].map(String));
    return orFull(added.then(Number));
  }

  async getMatching({
    collection,
    glob,
    most,
  }: StoreOperation<'get-matching'>): Promise<StoreResult<'get-matching'>> {
    const found: (readonly [string, EntryValue])[] = [];
    for await (const keys of this.#search(collection, glob)) {
      const values = await this.#place.redis.send(['MGET', ...keys.map((key) => this.#key(collection, key))]);
      for (const [i, key] of keys.entries()) {
        const value = Array.isArray(values) ? decoded(values[i]) : undefined;
        if (value !== undefined) found.push([key, value]);
        if (found.length >= most) return found;
      }
    }
    return found;
  }

  async deleteMatching({ collection, glob }: StoreOperation<'delete-matching'>): Promise<number> {
    let count = 0;
    for await (const keys of this.#search(collection, glob))
      count += Number(
        await this.#place.redis.send(['UNLINK', ...keys.map((key) => this.#key(collection, key))]),
      );
    return count;
  }

  #key(collection: string, key: string): string {
    return this.#place.key('entry', collection, key);
  }

  /** The keys that match, some at a time; all keys of the database are looked at. */
  async *#search(collection: string, glob: string): AsyncIterable<readonly string[]> {
    const start = this.#key(collection, '');
    // the prefix has no characters of patterns
    const pattern = `${start}*`;
    let cursor = '0';
    do {
      const reply = await this.#place.redis.send(['SCAN', cursor, 'MATCH', pattern, 'COUNT', searchStep]);
      const [next, names] = Array.isArray(reply) ? (reply as readonly unknown[]) : [];
      cursor = typeof next === 'string' ? next : '0';
      const keys = (Array.isArray(names) ? names : [])
        .filter((name): name is string => typeof name === 'string' && name.startsWith(start))
        .map((name) => name.slice(start.length))
        .filter((key) => globMatches(glob, key));
      if (keys.length > 0) yield keys;
    } while (cursor !== '0');
  }
}

async function orFull<T>(answer: Promise<T>): Promise<T | 'full'> {
  try {
    return await answer;
  } catch (error) {
    if (isFull(error)) return 'full';
    throw error;
  }
}
