/**
 * How much is sent again to sources that show no sign of life. A final reply to an INVITE is repeated until its ACK
 * comes, eleven times in half a minute; whoever forges the source of an INVITE has all of them sent to somebody else.
 * An ACK has the tag of the reply, which nobody knows who has not received it.
 */

/** Bytes of repeated replies for an address and second without an ACK from there: a hundred usual ones. */
const BYTES_PER_SECOND = 64 * 1024;
/** More addresses than this share one budget. */
const MAX_ADDRESSES = 10_000;
const OTHERS = '';

interface Spent {
  second: number;
  bytes: number;
}

export class ReplyBudget {
  /** Only addresses that replies are repeated to are in here. */
  readonly #spent = new Map<string, Spent>();

  /** Whether so many bytes more may be repeated to an address; counts them where they may. `now` in ms. */
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
      // the oldest may be over; a full table of others shares
      const [oldest] = this.#spent;
      if (oldest !== undefined && oldest[1].second < second && oldest[0] !== OTHERS)
        this.#spent.delete(oldest[0]);
      else if (address !== OTHERS) return this.#of(OTHERS, second);
    }
    const spent = { second, bytes: 0 };
    this.#spent.set(address, spent);
    return spent;
  }

  /** An ACK has come from there. */
  isAlive(address: string): void {
    if (this.#spent.size > 0) this.#spent.delete(address);
  }
}
