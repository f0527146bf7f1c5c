/** Which of the requests that cannot be handled are answered, and which are dropped because replies cost time too. */
import { Checksum, randomToken } from '../sip/index.ts';

/** Maximum number of refusals per second of requests that were not dropped before. */
const perSecond = 5000;

/** Number of places for dropped requests, a power of two; one that loses its place is dropped once more. */
const places = 1 << 16;

/**
 * Above a number of refusals a second, requests are dropped, and answered when they come again. All retransmissions of
 * an INVITE come at the same part of a second (500 ms, 1.5 s, 3.5 s, ... after it: RFC 3261, section 17.1.1.2), so that
 * a limit for each second alone would drop some of them each time.
 */
export class Refusals {
  readonly #salt = randomToken();
  /** Checksums of dropped requests, by part of the checksum; null if none was dropped so far. */
  #dropped: Uint32Array | null = null;
  #second = 0;
  #sent = 0;

  /**
   * Whether a request is answered; if not, it is dropped.
   * @param key of its transaction
   * @param now in ms
   */
  answers(key: string, now: number): boolean {
    if (this.#wasDropped(key)) return true;
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#sent = 0;
    }
    if (++this.#sent <= perSecond) return true;
    this.#dropped ??= new Uint32Array(places);
    const checksum = this.#checksum(key);
    this.#dropped[checksum % places] = checksum;
    return false;
  }

  /** Whether it was dropped the last time; it is answered now. */
  #wasDropped(key: string): boolean {
    if (this.#dropped === null) return false;
    const checksum = this.#checksum(key);
    if (this.#dropped[checksum % places] !== checksum) return false;
    this.#dropped[checksum % places] = 0;
    return true;
  }

  #checksum(key: string): number {
    return new Checksum().add(this.#salt).add(key).number;
  }
}
