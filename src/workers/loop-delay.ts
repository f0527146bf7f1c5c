/** How late the event loop was, as a distribution. */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/** How long delays are kept, in ms: they are dropped every so often, so that the largest is a recent one. */
const period = 60_000;

export class LoopDelay {
  readonly histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: 10 });
  readonly #reset: NodeJS.Timeout;

  constructor() {
    this.histogram.enable();
    this.#reset = setInterval(() => this.histogram.reset(), period);
    this.#reset.unref();
  }

  close(): void {
    clearInterval(this.#reset);
    this.histogram.disable();
  }
}
