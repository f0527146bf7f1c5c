/** Which of several has the highest value, the first among equals. Changing a value and asking cost O(log n). */
export class Ranking {
  /** A tree of maxima: the values are its leaves, the children of node i are 2i and 2i + 1. */
  readonly #tree: Float64Array;
  readonly #leaves: number;

  constructor(count: number) {
    this.#leaves = 2 ** Math.ceil(Math.log2(Math.max(1, count)));
    this.#tree = new Float64Array(2 * this.#leaves).fill(Number.NEGATIVE_INFINITY);
  }

  /** -Infinity at first. */
  get(index: number): number {
    return this.#tree[this.#leaves + index] ?? Number.NEGATIVE_INFINITY;
  }

  set(index: number, value: number): void {
    const tree = this.#tree;
    let node = this.#leaves + index;
    tree[node] = value;
    while (node > 1) {
      node >>= 1;
      tree[node] = Math.max(tree[2 * node] ?? 0, tree[2 * node + 1] ?? 0);
    }
  }

  /** The highest value. */
  get highest(): number {
    return this.#tree[1] ?? Number.NEGATIVE_INFINITY;
  }

  /** The first one that has it. */
  get best(): number {
    const tree = this.#tree;
    let node = 1;
    while (node < this.#leaves) node = tree[2 * node] === tree[node] ? 2 * node : 2 * node + 1;
    return node - this.#leaves;
  }
}
