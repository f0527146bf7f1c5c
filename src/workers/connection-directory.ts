/** The connections of all processes, so that a request finds the connection to its peer in any of them. */
import type { Endpoint } from './frames.ts';

export interface KnownConnection {
  readonly socket: number;
  readonly peer: Endpoint;
}

const keyOf = (socket: number, { address, port }: Endpoint) => `${socket} ${address} ${port}`;

export class ConnectionDirectory {
  readonly #own = new Map<string, KnownConnection>();
  readonly #others = new Map<string, number>();

  /** This process's connections. */
  get own(): Iterable<KnownConnection> {
    return this.#own.values();
  }

  setOwn(socket: number, peer: Endpoint, isOpen: boolean): void {
    if (isOpen) this.#own.set(keyOf(socket, peer), { socket, peer });
    else this.#own.delete(keyOf(socket, peer));
  }

  set(process: number, socket: number, peer: Endpoint, isOpen: boolean): void {
    const key = keyOf(socket, peer);
    if (isOpen) this.#others.set(key, process);
    else if (this.#others.get(key) === process) this.#others.delete(key);
  }

  /** Forgets the connections of a restarted process. */
  forget(process: number): void {
    for (const [key, owner] of this.#others) if (owner === process) this.#others.delete(key);
  }

  /** The other process that has this connection, or null. */
  find(socket: number, peer: Endpoint): number | null {
    return this.#others.get(keyOf(socket, peer)) ?? null;
  }
}
