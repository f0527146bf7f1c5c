/**
 * The module event_datagram: events as JSON-RPC notifications in datagrams. Source: modules/event_datagram of the
 * manual; scenario events-subscribe-datagram.
 */
import { createSocket, type Socket } from 'node:dgram';
import { isIP, isIPv6 } from 'node:net';
import { type EventAttribute, type EventTransport, eventTransports } from '../engine/index.ts';
import { defineModule, type Routing } from '../runtime/index.ts';
import { bareHost, parseHostPort } from '../sip/index.ts';
import { andThen } from '../timers/index.ts';

/** The longest notification, in bytes, as the manual gives it. */
const longest = 65_457;

/** How many bytes may wait for a name or for the system's buffer. */
const mostPending = 4 * 1024 * 1024;

/** The notification in UTF-8; bytes of a message that are not UTF-8 become U+FFFD, since JSON has no others. */
function notification(event: string, attributes: readonly EventAttribute[]): Buffer {
  const isList = attributes.every(({ name }) => name === null);
  const params = isList
    ? attributes.map(({ value }) => value)
    : Object.fromEntries(attributes.map(({ name, value }, i) => [name ?? String(i + 1), value]));
  const json = JSON.stringify({
    jsonrpc: '2.0',
    method: event,
    ...(attributes.length === 0 ? {} : { params }),
  });
  return Buffer.from(Buffer.from(json, 'latin1').toString('utf8'));
}

/** Sends datagrams from sockets of its own, one for IPv4 and one for IPv6, until the routing ends. */
function udp({ host, log, background, listeners }: Routing): EventTransport {
  const sockets = new Map<string, Socket>();
  let pending = 0;
  let isClosed = false;
  listeners.closed.add(() => {
    isClosed = true;
    for (const socket of sockets.values()) socket.close();
  });

  function socketFor(address: string): Socket {
    const type = isIPv6(address) ? 'udp6' : 'udp4';
    const open = sockets.get(type);
    if (open !== undefined) return open;
    const socket = createSocket(type);
    socket.on('error', (error) => log.warning(`event_datagram: ${error.message}`));
    socket.unref();
    sockets.set(type, socket);
    return socket;
  }

  return {
    refuses: (address) => {
      const { port = null } = parseHostPort(address) ?? {};
      return port === null || port === 0
        ? 'invalid socket; use udp:HOST:PORT, as in udp:127.0.0.1:8081'
        : null;
    },
    notify: (target, event, attributes) => {
      const to = parseHostPort(target);
      if (to === null || to.port === null || isClosed) return;
      const { port } = to;
      const name = bareHost(to.host);
      const bytes = notification(event, attributes);
      const failed = (why: string) => log.warning(`event ${event} is not sent to udp:${target}: ${why}`);
      if (bytes.length > longest) return failed(`it has ${bytes.length} bytes, more than ${longest}`);
      if (pending + bytes.length > mostPending) return failed('too many wait to be sent');
      pending += bytes.length;
      background.begin();
      const done = (problem: string | null) => {
        pending -= bytes.length;
        background.end();
        if (problem !== null) failed(problem);
      };
      const found = isIP(name) === 0 ? host.names.addresses(name) : [name];
      void andThen(found, ([address]) => {
        if (address === undefined) return done('the name has no address');
        if (isClosed) return done(null);
        socketFor(address).send(bytes, port, address, (error) => done(error?.message ?? null));
      });
    },
  };
}

const unix: EventTransport = {
  refuses: () => 'Node.js has no UNIX datagram sockets; use udp:HOST:PORT',
  notify: () => {},
};

export const eventDatagram = defineModule({
  name: 'event_datagram',
  summary:
    'Sends events to UDP sockets that `subscribe_event()` names, as JSON-RPC notifications: `udp:127.0.0.1:8081`.',
  source: 'modules/event_datagram; scenario events-subscribe-datagram',
  start: (routing) => {
    routing.states.get(eventTransports).set('udp', udp(routing)).set('unix', unix);
  },
});
