/** How connections are made: through node:net, or an injected function. */
import type { Duplex } from 'node:stream';

/** The destination of a connection. */
export interface ConnectTarget {
  /** The name that was looked up, or the address. */
  readonly hostname: string;
  /** The IP address to connect to. */
  readonly address: string;
  /** The port there. */
  readonly port: number;
}

/**
 * A connection: a socket of node:net, or another stream that takes its place. It emits `connect` once established, or
 * `error` with a code of connect(2), such as `ECONNREFUSED`; never before `connect()` has returned. The optional
 * members may be missing.
 */
export interface Wire extends Duplex {
  /** The other side's IP address. */
  readonly remoteAddress?: string | undefined;
  /** The other side's port. */
  readonly remotePort?: number | undefined;
  /** The port on this side. */
  readonly localPort?: number | undefined;
  /** Number of received bytes. */
  readonly bytesRead?: number;
  /** Number of sent bytes. */
  readonly bytesWritten?: number;
  /** Makes the connection keep the process alive. */
  ref?(): unknown;
  /** Lets the process exit in spite of the connection. */
  unref?(): unknown;
  /** Closes it so that its port is free at once. */
  resetAndDestroy?(): unknown;
  /**
   * Stands in for TLS on a wire that has no bytes of it: calls back with the reason why the handshake fails, or null.
   * @internal
   */
  handshake?(expected: ExpectedServer, done: (refusal: string | null) => void): void;
}

/** What a client wants to know of a server's certificate. */
export interface ExpectedServer {
  /** The name that the certificate must have. */
  readonly name: string;
  /** Whether its authority must be trusted. */
  readonly verifyPeer: boolean;
  /** Whether the name must be right. */
  readonly verifyHost: boolean;
}

/** Opens a connection to an address. */
export type Connect = (target: ConnectTarget) => Wire;
