/** What messages come in by and go out by: a socket, or one connection of it. */
import type { Protocol } from './transports.ts';

/** Where a message came from. */
export interface Source {
  /** An IP address, IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
  readonly transport: Protocol;
}

/** Whoever waits for an answer of a peer's. */
export interface ConnectionWaiter {
  /** The peer has closed the connection, or nobody listens where the request was sent. */
  connectionLost(error: Error): void;
}

export interface Transport {
  readonly protocol: Protocol;
  /** Whether it delivers or tells: decides the transaction timers (RFC 3261, 17). */
  readonly reliable: boolean;
  /** What it is bound to. */
  readonly local: { readonly address: string; readonly port: number };
  /** Of one connection of a stream transport: the socket that it belongs to, by which requests go out. */
  readonly listener?: Transport;
  /** Of one connection: requests to this port of the peer's address take it too (RFC 5923, `;alias` in a Via). */
  alias?(port: number): void;
  /** Of a stream transport: how many connections it has. */
  readonly size?: number;
  /** Of a stream transport: {@link send} by a connection of this process, whatever others have. */
  sendHere?: Transport['send'];
  /** Of a stream transport: the open connection to this address and port; null where there is none. */
  connectionTo?(address: string, port: number): Transport | null;
  /** Of a stream transport: who waits for answers by this process's connection to this address and port; null without one. */
  waitersTo?(address: string, port: number): Set<ConnectionWaiter> | null;
  /** Of a stream transport: whether a connection to this address and port is open, in whichever process. */
  isConnected?(address: string, port: number): boolean;
  /** Of a stream transport: ends the connection to this address and port, whichever process has it; false where there is none. */
  closeTo?(address: string, port: number): boolean;
  /** Of a transport without connections: tells `waiter`, which has waited in vain, where nobody listens there. */
  askWhetherOpen?(address: string, port: number, waiter: ConnectionWaiter): void;
  /** Of a transport without connections: what comes from this address and port has passed an address translator. */
  isTranslated?(address: string, port: number): void;
  /** Never throws; `done` gets null once the message has been handed to the system, or the error. */
  send(data: Uint8Array, address: string, port: number, done?: (error: Error | null) => void): void;
  close(): Promise<void>;
}

/** `udp:127.0.0.1:5060`, `udp:[::1]:5060`: how a socket is written in a configuration and in a log. */
export function transportName(transport: Transport): string {
  const { address, port } = transport.local;
  return `${transport.protocol}:${address.includes(':') ? `[${address}]` : address}:${port}`;
}
