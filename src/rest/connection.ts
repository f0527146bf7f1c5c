import type { Wire } from '../net/index.ts';
import type { Exchange } from './exchange.ts';
import { tls } from './lazy-modules.ts';
import type { ConnectionInfo, ConnectionProtocol } from './transfer-end.ts';

/** A connection of any HTTP version, as seen by its users. */
export interface Connection {
  readonly info: ConnectionInfo;
  /** When it was established, on the client's clock. */
  readonly connectedAt: number;
  /** Number of answered requests. */
  readonly served: number;
  /** Whether it can take further requests. */
  readonly usable: boolean;
  /** Whether it has a pending request. */
  readonly isBusy: boolean;
  /** When its last request ended, on the client's clock. */
  readonly idleSince: number;
  /** Sends a request; it must have a free slot. */
  send(exchange: Exchange): void;
  /** Frees the slot of a completed exchange. */
  release(exchange: Exchange): void;
  /** Gives up an exchange, with its connection in HTTP/1, with its stream in HTTP/2. */
  abandon(exchange: Exchange): void;
  /** The rest of the exchange's answer is not read for now. */
  pause(exchange: Exchange): void;
  resume(exchange: Exchange): void;
  /** Closes it at once. */
  destroy(): void;
  /** Closes it so that its port is free at once, if the system supports that. */
  reset(): void;
}

/** Resets a connection for {@link Connection.reset}, or at least destroys it. */
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
