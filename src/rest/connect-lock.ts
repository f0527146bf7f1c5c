/**
 * The lock of `noConcurrentConnects`: one client at a time connects to a host name. Within one process it is a map; between
 * several processes it asks elsewhere, so `acquire` may return a promise.
 */
export interface ConnectLock {
  /**
   * Takes the lock for `hostname`; false when another owner has it. An owner may take it several times and
   * then gives it back as often.
   */
  acquire(hostname: string, owner: object): boolean | Promise<boolean>;
  /** Gives back one taking of it. */
  release(hostname: string, owner: object): void;
}

/** Between the clients of one process. */
export class LocalConnectLock implements ConnectLock {
  readonly #held = new Map<string, { owner: object; count: number }>();

  /** Takes it, see {@link ConnectLock.acquire}. */
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

  /** Gives back one taking of it. */
  release(hostname: string, owner: object): void {
    const held = this.#held.get(hostname);
    if (held === undefined || held.owner !== owner) return;
    held.count--;
    if (held.count === 0) this.#held.delete(hostname);
  }

  /** Host names that are locked now. */
  get size(): number {
    return this.#held.size;
  }
}
