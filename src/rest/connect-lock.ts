/**
 * The lock of `noConcurrentConnects`: only one client at a time connects to a host name. Across processes `acquire`
 * returns a promise.
 */
export interface ConnectLock {
  /**
   * Takes the lock for `hostname`; false while another owner has it. An owner may take it several times, and has to
   * release it as often.
   */
  acquire(hostname: string, owner: object): boolean | Promise<boolean>;
  /** Releases the lock once. */
  release(hostname: string, owner: object): void;
}

/** A lock between the clients of one process. */
export class LocalConnectLock implements ConnectLock {
  readonly #held = new Map<string, { owner: object; count: number }>();

  /** Takes the lock: see {@link ConnectLock.acquire}. */
  acquire(hostname: string, owner: object): boolean {
    const held = this.#held.get(hostname);
    if (held === undefined) {
      this.#held.set(hostname, { owner, count: 1 });
      return true;
    }
    if (held.owner !== owner) return false;
    held.count++;
    return true;
  }

  /** Releases the lock once. */
  release(hostname: string, owner: object): void {
    const held = this.#held.get(hostname);
    if (held === undefined || held.owner !== owner) return;
    held.count--;
    if (held.count === 0) this.#held.delete(hostname);
  }

  /** Number of locked host names. */
  get size(): number {
    return this.#held.size;
  }
}
