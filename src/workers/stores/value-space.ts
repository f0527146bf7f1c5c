/** Values by key in this process's memory: the store's, or a process's copy. */
import type { Replacement, ReplicatedValues, StoreResult } from '../../runtime/index.ts';
import type { Value } from '../../script/index.ts';
import type { Awaitable, ByteBudget } from '../../timers/index.ts';

/** Writes a changed text to the file of the space; false if it cannot. */
type Keep = (key: string, value: string | null) => Awaitable<boolean>;

/** In this process the result is known at once. */
interface LocalReplacement extends Replacement {
  readonly result: 'stored' | 'changed' | 'full';
}

const stored: LocalReplacement = { result: 'stored', written: true };
const changed: LocalReplacement = { result: 'changed', written: true };
const full: LocalReplacement = { result: 'full', written: true };

/** Size of a value without its key and text, in bytes. */
const OVERHEAD = 128;

export class ValueSpace implements ReplicatedValues {
  readonly #memory: ByteBudget;
  readonly #values = new Map<string, Value>();
  readonly #watchers: ((key: string) => void)[] = [];
  #keep: Keep | null = null;

  constructor(memory: ByteBudget) {
    this.#memory = memory;
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Value): boolean {
    if (!this.#put(key, value)) return false;
    if (this.#keep !== null) void this.#keep(key, typeof value === 'string' ? value : null);
    return true;
  }

  #put(key: string, value: Value): boolean {
    const more = this.#growth(key, value);
    if (more > 0 && !this.#memory.reserve(more)) return false;
    if (more < 0) this.#memory.release(-more);
    this.#changed(key, value);
    return true;
  }

  initialize(key: string, value: Value): boolean {
    return this.#values.has(key) || this.set(key, value);
  }

  /** False if it was absent. */
  delete(key: string): boolean {
    const isKnown = this.#values.has(key);
    this.copy(key, undefined);
    if (isKnown && this.#keep !== null) void this.#keep(key, null);
    return isKnown;
  }

  add(key: string, by: number): StoreResult<'add-to-value'> {
    const current = this.#values.get(key);
    const sum = ((typeof current === 'number' ? current : 0) + by) | 0;
    return this.set(key, sum) ? sum : 'full';
  }

  replace(key: string, before: string | null | undefined, value: string | null): LocalReplacement {
    if (before !== undefined && (this.#values.get(key) ?? null) !== before) return changed;
    if (value === null) this.copy(key, undefined);
    else if (!this.#put(key, value)) return full;
    return this.#keep === null ? stored : { result: 'stored', written: this.#keep(key, value) };
  }

  /** From now on texts are written to a file. */
  keepBy(keep: Keep): void {
    this.#keep = keep;
  }

  /** The texts among the values. */
  *texts(): Iterable<readonly [key: string, text: string]> {
    for (const [key, value] of this.#values) if (typeof value === 'string') yield [key, value];
  }

  /** Copies a value from the store, which has checked the budget; undefined removes it. */
  copy(key: string, value: Value | undefined): void {
    this.#memory.charge(this.#growth(key, value));
    if (value !== undefined) this.#changed(key, value);
    else if (this.#values.delete(key)) this.#announce(key);
  }

  keys(): Iterable<string> {
    return this.#values.keys();
  }

  get size(): number {
    return this.#values.size;
  }

  watch(changed: (key: string) => void): void {
    this.#watchers.push(changed);
  }

  #changed(key: string, value: Value): void {
    this.#values.set(key, value);
    this.#announce(key);
  }

  #announce(key: string): void {
    for (const changed of this.#watchers) changed(key);
  }

  /** How many more bytes a value takes than the one it replaces. */
  #growth(key: string, value: Value | undefined): number {
    return sizeOf(key, value) - sizeOf(key, this.#values.get(key));
  }
}

const sizeOf = (key: string, value: Value | undefined) =>
  value === undefined ? 0 : OVERHEAD + key.length + (typeof value === 'string' ? value.length : 0);
