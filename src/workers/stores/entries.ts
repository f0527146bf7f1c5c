/** Entries with an expiry, in this process's memory. Expired ones are removed when found, and by sweeps. */
import { counterOf, type EntryValue, type StoreOperation, type StoreResult } from '../../runtime/index.ts';
import { globMatches } from '../../text/index.ts';
import type { ByteBudget, Clock } from '../../timers/index.ts';

interface Entry {
  value: EntryValue;
  /** On the store's clock; Infinity: never. */
  expires: number;
}

/** Of a window; shorter ones would take longer to add up. */
const mostSlots = 1000;

type Collection = Map<string, Entry>;

/** Size of an entry without its key and text, in bytes. */
const OVERHEAD = 128;
/**
 * Minimum interval of a full store's searches for expired entries, in ms, which take time in proportion to their
 * number.
 */
const SWEEP_PAUSE = 1000;

export class Entries {
  readonly #clock: Clock;
  readonly #memory: ByteBudget;
  readonly #collections = new Map<string, Collection>();
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, memory: ByteBudget) {
    this.#clock = clock;
    this.#memory = memory;
  }

  get({ collection, key }: StoreOperation<'get'>): StoreResult<'get'> {
    return this.#live(this.#collection(collection), key)?.value ?? null;
  }

  set({ collection: name, key, value, ttl }: StoreOperation<'set'>): StoreResult<'set'> {
    const collection = this.#collection(name);
    const entry = this.#live(collection, key);
    const expires = this.#expiry(ttl);
    const size = sizeOf(key, value);
    const before = entry === undefined ? 0 : sizeOf(key, entry.value);
    if (size > before && !this.#reserve(size - before)) return 'full';
    if (size < before) this.#memory.release(before - size);
    if (entry === undefined) collection.set(key, { value, expires });
    else {
      entry.value = value;
      entry.expires = expires;
    }
    return 'stored';
  }

  delete({ collection: name, key }: StoreOperation<'delete'>): boolean {
    const collection = this.#collection(name);
    const entry = this.#live(collection, key);
    if (entry !== undefined) this.#drop(collection, key, entry);
    return entry !== undefined;
  }

  getMatching({ collection, glob, most }: StoreOperation<'get-matching'>): StoreResult<'get-matching'> {
    const now = this.#clock.now();
    const found: (readonly [string, EntryValue])[] = [];
    for (const [key, { value, expires }] of this.#collection(collection)) {
      if (found.length >= most) break;
      if (expires > now && globMatches(glob, key)) found.push([key, value]);
    }
    return found;
  }

  deleteMatching({ collection: name, glob }: StoreOperation<'delete-matching'>): number {
    return this.#dropAll(this.#collection(name), (key) => globMatches(glob, key));
  }

  add({ collection: name, key, by, ttl }: StoreOperation<'add'>): StoreResult<'add'> {
    const collection = this.#collection(name);
    const entry = this.#live(collection, key);
    if (entry === undefined) {
      const value = by | 0;
      return this.set({ kind: 'set', collection: name, key, value, ttl }) === 'full' ? 'full' : value;
    }
    const current = counterOf(entry.value);
    if (current === null) return 'not-a-number';
    const sum = (current + by) | 0;
    this.#memory.charge(sizeOf(key, sum) - sizeOf(key, entry.value));
    entry.value = sum;
    return sum;
  }

  addToWindow(operation: StoreOperation<'add-to-window'>): StoreResult<'add-to-window'> {
    const { collection, key, window, slot, most } = operation;
    const current = Math.floor(this.#clock.now() / slot);
    const slots = Math.min(mostSlots, Math.max(1, Math.floor(window / slot)));
    let sum = 1;
    for (let i = 0; i < slots; i++) {
      const value = this.get({ kind: 'get', collection, key: `${key} ${current - i}` });
      if (typeof value === 'number') sum += value;
    }
    if (sum > most) return sum;
    const added = this.add({
      kind: 'add',
      collection,
      key: `${key} ${current}`,
      by: 1,
      ttl: window + slot,
    });
    return added === 'full' ? 'full' : sum;
  }

  sweep({ collection }: StoreOperation<'sweep'>): number {
    return this.#sweep(this.#collection(collection));
  }

  #sweep(collection: Collection): number {
    const now = this.#clock.now();
    return this.#dropAll(collection, (_, { expires }) => expires <= now);
  }

  #dropAll(collection: Collection, isOver: (key: string, entry: Entry) => boolean): number {
    const before = collection.size;
    for (const [key, entry] of collection) if (isOver(key, entry)) this.#drop(collection, key, entry);
    return before - collection.size;
  }

  #drop(collection: Collection, key: string, { value }: Entry): void {
    collection.delete(key);
    this.#memory.release(sizeOf(key, value));
  }

  #live(collection: Collection, key: string): Entry | undefined {
    const entry = collection.get(key);
    if (entry === undefined || entry.expires > this.#clock.now()) return entry;
    this.#drop(collection, key, entry);
    return undefined;
  }

  /** Reserves bytes, after a sweep if necessary. */
  #reserve(bytes: number): boolean {
    const now = this.#clock.now();
    if (this.#memory.used + bytes > this.#memory.limit && now - this.#sweptAt >= SWEEP_PAUSE) {
      this.#sweptAt = now;
      for (const collection of this.#collections.values()) this.#sweep(collection);
    }
    return this.#memory.reserve(bytes);
  }

  #expiry(ttl: number | null): number {
    return ttl === null ? Number.POSITIVE_INFINITY : this.#clock.now() + ttl;
  }

  #collection(name: string): Collection {
    let collection = this.#collections.get(name);
    if (collection === undefined) {
      collection = new Map();
      this.#collections.set(name, collection);
    }
    return collection;
  }
}

const sizeOf = (key: string, value: EntryValue) =>
  OVERHEAD + key.length + (typeof value === 'string' ? value.length : 0);
