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
 * A connection: a socket of node:net, or a replacement stream. It emits `connect` once established, or `error` with a
 * code of connect(2), such as `ECONNREFUSED`; never before `connect()` has returned. The optional members may be
 * missing.
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
  /** Lets the process exit despite the connection. */
  unref?(): unknown;
  /** Closes it with a reset, which frees its port immediately. */
  resetAndDestroy?(): unknown;
  /**
   * Replaces the TLS handshake on a simulated connection: calls back with the reason for its failure, or null.
   * @internal
   */
  handshake?(expected: ExpectedServer, done: (refusal: string | null) => void): void;
}

/** A client's checks of a server's certificate. */
export interface ExpectedServer {
  /** The expected name. */
  readonly name: string;
  /** Whether the issuer must be trusted. */
  readonly verifyPeer: boolean;
  /** Whether the name must match. */
  readonly verifyHost: boolean;
}

/** Opens a connection to an address. */
export type Connect = (target: ConnectTarget) => Wire;
