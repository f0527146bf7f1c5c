/** Destinations of which one is chosen by a number, as often as their weights say. */
import type { Destination } from './destination.ts';

export class Choices {
  readonly list: readonly Destination[];
  /** The sum of the weights: numbers from 0 up to it choose. */
  readonly total: number;
  /** Where the part of each in the sum ends; null if all have the same part. */
  readonly #ends: Float64Array | null;

  constructor(list: readonly Destination[]) {
    this.list = list;
    const weights = list.map(({ weight }) => weight);
    const sum = weights.reduce((all, one) => all + one, 0);
    // without any weight all are equal
    const isEven = sum === 0 || weights.every((one) => one === 1);
    this.total = isEven ? list.length : sum;
    let end = 0;
    this.#ends = isEven ? null : Float64Array.from(weights, (one) => (end += one));
  }

  /** The place in the list that a number below {@link total} chooses; consecutive numbers give consecutive places. */
  at(number: number): number {
    const ends = this.#ends;
    if (ends === null) return number;
    let [low, high] = [0, ends.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((ends[middle] ?? 0) > number) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
