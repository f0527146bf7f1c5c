import type { Value } from '../script/index.ts';

/**
 * The AVPs of a message: each name has a stack of values, the one added last first. Source: the manual's
 * Script-CoreVar, "AVP variables", and the vectors lang-avp-*.
 */
export class Avps {
  /** Oldest first: a script adds at that end. */
  #values: Map<string, (string | number)[]> | null = null;

  /** Newest first; empty if there is none. */
  all(name: string): (string | number)[] {
    return this.#values?.get(name)?.toReversed() ?? [];
  }

  /** Index 0 is the newest, -1 the oldest. */
  get(name: string, index = 0): Value {
    const values = this.#values?.get(name);
    return values?.[place(values, index)] ?? null;
  }

  /** `$avp(x) = v` adds on top; null takes the newest away. */
  push(name: string, value: Value): void {
    if (value === null) this.remove(name, 0);
    else this.#list(name).push(value);
  }

  /** `$(avp(x)[append]) = v` adds at the bottom. */
  append(name: string, value: string | number): void {
    this.#list(name).unshift(value);
  }

  /** `$avp(x) := v`: the only value from now on; null takes all away. */
  replace(name: string, value: Value): void {
    this.set(name, value === null ? [] : [value]);
  }

  /** These are its values from now on, the newest first. */
  set(name: string, values: readonly (string | number)[]): void {
    if (values.length === 0) this.#values?.delete(name);
    else (this.#values ??= new Map()).set(name, values.toReversed());
  }

  /** `$(avp(x)[i]) = v`; null takes it away. False if there is no such index. */
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

/** Where the value of an index stands, which counts from the newest, or from the oldest backwards. */
const place = ({ length }: readonly unknown[], index: number): number =>
  index < 0 ? -1 - index : length - 1 - index;
