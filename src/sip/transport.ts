/** Receives and sends messages: a socket, or one of its connections. */
import type { Protocol } from './transports.ts';

/** The source of a message. */
export interface Source {
  /** An IP address, IPv6 without brackets. */
  readonly address: string;
  /** Its port there. */
  readonly port: number;
  /** How it came. */
  readonly transport: Protocol;
}

/** Something that waits for an answer from a peer. */
export interface ConnectionWaiter {
  /** The peer has closed the connection, or nobody listens at the destination. */
  connectionLost(error: Error): void;
}

export interface Transport {
  readonly protocol: Protocol;
  /** Whether it delivers messages or reports failure: decides the transaction timers (RFC 3261, 17). */
  readonly reliable: boolean;
  /** The address it is bound to. */
  readonly local: { readonly address: string; readonly port: number };
  /** For a connection of a stream transport: its socket, which sends requests. */
  readonly listener?: Transport;
  /** For a connection: requests to this port of the peer's address use it too (RFC 5923, `;alias` in a Via). */
  alias?(port: number): void;
  /** For a stream transport: its number of connections. */
  readonly size?: number;
  /** For a stream transport: {@link send} on a connection of this process, regardless of others. */
  sendHere?: Transport['send'];
  /** For a stream transport: the open connection to this address and port; null if there is none. */
  connectionTo?(address: string, port: number): Transport | null;
  /**
   * For a stream transport: what waits for answers on this process's connection to this address and port; null
   * without one.
   */
  waitersTo?(address: string, port: number): Set<ConnectionWaiter> | null;
  /** For a stream transport: whether a connection to this address and port is open in any process. */
  isConnected?(address: string, port: number): boolean;
  /**
   * For a stream transport: closes the connection to this address and port in any process; false if there is none.
   */
  closeTo?(address: string, port: number): boolean;
  /** For a connectionless transport: tells `waiter`, which has not got an answer, if nobody listens there. */
  askWhetherOpen?(address: string, port: number, waiter: ConnectionWaiter): void;
  /** For a connectionless transport: this address and port is behind NAT. */
  isTranslated?(address: string, port: number): void;
  /** Never throws; `done` gets null once the message has been handed to the system, or the error. */
  send(data: Uint8Array, address: string, port: number, done?: (error: Error | null) => void): void;
  close(): Promise<void>;
}

/** `udp:127.0.0.1:5060`, `udp:[::1]:5060`: a socket as written in configurations and logs. */
export function transportName(transport: Transport): string {
  const { address, port } = transport.local;
  return `${transport.protocol}:${address.includes(':') ? `[${address}]` : address}:${port}`;
}
