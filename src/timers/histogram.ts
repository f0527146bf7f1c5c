/** The distribution of a time, as counts by range: adding one allocates nothing, and those of several processes add up. */

/** Counts by range, and the sum of all times in s. */
export interface HistogramFigure {
  /** Number of times. */
  readonly count: number;
  /** Their sum, in s. */
  readonly sum: number;
  /** How many are within each bound and above the one before; the last is above all bounds. */
  readonly buckets: readonly number[];
}

/** Upper bounds for network and service times, in s. */
export const latencyBounds: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

/** Upper bounds for CPU times, in s. */
export const runBounds: readonly number[] = [
  0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5,
];

export class Histogram {
  /** In ms. */
  readonly #bounds: Float64Array;
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = Float64Array.from(bounds, (seconds) => seconds * 1000);
    this.#counts = new Float64Array(bounds.length + 1);
  }

  add(milliseconds: number): void {
    const bounds = this.#bounds;
    let at = 0;
    while (at < bounds.length && milliseconds > (bounds[at] ?? 0)) at++;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#sum += milliseconds;
  }

  get figure(): HistogramFigure {
    let count = 0;
    for (const one of this.#counts) count += one;
    return { count, sum: Math.round(this.#sum * 1000) / 1_000_000, buckets: [...this.#counts] };
  }
}

export function addHistograms(one: HistogramFigure | undefined, other: HistogramFigure): HistogramFigure {
  if (one === undefined) return other;
  return {
    count: one.count + other.count,
    sum: Math.round((one.sum + other.sum) * 1_000_000) / 1_000_000,
    buckets: one.buckets.map((count, at) => count + (other.buckets[at] ?? 0)),
  };
}

/** The time in s that a share of all times does not exceed, estimated within its range as Prometheus does; 0 for none. */
export function quantile(
  bounds: readonly number[],
  { count, buckets }: HistogramFigure,
  share: number,
): number {
  let left = count * share;
  for (const [at, some] of buckets.entries()) {
    const upper = bounds[at];
    if (upper === undefined) break;
    const lower = bounds[at - 1] ?? 0;
    if (left <= some) return some === 0 ? 0 : lower + ((upper - lower) * left) / some;
    left -= some;
  }
  return bounds.at(-1) ?? 0;
}
