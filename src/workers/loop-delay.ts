/** The distribution of event loop delays, measured in real time. */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/** How often delays are reset, in ms, so that the maximum is recent. */
const period = 60_000;
/** Interval of measurements, in ms; it is included in the measured values. */
const resolution = 20;

export class LoopDelay {
  /** Null until it is started. */
  #histogram: IntervalHistogram | null = null;
  #reset: NodeJS.Timeout | undefined;

  start(): void {
    const histogram = monitorEventLoopDelay({ resolution });
    this.#histogram = histogram;
    histogram.enable();
    this.#reset = setInterval(() => histogram.reset(), period).unref();
  }

  /** In ms. */
  percentile(percent: number): number {
    return this.#beyond(this.#histogram?.percentile(percent));
  }

  /** In ms. */
  get max(): number {
    return this.#beyond(this.#histogram?.max);
  }

  close(): void {
    clearInterval(this.#reset);
    this.#histogram?.disable();
  }

  #beyond(nanoseconds: number | undefined): number {
    if (nanoseconds === undefined || this.#histogram?.count === 0) return 0;
    return Math.max(Math.round(nanoseconds / 1e4 - 100 * resolution) / 100, 0);
  }
}
