/**
 * Limits retransmissions to addresses that never acknowledge. A final reply to an INVITE is repeated until its ACK
 * arrives, eleven times in 32 s; with a forged source they all go to a victim. An ACK contains the tag of the reply,
 * which proves that it was received.
 */

/** Bytes of repeated replies per second to an address without an ACK from there: about a hundred typical ones. */
const BYTES_PER_SECOND = 64 * 1024;
/** More addresses than this share one budget. */
const MAX_ADDRESSES = 10_000;
const OTHERS = '';

interface Spent {
  second: number;
  bytes: number;
}

export class ReplyBudget {
  /** Contains only addresses that replies are repeated to. */
  readonly #spent = new Map<string, Spent>();

  /** Whether this many more bytes may be repeated to an address; if so, counts them. `now` in ms. */
  takes(address: string, bytes: number, now: number): boolean {
    const second = Math.floor(now / 1000);
    const spent = this.#of(address, second);
    if (spent.second !== second) {
      spent.second = second;
      spent.bytes = 0;
    }
    if (spent.bytes + bytes > BYTES_PER_SECOND) return false;
    spent.bytes += bytes;
    return true;
  }

  #of(address: string, second: number): Spent {
    const known = this.#spent.get(address);
    if (known !== undefined) return known;
    if (this.#spent.size >= MAX_ADDRESSES) {
      // the oldest may have expired; if the table is full of others, they share a budget
      const [oldest] = this.#spent;
      if (oldest !== undefined && oldest[1].second < second && oldest[0] !== OTHERS)
        this.#spent.delete(oldest[0]);
      else if (address !== OTHERS) return this.#of(OTHERS, second);
    }
    const spent = { second, bytes: 0 };
    this.#spent.set(address, spent);
    return spent;
  }

  /** An ACK has arrived from there. */
  isAlive(address: string): void {
    if (this.#spent.size > 0) this.#spent.delete(address);
  }
}
