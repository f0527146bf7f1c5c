/** What a row of paired measurements says. */

export interface MedianInterval {
  readonly median: number;
  /** The ends of an interval in which the median lies with at least the confidence asked for. */
  readonly low: number;
  readonly high: number;
}

function ascending(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}

export function median(values: readonly number[]): number {
  const sorted = ascending(values);
  const middle = sorted.length / 2;
  const [below = Number.NaN, above = Number.NaN] = [
    sorted[Math.ceil(middle) - 1],
    sorted[Math.floor(middle)],
  ];
  return (below + above) / 2;
}

/** The value below which this share of them lies, from 0 to 1; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = ascending(values);
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? Number.NaN;
}

/**
 * The median, and between which of the values it lies, by the binomial distribution of how many lie below it: nothing
 * is assumed of the values but that they are independent. With fewer than six values the widest interval there is
 * is less certain than 95 %.
 */
export function medianInterval(values: readonly number[], confidence = 0.95): MedianInterval {
  const sorted = ascending(values);
  const count = sorted.length;
  // how many of the outermost values on each side may be left out
  let out = 0;
  let tail = 0;
  let probability = 0.5 ** count; // that no value lies below
  for (; out < Math.floor((count - 1) / 2); out++) {
    tail += probability;
    if (1 - 2 * tail < confidence) break;
    probability *= (count - out) / (out + 1);
  }
  const left = Math.max(out - 1, 0);
  return {
    median: median(sorted),
    low: sorted[left] ?? Number.NaN,
    high: sorted[count - 1 - left] ?? Number.NaN,
  };
}
