/**
 * A limit of concurrency that finds itself, by the gradient of latency: while requests take as long as they did in the
 * long run, the limit rises; as soon as more of them at a time only make each slower, it falls towards what the service
 * does at its usual speed.
 */
const START = 20;
/** By how much latency may rise before the limit falls. */
const TOLERANCE = 1.5;
/** Weight of a new measurement in the latency of the long run. */
const LONG_RUN = 1 / 200;
/** Weight of a new limit. */
const SMOOTHING = 0.2;
/** What a failure makes of the limit. */
const AFTER_FAILURE = 0.9;

export class AdaptiveLimit {
  #limit: number;
  #latency = 0;
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
    this.#limit = Math.min(START, most);
  }

  get limit(): number {
    return Math.floor(this.#limit);
  }

  /**
   * @param latency of a request that has ended, in milliseconds; NaN: it failed as under overload
   * @param underWay how many there were at a time
   */
  measure(latency: number, underWay: number): void {
    if (Number.isNaN(latency)) {
      this.#limit = Math.max(this.#limit * AFTER_FAILURE, 1);
      return;
    }
    const taken = Math.max(latency, 0.1);
    this.#latency = this.#latency === 0 ? taken : this.#latency + (taken - this.#latency) * LONG_RUN;
    // after a long slow time the long run must not take forever to learn that the service is fast again
    if (this.#latency > 2 * taken) this.#latency *= 0.95;
    const gradient = Math.min(Math.max((TOLERANCE * this.#latency) / taken, 0.5), 1);
    // a limit that is not used says nothing about whether more would be too much
    if (gradient === 1 && underWay * 2 < this.#limit) return;
    const wanted = this.#limit * gradient + Math.sqrt(this.#limit);
    const next = this.#limit + (wanted - this.#limit) * SMOOTHING;
    this.#limit = Math.min(Math.max(next, 1), this.#most);
  }
}
