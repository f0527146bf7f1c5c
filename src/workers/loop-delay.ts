/** How late the event loop is: figures for people, and a word to those who can do something about it. */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/** How long delays are kept, in ms: they are dropped every so often, so that the largest is a recent one. */
const period = 60_000;
/** How often it is looked, in ms, and how late that may be before the loop counts as behind. */
const interval = 20;
const late = 15;

export class LoopDelay {
  readonly histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: 10 });
  readonly #reset: NodeJS.Timeout;
  readonly #look: NodeJS.Timeout;

  /** `onLook` hears every so often whether the loop is behind. */
  constructor(onLook: (isBehind: boolean) => void) {
    this.histogram.enable();
    this.#reset = setInterval(() => this.histogram.reset(), period);
    let due = performance.now() + interval;
    this.#look = setInterval(() => {
      const now = performance.now();
      onLook(now - due > late);
      due = now + interval;
    }, interval);
    this.#reset.unref();
    this.#look.unref();
  }

  close(): void {
    clearInterval(this.#reset);
    clearInterval(this.#look);
    this.histogram.disable();
  }
}
