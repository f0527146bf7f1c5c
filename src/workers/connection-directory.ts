/** Which connections the processes have, so that a request finds its peer's connection in whichever process it is. */
import type { Endpoint } from './frames.ts';

export interface KnownConnection {
  readonly socket: number;
  readonly peer: Endpoint;
}

const keyOf = (socket: number, { address, port }: Endpoint) => `${socket} ${address} ${port}`;

export class ConnectionDirectory {
  readonly #own = new Map<string, KnownConnection>();
  readonly #others = new Map<string, number>();

  /** This process's. */
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

  /** A process has begun anew: it has none. */
  forget(process: number): void {
    for (const [key, owner] of this.#others) if (owner === process) this.#others.delete(key);
  }

  /** The process that has it; null where none of the others does. */
  find(socket: number, peer: Endpoint): number | null {
    return this.#others.get(keyOf(socket, peer)) ?? null;
  }
}
