/** How busy the event loop was, a second at a time. */
import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

/** Interval of measurements, in ms, and how many are kept. */
const period = 1000;
const kept = 600;

export class LoopLoad {
  /** The largest measured heap, in bytes. */
  largestHeap = 0;
  /** A ring of the shares of each second, the latest at `#looks - 1`. */
  readonly #shares = new Float32Array(kept);
  #looks = 0;
  #last: EventLoopUtilization = performance.eventLoopUtilization();
  #timer: NodeJS.Timeout | undefined;

  start(): void {
    this.#last = performance.eventLoopUtilization();
    this.#timer = setInterval(() => this.#look(), period).unref();
  }

  /** The mean of the last seconds, or of fewer after the start, in percent. */
  mean(seconds: number): number {
    const count = Math.min(seconds, this.#looks, kept);
    let sum = 0;
    for (let back = 1; back <= count; back++) sum += this.#shares[(this.#looks - back) % kept] ?? 0;
    return count === 0 ? 0 : Math.round((1000 * sum) / count) / 10;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.eventLoopUtilization();
    this.#shares[this.#looks++ % kept] = performance.eventLoopUtilization(now, this.#last).utilization;
    this.#last = now;
    this.largestHeap = Math.max(this.largestHeap, getHeapStatistics().total_heap_size);
  }
}
