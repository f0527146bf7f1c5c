/** How busy the event loop was, a second at a time. */
import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

/** How often it is looked, in ms, and for how many times it is kept. */
const period = 1000;
const kept = 600;

export class LoopLoad {
  /** The largest heap that a look found, in bytes. */
  largestHeap = 0;
  /** Shares of each second, the latest one at `#looks - 1`, round and round. */
  readonly #shares = new Float32Array(kept);
  #looks = 0;
  #last: EventLoopUtilization = performance.eventLoopUtilization();
  #timer: NodeJS.Timeout | undefined;

  start(): void {
    this.#last = performance.eventLoopUtilization();
    this.#timer = setInterval(() => this.#look(), period).unref();
  }

  /** Of the last seconds, or of as many as there were, in percent. */
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
