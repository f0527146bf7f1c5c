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
  /** Bytes that have arrived. */
  readonly bytesRead?: number;
  /** Bytes that were sent. */
  readonly bytesWritten?: number;
  /** The process stays alive for it. */
  ref?(): unknown;
  /** The process does not stay alive for it. */
  unref?(): unknown;
  /** Closes it so that its port is free at once. */
  resetAndDestroy?(): unknown;
}

/** Begins a connection; called with an address that was found. */
export type Connect = (target: ConnectTarget) => Wire;
