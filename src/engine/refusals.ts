/** Which of the requests that cannot be handled are answered, and which are dropped because replies cost time too. */
import { Checksum, randomToken } from '../sip/index.ts';

/** Maximum number of refusals per second of requests that were not dropped before. */
const perSecond = 5000;

/** Number of dropped requests that are remembered, the latest ones. */
const mostDropped = 50_000;

/**
 * Above a number of refusals a second, requests are dropped, and answered when they come again. All retransmissions of
 * an INVITE come at the same part of a second (500 ms, 1.5 s, 3.5 s, ... after it: RFC 3261, section 17.1.1.2), so that
 * a limit for each second alone would drop some of them each time.
 */
export class Refusals {
  readonly #salt = randomToken();
  /** Checksums of the transactions of dropped requests, in their order. */
  readonly #dropped = new Set<number>();
  #second = 0;
  #sent = 0;

  /**
   * Whether a request is answered; if not, it is dropped.
   * @param key of its transaction
   * @param now in ms
   */
  answers(key: string, now: number): boolean {
    if (this.#dropped.size > 0 && this.#dropped.delete(this.#checksum(key))) return true;
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#sent = 0;
    }
    if (++this.#sent <= perSecond) return true;
    if (this.#dropped.size === mostDropped) {
      const [first] = this.#dropped;
      if (first !== undefined) this.#dropped.delete(first);
    }
    this.#dropped.add(this.#checksum(key));
    return false;
  }

  #checksum(key: string): number {
    return new Checksum().add(this.#salt).add(key).number;
  }
}
