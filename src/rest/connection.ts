import type { Wire } from '../net/index.ts';
import type { Exchange } from './exchange.ts';
import { tls } from './lazy-modules.ts';
import type { ConnectionInfo, ConnectionProtocol } from './outcome.ts';

/** A connection as seen by senders of requests, for any HTTP version. */
export interface Connection {
  readonly info: ConnectionInfo;
  /** When it was made, on the client's clock. */
  readonly connectedAt: number;
  /** Requests that it has answered so far. */
  readonly served: number;
  /** False once nothing more may be sent on it. */
  readonly usable: boolean;
  /** Whether a request is on it. */
  readonly isBusy: boolean;
  /** When the last request on it ended, on the client's clock. */
  readonly idleSince: number;
  /** Sends a request; there must be a free slot. */
  send(exchange: Exchange): void;
  /** The answer is complete: its slot is free again. */
  release(exchange: Exchange): void;
  /** The exchange was given up: in HTTP/1 the connection goes with it, in HTTP/2 its stream. */
  abandon(exchange: Exchange): void;
  /** Closes it at once. */
  destroy(): void;
  /** Closes it so that its port is free at once, if the system supports that. */
  reset(): void;
}

/** For {@link Connection.reset}: it is destroyed after that in any case. */
export function resetWire(wire: Wire): void {
  if (!(wire instanceof tls().TLSSocket)) wire.resetAndDestroy?.();
}

let lastId = 0;

export function describeConnection(wire: Wire, protocol: ConnectionProtocol): ConnectionInfo {
  const secure = wire instanceof tls().TLSSocket ? wire : null;
  lastId++;
  return {
    id: lastId,
    protocol,
    remoteAddress: wire.remoteAddress ?? '',
    remotePort: wire.remotePort ?? 0,
    localPort: wire.localPort ?? 0,
    tls: secure?.getProtocol() ?? '',
    tlsResumed: secure?.isSessionReused() ?? false,
  };
}
