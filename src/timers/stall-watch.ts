/**
 * Measures how late the event loop is, with a periodic deadline in the wheel that compares its due time with the
 * clock.
 */
import { Deadline, type TimerWheel } from './timer-wheel.ts';

export interface StallOptions {
  /** Interval of the measurements, in ms. A stall appears at most this much shorter than it was. Default 50. */
  readonly interval?: number;
  /** What counts as a stall, in ms. Default 500: T1, after which clients retransmit. */
  readonly threshold?: number;
  /** Minimum interval between calls of `onStall`, in ms. Default 10,000. */
  readonly period?: number;
  /** Delay of each measurement, in ms. */
  readonly onLook?: (late: number) => void;
  /** The longest stall since the last call, in whole ms, and the number of stalls. */
  readonly onStall?: (milliseconds: number, stalls: number) => void;
}

/** Since the start. */
export interface StallFigures {
  /** Delay of the last measurement, in ms. */
  last: number;
  /** The largest delay, in ms. */
  max: number;
  /** Measurements at least `threshold` ms late. */
  stalls: number;
}

export class StallWatch extends Deadline {
  readonly figures: StallFigures = { last: 0, max: 0, stalls: 0 };
  readonly #wheel: TimerWheel;
  readonly #interval: number;
  readonly #threshold: number;
  readonly #period: number;
  readonly #onLook: (late: number) => void;
  readonly #onStall: (milliseconds: number, stalls: number) => void;
  #endedAt = Number.NEGATIVE_INFINITY;
  #toldAt = Number.NEGATIVE_INFINITY;
  #untold = 0;
  #longestUntold = 0;

  constructor(wheel: TimerWheel, options: StallOptions = {}) {
    super();
    this.#wheel = wheel;
    this.#interval = options.interval ?? 50;
    this.#threshold = options.threshold ?? 500;
    this.#period = options.period ?? 10_000;
    this.#onLook = options.onLook ?? (() => {});
    this.#onStall = options.onStall ?? (() => {});
  }

  start(): void {
    this.#wheel.start(this, this.#interval);
  }

  stop(): void {
    this.#wheel.stop(this);
  }

  /** How long ago the last stall ended, in ms: 0 until the next measurement; Infinity if there was none. */
  get sinceStall(): number {
    const now = this.#wheel.clock.now();
    return this.running && now - this.due >= this.#threshold ? 0 : now - this.#endedAt;
  }

  override onDeadline(): void {
    const now = this.#wheel.clock.now();
    const late = now - this.due;
    const { figures } = this;
    figures.last = late;
    figures.max = Math.max(figures.max, late);
    this.#wheel.start(this, this.#interval, now);
    this.#onLook(late);
    if (late >= this.#threshold) {
      figures.stalls++;
      this.#endedAt = now;
      this.#untold++;
      this.#longestUntold = Math.max(this.#longestUntold, late);
    }
    if (this.#untold === 0 || now - this.#toldAt < this.#period) return;
    const [longest, stalls] = [Math.round(this.#longestUntold), this.#untold];
    this.#toldAt = now;
    this.#untold = 0;
    this.#longestUntold = 0;
    this.#onStall(longest, stalls);
  }
}
