/** How connections are made: through node:net, unless somebody brings another way. */
import type { Duplex } from 'node:stream';

/** Where a connection leads. */
export interface ConnectTarget {
  /** The name that was looked up, or the address. */
  readonly hostname: string;
  readonly address: string;
  readonly port: number;
}

/**
 * A connection: a socket of node:net, or another stream that takes its place. It emits `connect` when it is there, or
 * `error` with a code of connect(2), such as `ECONNREFUSED`; never before `connect()` has returned. What it lacks of the
 * optional parts does no harm.
 */
export interface Wire extends Duplex {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localPort?: number | undefined;
  readonly bytesRead?: number;
  readonly bytesWritten?: number;
  /** Whether the process stays alive for it. */
  ref?(): unknown;
  unref?(): unknown;
  /** Closes it so that its port is free at once. */
  resetAndDestroy?(): unknown;
}

export type Connect = (target: ConnectTarget) => Wire;
