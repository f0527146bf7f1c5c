/** What retries may add to the load of a host: a share of its requests, plus a few a minute for hosts with little traffic. */
const RESERVE = 10;
/** One retry in so many milliseconds is free. */
const FREE_EVERY = 10_000;

export class RetryBudget {
  #balance = RESERVE;
  #earned = 0;
  readonly #share: number;

  /** @param share of requests, from 0 to 1 */
  constructor(share: number) {
    this.#share = share;
  }

  /** A request begins. */
  deposit(): void {
    this.#balance = Math.min(this.#balance + this.#share, Math.max(RESERVE, this.#balance));
  }

  /** Whether a retry may go; it is counted then. */
  withdraw(now: number): boolean {
    if (this.#share === 0) return false;
    const free = Math.floor((now - this.#earned) / FREE_EVERY);
    if (free > 0) {
      this.#balance = Math.min(this.#balance + free, RESERVE);
      this.#earned = now;
    }
    // sums of shares such as a tenth fall short of whole numbers by a rounding error
    if (this.#balance < 1 - 1e-9) return false;
    this.#balance--;
    return true;
  }
}
