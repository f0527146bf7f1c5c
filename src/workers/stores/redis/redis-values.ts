/**
 * A space of replicated values that several servers share: this process's copy, which is read at once, and changes that go
 * to Redis and come from its stream. While Redis cannot be reached changes are made in the copy, and written later.
 */
import {
  type Replacement,
  type ReplicatedValues,
  StoreError,
  type StoreResult,
} from '../../../runtime/index.ts';
import type { Value } from '../../../script/index.ts';
import type { ByteBudget } from '../../../timers/index.ts';
import { ValueSpace } from '../value-space.ts';
import { decoded, encoded, isFull, type Place } from './place.ts';
import { changeValue } from './scripts.ts';
import { isAfter } from './stream-place.ts';

/** A key with changes of this process under way. */
interface Active {
  /** Changes without an answer, and among them those that the copy has already. */
  waiting: number;
  sets: number;
  /** The place of the last answered one in the stream. */
  place: string;
  /** The last change of another process that was read meanwhile. */
  later: { readonly place: string; readonly value: Value | undefined } | null;
  /** How far the stream has been read, as to this key. */
  read: string;
}

type What = 'set' | 'initialize' | 'add' | 'replace';

/** Changes of the stream that are kept for those who read it late. */
const longestStream = '20000';
/** Changes of this time before a failure are written again, in ms: Redis may have lost them. */
const lostWithin = 2000;
const writtenAtOnce = 1000;
const anything = '*';

export class RedisValues implements ReplicatedValues {
  readonly space: string;
  readonly #place: Place;
  readonly #copy: ValueSpace;
  readonly #active = new Map<string, Active>();
  /** Changed here while Redis could not be reached. */
  readonly #unwritten = new Set<string>();
  /** When this process has changed a key, the last one at the end. */
  readonly #recent = new Map<string, number>();

  constructor(space: string, place: Place, memory: ByteBudget) {
    this.space = space;
    this.#place = place;
    this.#copy = new ValueSpace(memory);
  }

  get(key: string): Value | undefined {
    return this.#copy.get(key);
  }

  keys(): Iterable<string> {
    return this.#copy.keys();
  }

  get size(): number {
    return this.#copy.size;
  }

  /** Changes that Redis does not have yet. */
  get unwritten(): number {
    return this.#unwritten.size;
  }

  watch(changed: (key: string) => void): void {
    this.#copy.watch(changed);
  }

  set(key: string, value: Value): boolean {
    if (!this.#copy.set(key, value)) return false;
    this.#tell('set', key, value);
    return true;
  }

  initialize(key: string, value: Value): boolean {
    if (this.#copy.get(key) !== undefined) return true;
    if (!this.#copy.set(key, value)) return false;
    this.#tell('initialize', key, value);
    return true;
  }

  delete(key: string): void {
    if (this.#copy.delete(key)) this.#tell('set', key, undefined);
  }

  async add(key: string, by: number): Promise<StoreResult<'add-to-value'>> {
    try {
      const { value } = await this.#change('add', key, String(by), anything);
      return Number(value ?? 0);
    } catch (error) {
      if (isFull(error)) return 'full';
      const sum = this.#copy.add(key, by);
      this.#unwritten.add(key);
      return sum;
    }
  }

  replace(key: string, before: string | null, value: string | null): Replacement {
    const changed = this.#replace(key, before, value);
    return { result: changed.then(({ result }) => result), written: changed.then(({ written }) => written) };
  }

  async #replace(key: string, before: string | null, value: string | null) {
    try {
      const { outcome } = await this.#change('replace', key, encoded(value), encoded(before));
      return { result: outcome === 'changed' ? 'changed' : 'stored', written: true } as const;
    } catch (error) {
      if (isFull(error)) return { result: 'full', written: false } as const;
      const { result } = this.#copy.replace(key, before, value);
      if (result === 'stored') this.#unwritten.add(key);
      return { result, written: false } as const;
    }
  }

  /** Writes the changes made without Redis; if it has lost data, also every value that it does not have. */
  async write(hasLost: boolean): Promise<void> {
    const since = this.#place.clock.now() - lostWithin;
    for (const [key, at] of this.#recent) if (at >= since) this.#unwritten.add(key);
    this.#recent.clear();
    const changed = [...this.#unwritten];
    this.#unwritten.clear();
    await this.#writeAll('set', changed);
    if (hasLost) await this.#writeAll('initialize', [...this.#copy.keys()]);
  }

  async #writeAll(what: What, keys: readonly string[]): Promise<void> {
    for (let at = 0; at < keys.length; at += writtenAtOnce)
      await Promise.all(
        keys.slice(at, at + writtenAtOnce).map((key) => this.#attempt(what, key, this.#copy.get(key))),
      );
  }

  /** Replaces the copy by what Redis has, but for changes under way. Rejects with a StoreError. */
  async read(): Promise<void> {
    const seen = new Set<string>();
    let cursor = '0';
    do {
      const reply = await this.#place.redis.send(['HSCAN', this.#hash, cursor, 'COUNT', '500']);
      const [next, fields] = Array.isArray(reply) ? (reply as readonly unknown[]) : [];
      const list = Array.isArray(fields) ? (fields as readonly unknown[]) : [];
      for (let i = 0; i + 1 < list.length; i += 2) {
        const key = String(list[i]);
        seen.add(key);
        this.#adopt(key, decoded(list[i + 1]));
      }
      cursor = typeof next === 'string' ? next : '0';
    } while (cursor !== '0');
    for (const key of [...this.#copy.keys()]) if (!seen.has(key)) this.#adopt(key, undefined);
  }

  /** A change of the stream. */
  heard(key: string, value: Value | undefined, place: string, isOwn: boolean): void {
    const active = this.#active.get(key);
    if (active === undefined) {
      if (!this.#unwritten.has(key)) this.#put(key, value);
      return;
    }
    active.read = place;
    if (active.waiting > 0) {
      if (!isOwn) active.later = { place, value };
      return;
    }
    if (isAfter(place, active.place)) this.#put(key, value);
    this.#settle(key, active);
  }

  get #hash(): string {
    return this.#place.key('values', this.space);
  }

  #adopt(key: string, value: Value | undefined): void {
    if (!this.#active.has(key) && !this.#unwritten.has(key)) this.#put(key, value);
  }

  #put(key: string, value: Value | undefined): void {
    if (this.#copy.get(key) !== value) this.#copy.copy(key, value);
  }

  #tell(what: What, key: string, value: Value | undefined): void {
    void this.#attempt(what, key, value);
  }

  async #attempt(what: What, key: string, value: Value | undefined): Promise<void> {
    try {
      await this.#change(what, key, encoded(value), anything);
    } catch (error) {
      // what Redis has no room for stays here alone
      if (!isFull(error)) this.#unwritten.add(key);
    }
  }

  /** Rejects with a StoreError. */
  async #change(what: What, key: string, value: string, before: string) {
    const { redis, clock, member } = this.#place;
    if (redis.failure !== null)
      throw new StoreError('unreachable', `Redis cannot be reached: ${redis.failure}`);
    const active = this.#active.get(key) ?? { waiting: 0, sets: 0, place: '', later: null, read: '' };
    this.#active.set(key, active);
    active.waiting++;
    if (what === 'set') active.sets++;
    this.#remember(key, clock.now());
    try {
      const keys = [this.#hash, this.#place.key('changes')];
      const args = [what, this.space, key, value, member, before, longestStream];
      const reply = await redis.evaluate(changeValue, keys, args);
      const [outcome, text, place] = Array.isArray(reply) ? (reply as readonly unknown[]) : [];
      const now = decoded(text);
      if (typeof place === 'string' && place !== '') active.place = place;
      // a value that was set meanwhile is on its way to Redis
      if (active.sets === (what === 'set' ? 1 : 0)) this.#put(key, now);
      return { outcome, value: now };
    } finally {
      active.waiting--;
      if (what === 'set') active.sets--;
      const { later } = active;
      if (active.waiting === 0) {
        active.later = null;
        if (later !== null && (active.place === '' || isAfter(later.place, active.place)))
          this.#put(key, later.value);
        this.#settle(key, active);
      }
    }
  }

  /** Forgets the key when its changes have been read in the stream. */
  #settle(key: string, active: Active): void {
    const hasRead = active.place === '' || (active.read !== '' && !isAfter(active.place, active.read));
    if (active.waiting === 0 && hasRead) this.#active.delete(key);
  }

  #remember(key: string, now: number): void {
    this.#recent.delete(key);
    this.#recent.set(key, now);
    for (const [oldest, at] of this.#recent) {
      if (at >= now - lostWithin) break;
      this.#recent.delete(oldest);
    }
  }

  /** The stream is read anew from a later place: changes of this process may not be read again. */
  forget(): void {
    for (const [key, active] of this.#active) {
      active.read = active.place;
      this.#settle(key, active);
    }
  }
}
