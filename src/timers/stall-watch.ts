/** How late the event loop is: a deadline of the wheel that looks, each time it falls due, how long ago it should have. */
import { Deadline, type TimerWheel } from './timer-wheel.ts';

export interface StallOptions {
  /** How often it looks, in ms. A stall is seen as at most this much shorter than it was. Default 50. */
  readonly interval?: number;
  /** What counts as a stall, in ms. Default 500: T1, after which clients send their requests again. */
  readonly threshold?: number;
  /** At most one call of `onStall` in so many ms. Default 10,000. */
  readonly period?: number;
  /** How late each look was, in ms. */
  readonly onLook?: (late: number) => void;
  /** The longest stall since the last call, in whole ms, and how many there were. */
  readonly onStall?: (milliseconds: number, stalls: number) => void;
}

/** Since the start. */
export interface StallFigures {
  /** How late the last look was, in ms. */
  last: number;
  /** How late the latest was, in ms. */
  max: number;
  /** Looks that were at least `threshold` ms late. */
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

  /** How long ago the last stall ended, in ms: 0 while nobody has looked since; Infinity where there was none. */
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
