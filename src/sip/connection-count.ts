import type { StreamLimits } from './stream-limits.ts';

/** Counts the connections of all stream sockets that share one set of limits: those of a process, over TCP and TLS. */
export class ConnectionCount {
  /** Number of connections that siprest has opened. */
  opened = 0;
  #accepted = 0;
  readonly #from = new Map<string, number>();

  /** Counts an incoming connection; false if it exceeds a limit. */
  accept(address: string, limits: Pick<StreamLimits, 'accepted' | 'acceptedFromOne'>): boolean {
    const fromThere = this.#from.get(address) ?? 0;
    if (this.#accepted >= limits.accepted || fromThere >= limits.acceptedFromOne) return false;
    this.#accepted++;
    this.#from.set(address, fromThere + 1);
    return true;
  }

  /** One of them has ended. */
  release(address: string): void {
    const left = (this.#from.get(address) ?? 1) - 1;
    this.#accepted--;
    if (left > 0) this.#from.set(address, left);
    else this.#from.delete(address);
  }
}
