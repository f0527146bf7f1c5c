import type { Socket } from 'node:net';
import { tls } from './lazy-modules.ts';
import type { ConnectionInfo, ConnectionProtocol } from './outcome.ts';
import type { Transfer } from './transfer.ts';

/** A connection as pool and transfers see it, whichever HTTP version it speaks. */
export interface Connection {
  readonly info: ConnectionInfo;
  /** On the clock of `performance.now()`. */
  readonly connectedAt: number;
  /** Requests that it has answered so far. */
  readonly served: number;
  /** False once nothing more may be sent on it. */
  readonly usable: boolean;
  /** Whether a request is on it. */
  readonly isBusy: boolean;
  /** When the last request on it was over, on the clock of `performance.now()`. */
  readonly idleSince: number;
  /** Sends a request; there must be a free slot. */
  dispatch(transfer: Transfer): void;
  /** The transfer's answer is complete: its slot is free again. */
  release(transfer: Transfer): void;
  /** The transfer was given up: in HTTP/1 the connection goes with it, in HTTP/2 its stream. */
  abandon(transfer: Transfer): void;
  /** Closes it at once. */
  destroy(): void;
  /** Closes it so that its port is free at once, where the system can do that. */
  reset(): void;
}

/** For {@link Connection.reset}: it is destroyed after that in any case. */
export function resetSocket(socket: Socket): void {
  if (!(socket instanceof tls().TLSSocket)) socket.resetAndDestroy();
}

let lastId = 0;

export function describeConnection(socket: Socket, protocol: ConnectionProtocol): ConnectionInfo {
  const secure = socket instanceof tls().TLSSocket ? socket : null;
  lastId++;
  return {
    id: lastId,
    protocol,
    remoteAddress: socket.remoteAddress ?? '',
    remotePort: socket.remotePort ?? 0,
    localPort: socket.localPort ?? 0,
    tls: secure?.getProtocol() ?? '',
    tlsResumed: secure?.isSessionReused() ?? false,
  };
}
