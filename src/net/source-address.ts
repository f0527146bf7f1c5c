/** The local address that the system's routing table selects for a destination. */
import { createSocket } from 'node:dgram';
import { type Clock, systemClock } from '../timers/index.ts';
import { isIP, isIPv6 } from './ip-address.ts';

/** How long routes are cached, in ms. */
const ROUTE_AGE = 5_000;
const MAX_KNOWN = 1_000;
/** Any port will do: nothing is sent. */
const PORT = 9;

interface Known {
  readonly source: string | null;
  readonly since: number;
}

const known = new Map<string, Known>();

/** Null without a route. Synchronous; asks the system only now and then. */
export function sourceAddressTowards(address: string, clock: Clock = systemClock): string | null {
  const now = clock.now();
  const before = known.get(address);
  if (before !== undefined && now - before.since < ROUTE_AGE) return before.source;
  if (known.size >= MAX_KNOWN) known.clear();
  const source = askSystem(address);
  known.set(address, { source, since: now });
  return source;
}

/** Connecting a UDP socket makes the system choose its address without sending. */
function askSystem(address: string): string | null {
  const socket = createSocket({
    type: isIPv6(address) ? 'udp6' : 'udp4',
    // called back synchronously, so that connect() returns with the result
    lookup: (literal, _options, callback) => callback(null, literal, isIP(literal)),
  });
  let failed = false;
  socket.on('error', () => {
    failed = true;
  });
  try {
    socket.connect(PORT, address);
    const source = socket.address().address;
    return failed || source === '0.0.0.0' || source === '::' ? null : source;
  } catch {
    return null;
  } finally {
    socket.close();
  }
}
