/**
 * Subscribers of events: sockets that modules such as event_datagram send notifications to. All processes share the
 * subscriptions, which outlive a reload. Source: the manual's Interface-Events.
 */
import { type Host, type Routing, StateKey } from '../runtime/index.ts';
import type { Value } from '../script/index.ts';

export interface EventAttribute {
  /** Null for a positional attribute. */
  readonly name: string | null;
  readonly value: Value;
}

/** Sends notifications to the sockets of one scheme. */
export interface EventTransport {
  /** Why it cannot send to this address, the socket without its scheme; null if it can. */
  refuses(address: string): string | null;
  /** Sends later, and logs a failure; never throws. */
  notify(address: string, event: string, attributes: readonly EventAttribute[]): void;
}

/** The transports of the loaded modules, by the scheme of their sockets: `udp` of `udp:127.0.0.1:8081`. */
export const eventTransports = new StateKey<Routing, Map<string, EventTransport>>(
  'event transports',
  () => new Map(),
);

/** Maximum number of pairs of an event and a socket during the life of a server. */
const maxSubscriptions = 10_000;

/** The store's space: by `SOCKET EVENT` when the subscription ends, in ms since 1970, or 0 for never. */
const space = 'event subscribers';

/** This process's index of the space: when the sockets of each event expire. */
const subscribers = new StateKey<Host, Map<string, Map<string, number>>>(space, ({ store }) => {
  const byEvent = new Map<string, Map<string, number>>();
  const values = store.values(space);
  const list = (key: string) => {
    const blank = key.indexOf(' ');
    const event = key.slice(blank + 1);
    const sockets = byEvent.get(event) ?? new Map<string, number>();
    sockets.set(key.slice(0, blank), Number(values.get(key) ?? 0));
    byEvent.set(event, sockets);
  };
  for (const key of values.keys()) list(key);
  values.watch(list);
  return byEvent;
});

const split = (socket: string) => {
  const colon = socket.indexOf(':');
  return { scheme: socket.slice(0, Math.max(0, colon)), address: socket.slice(colon + 1) };
};

/** Whether any socket gets the events of this name. */
export const hasSubscribers = ({ host }: Routing, event: string): boolean =>
  (host.states.get(subscribers).get(event)?.size ?? 0) > 0;

/**
 * Sends the events of this name to a socket, for a number of seconds or, with null, forever. Returns why it cannot, or
 * null.
 */
export function subscribe(
  routing: Routing,
  event: string,
  socket: string,
  duration: number | null,
): string | null {
  const { host } = routing;
  const transports = routing.states.get(eventTransports);
  const { scheme, address } = split(socket);
  const transport = transports.get(scheme);
  if (transport === undefined) {
    const known = [...transports.keys()].map((name) => `${name}:`).join(', ');
    return known === ''
      ? 'no loaded module sends events; load event_datagram'
      : `invalid socket; the loaded modules send to ${known}`;
  }
  const refusal = transport.refuses(address);
  if (refusal !== null) return refusal;
  const values = host.store.values(space);
  const key = `${socket} ${event}`;
  const full = 'too many subscriptions';
  if (values.get(key) === undefined && [...values.keys()].length >= maxSubscriptions) return full;
  return values.set(key, duration === null ? 0 : host.clock.date() + 1000 * duration) ? null : full;
}

export interface Subscription {
  /** `udp:127.0.0.1:8081` */
  readonly socket: string;
  /** Seconds until it ends; null: never. */
  readonly left: number | null;
}

/** The subscriptions that have not expired, by event. */
export function subscriptions(host: Host): ReadonlyMap<string, readonly Subscription[]> {
  const now = host.clock.date();
  const byEvent = new Map<string, readonly Subscription[]>();
  for (const [event, sockets] of host.states.get(subscribers)) {
    const current = [...sockets]
      .filter(([, expires]) => expires === 0 || expires > now)
      .map(([socket, expires]) => ({
        socket,
        left: expires === 0 ? null : Math.ceil((expires - now) / 1000),
      }));
    if (current.length > 0) byEvent.set(event, current);
  }
  return byEvent;
}

/** Sends an event to its subscribers. */
export function notifySubscribers(
  routing: Routing,
  event: string,
  attributes: readonly EventAttribute[],
): void {
  const transports = routing.states.known(eventTransports);
  if (transports === undefined) return;
  const { host } = routing;
  const sockets = host.states.get(subscribers).get(event) ?? [];
  const now = host.clock.date();
  for (const [socket, expires] of sockets) {
    const { scheme, address } = split(socket);
    if (expires === 0 || expires > now) transports.get(scheme)?.notify(address, event, attributes);
    else host.states.get(subscribers).get(event)?.delete(socket);
  }
}
