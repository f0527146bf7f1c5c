/**
 * Limits retransmissions to addresses that never acknowledge. A final reply to an INVITE is repeated until its ACK
 * arrives, eleven times in 32 s; with a forged source address they all hit a victim. An ACK contains the tag of the
 * reply, which proves that the address has received it.
 */

/** Unacknowledged repeated bytes per second to one address: about a hundred typical replies. */
const BYTES_PER_SECOND = 64 * 1024;
/** Further addresses share one budget. */
const MAX_ADDRESSES = 10_000;
const OTHERS = '';

interface Spent {
  second: number;
  bytes: number;
}

export class ReplyBudget {
  /** Only addresses with repeated replies. */
  readonly #spent = new Map<string, Spent>();

  /** Counts bytes to be repeated to an address, if its budget allows them; `now` in ms. */
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
      // the oldest may have expired; once the table is full of others, new addresses share a budget
      const [oldest] = this.#spent;
      if (oldest !== undefined && oldest[1].second < second && oldest[0] !== OTHERS)
        this.#spent.delete(oldest[0]);
      else if (address !== OTHERS) return this.#of(OTHERS, second);
    }
    const spent = { second, bytes: 0 };
    this.#spent.set(address, spent);
    return spent;
  }

  /** An ACK has arrived from this address. */
  isAlive(address: string): void {
    if (this.#spent.size > 0) this.#spent.delete(address);
  }
}
