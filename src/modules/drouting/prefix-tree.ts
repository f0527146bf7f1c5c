/** Rules by prefix: a tree of characters in one array, so that a lookup touches little memory. */
import type { Rule } from './records.ts';

/** Prefixes are ASCII. */
const characters = 128;

export class PrefixTree {
  /** The place of a character among the children of a node; -1 for one that no prefix has. */
  readonly #columns = new Int16Array(characters).fill(-1);
  readonly #width: number;
  /** The children of each node, 0 for none; node 0 is the root. */
  readonly #children: Int32Array;
  /** The rules of each node. */
  readonly #rules: (Rule[] | undefined)[] = [undefined];

  /** Rules of the same prefix stay in this order. */
  constructor(rules: readonly Rule[]) {
    let width = 0;
    for (const { prefix } of rules)
      for (let i = 0; i < prefix.length; i++) {
        const code = prefix.charCodeAt(i);
        if (this.#columns[code] === -1) this.#columns[code] = width++;
      }
    this.#width = width;
    const children: number[] = new Array<number>(width).fill(0);
    for (const rule of rules) {
      let node = 0;
      for (let i = 0; i < rule.prefix.length; i++) {
        const place = node * width + (this.#columns[rule.prefix.charCodeAt(i)] ?? 0);
        node = children[place] ?? 0;
        if (node !== 0) continue;
        node = this.#rules.push(undefined) - 1;
        children[place] = node;
        for (let column = 0; column < width; column++) children.push(0);
      }
      const same = this.#rules[node];
      if (same === undefined) this.#rules[node] = [rule];
      else same.push(rule);
    }
    this.#children = Int32Array.from(children);
  }

  /** The rules of each prefix of a number, the longest first; of the whole number alone with `isWhole`. */
  *along(number: string, isWhole: boolean): Iterable<readonly Rule[]> {
    const found = this.#find(number, isWhole);
    for (let i = found.length - 1; i >= 0; i--) yield found[i] ?? [];
  }

  /** The rules of the longest prefix that has any; null for none. */
  longest(number: string): readonly Rule[] | null {
    let node = 0;
    let last = this.#rules[0];
    for (let i = 0; i < number.length; i++) {
      const column = this.#columns[number.charCodeAt(i)] ?? -1;
      if (column < 0) break;
      node = this.#children[node * this.#width + column] ?? 0;
      if (node === 0) break;
      last = this.#rules[node] ?? last;
    }
    return last ?? null;
  }

  #find(number: string, isWhole: boolean): (readonly Rule[])[] {
    const found: (readonly Rule[])[] = [];
    const add = (rules: readonly Rule[] | undefined, length: number) => {
      if (rules !== undefined && (!isWhole || length === number.length)) found.push(rules);
    };
    let node = 0;
    add(this.#rules[0], 0);
    for (let i = 0; i < number.length; i++) {
      const column = this.#columns[number.charCodeAt(i)] ?? -1;
      if (column < 0) break;
      node = this.#children[node * this.#width + column] ?? 0;
      if (node === 0) break;
      add(this.#rules[node], i + 1);
    }
    return found;
  }
}
