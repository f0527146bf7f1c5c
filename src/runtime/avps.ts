import type { Value } from '../script/index.ts';

/**
 * The AVPs of a message: each name has a stack of values, the last one added first. Source: the manual's
 * Script-CoreVar, "AVP variables", and the vectors lang-avp-*.
 */
export class Avps {
  /** Oldest first: a script adds at that end. */
  #values: Map<string, (string | number)[]> | null = null;

  /** All values of a name, newest first. */
  all(name: string): (string | number)[] {
    return this.#values?.get(name)?.toReversed() ?? [];
  }

  /** Index 0 is the newest, -1 the oldest. */
  get(name: string, index = 0): Value {
    const values = this.#values?.get(name);
    return values?.[place(values, index)] ?? null;
  }

  /** `$avp(x) = v` adds a value on top; null removes the newest. */
  push(name: string, value: Value): void {
    if (value === null) this.remove(name, 0);
    else this.#list(name).push(value);
  }

  /** `$(avp(x)[append]) = v` adds a value at the bottom. */
  append(name: string, value: string | number): void {
    this.#list(name).unshift(value);
  }

  /** `$avp(x) := v` replaces all values; null removes them. */
  replace(name: string, value: Value): void {
    this.set(name, value === null ? [] : [value]);
  }

  /** Replaces all values, given newest first. */
  set(name: string, values: readonly (string | number)[]): void {
    if (values.length === 0) this.#values?.delete(name);
    else (this.#values ??= new Map()).set(name, values.toReversed());
  }

  /** `$(avp(x)[i]) = v` replaces a value; null removes it. False for an index out of range. */
  setAt(name: string, index: number, value: Value): boolean {
    if (value === null) return this.remove(name, index);
    const values = this.#values?.get(name);
    if (values === undefined) return false;
    const at = place(values, index);
    if (values[at] === undefined) return false;
    values[at] = value;
    return true;
  }

  remove(name: string, index: number): boolean {
    const values = this.#values?.get(name);
    if (values === undefined) return false;
    const at = place(values, index);
    if (values[at] === undefined) return false;
    values.splice(at, 1);
    if (values.length === 0) this.#values?.delete(name);
    return true;
  }

  names(): string[] {
    return [...(this.#values?.keys() ?? [])];
  }

  #list(name: string): (string | number)[] {
    this.#values ??= new Map();
    let list = this.#values.get(name);
    if (list === undefined) {
      list = [];
      this.#values.set(name, list);
    }
    return list;
  }
}

/** Converts an index, which counts from the newest value, or backwards from the oldest, to an array position. */
const place = ({ length }: readonly unknown[], index: number): number =>
  index < 0 ? -1 - index : length - 1 - index;
