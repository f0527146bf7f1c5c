/** The connections of all processes, so that a request finds the connection to its peer in any of them. */
import type { TlsFacts, Transport } from '../sip/index.ts';
import type { Endpoint } from './frames.ts';

export interface OwnConnection {
  readonly socket: number;
  readonly peer: Endpoint;
  readonly secured: Transport['secured'];
}

export interface OthersConnection {
  readonly process: number;
  /** Null in clear text, and during the handshake of a connection that siprest has opened. */
  readonly tls: TlsFacts | null;
}

const keyOf = (socket: number, { address, port }: Endpoint) => `${socket} ${address} ${port}`;

export class ConnectionDirectory {
  readonly #own = new Map<string, OwnConnection>();
  readonly #others = new Map<string, OthersConnection>();

  /** This process's connections. */
  get own(): Iterable<OwnConnection> {
    return this.#own.values();
  }

  opened(connection: OwnConnection): void {
    this.#own.set(keyOf(connection.socket, connection.peer), connection);
  }

  closed(socket: number, peer: Endpoint): void {
    this.#own.delete(keyOf(socket, peer));
  }

  /** Another process has opened a connection, or closed it: null. */
  set(
    process: number,
    socket: number,
    peer: Endpoint,
    connection: Omit<OthersConnection, 'process'> | null,
  ): void {
    const key = keyOf(socket, peer);
    if (connection !== null) this.#others.set(key, { process, ...connection });
    else if (this.#others.get(key)?.process === process) this.#others.delete(key);
  }

  /** Forgets the connections of a restarted process. */
  forget(process: number): void {
    for (const [key, connection] of this.#others)
      if (connection.process === process) this.#others.delete(key);
  }

  /** Another process's connection, or null. */
  find(socket: number, peer: Endpoint): OthersConnection | null {
    return this.#others.get(keyOf(socket, peer)) ?? null;
  }
}
