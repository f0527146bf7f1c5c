/** A socket, or one of its connections: receives and sends messages. */
import type { TlsConnection } from './tls-connection.ts';
import type { SecurePeer } from './tls-domains.ts';
import type { Protocol } from './transports.ts';

/** The source of a message. */
export interface Source {
  /** An IP address, IPv6 without brackets. */
  readonly address: string;
  /** The source port. */
  readonly port: number;
  /** The transport that delivered it. */
  readonly transport: Protocol;
}

/** Awaits an answer from a peer. */
export interface ConnectionWaiter {
  /** The peer has closed the connection, or nothing listens at the destination. */
  connectionLost(error: Error): void;
}

export type WireTap = (transport: Transport, data: Uint8Array, address: string, port: number) => void;

export interface Transport {
  readonly protocol: Protocol;
  /** Whether it either delivers a message or reports failure, which decides the transaction timers (RFC 3261, 17). */
  readonly reliable: boolean;
  /** The local address and port. */
  readonly local: { readonly address: string; readonly port: number };
  /** For a connection of a stream transport: the socket that sends its requests. */
  readonly listener?: Transport;
  /** For a connection: requests to this port of the peer's address use it as well (RFC 5923, `;alias` in a Via). */
  alias?(port: number): void;
  /** For a connection over TLS: what is known about it and its peer. */
  readonly secured?: Pick<TlsConnection, 'facts'> | null;
  /** For a connection: keeps it open without traffic for this many ms. */
  keepOpen?(milliseconds: number): void;
  /** For a stream transport: its number of connections. */
  readonly size?: number;
  /** For a stream transport: the connections of this process; `isAccepted`: the peer has opened it. */
  readonly connections?: Iterable<
    Pick<Transport, 'local'> & { readonly source: Source; readonly isAccepted: boolean }
  >;
  /** For a stream transport: how many connections were accepted, opened and refused by a limit. */
  readonly connectionCounts?: {
    readonly accepted: number;
    readonly opened: number;
    readonly refused: number;
  };
  /** For a stream transport: {@link send} on a connection of this process only. */
  sendHere?: Transport['send'];
  /** For a stream transport: the open connection to this address and port, or null. */
  connectionTo?(address: string, port: number, peer?: SecurePeer): Transport | null;
  /**
   * For a stream transport: who awaits answers on this process's connection to this address and port; null without a
   * connection.
   */
  waitersTo?(address: string, port: number, peer?: SecurePeer): Set<ConnectionWaiter> | null;
  /** For a stream transport: whether a connection to this address and port is open in any process. */
  isConnected?(address: string, port: number): boolean;
  /**
   * For a stream transport: closes the connection to this address and port in any process; false if there is none.
   */
  closeTo?(address: string, port: number): boolean;
  /** For a connectionless transport: tells `waiter` if nothing listens there. */
  askWhetherOpen?(address: string, port: number, waiter: ConnectionWaiter): void;
  /** For a connectionless transport: this address and port is behind NAT. */
  isTranslated?(address: string, port: number): void;
  /** Sees each message that is sent, and its destination; null: nobody traces. On a listening socket. */
  tap?: WireTap | null;
  /**
   * Never throws; `done` gets null once the message has been handed to the system, or the error. `peer`: what a connection
   * of a secure transport has to be for.
   */
  send(
    data: Uint8Array,
    address: string,
    port: number,
    done?: (error: Error | null) => void,
    peer?: SecurePeer,
  ): void;
  close(): Promise<void>;
}

/** `udp:127.0.0.1:5060`, `udp:[::1]:5060`: a socket as written in configurations and logs. */
export function transportName(transport: Transport): string {
  const { address, port } = transport.local;
  return `${transport.protocol}:${address.includes(':') ? `[${address}]` : address}:${port}`;
}
