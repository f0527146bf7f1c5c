/** How late the event loop was, as a distribution: in real time, which is what is measured. */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/** How long delays are kept, in ms: they are dropped every so often, so that the largest is a recent one. */
const period = 60_000;
/** How often a delay is measured, in ms; what is measured has this in it. */
const resolution = 20;

export class LoopDelay {
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution });
  #reset: NodeJS.Timeout | undefined;

  start(): void {
    this.#histogram.enable();
    this.#reset = setInterval(() => this.#histogram.reset(), period).unref();
  }

  /** In ms. */
  percentile(percent: number): number {
    return this.#beyond(this.#histogram.percentile(percent));
  }

  /** In ms. */
  get max(): number {
    return this.#beyond(this.#histogram.max);
  }

  close(): void {
    clearInterval(this.#reset);
    this.#histogram.disable();
  }

  #beyond(nanoseconds: number): number {
    if (this.#histogram.count === 0) return 0;
    return Math.max(Math.round(nanoseconds / 1e4 - 100 * resolution) / 100, 0);
  }
}
