/** Keepalive messages to the endpoints, spread evenly over the interval. */
import { findSocket, type RunRouting } from '../../runtime/index.ts';
import type { RowValues } from '../../script/index.ts';
import {
  bareHost,
  defaultPort,
  type HeaderText,
  headerText,
  isProtocol,
  NO_HEADERS,
  parseUri,
  uriTransport,
} from '../../sip/index.ts';
import { every } from '../../timers/index.ts';
import { PingSlots } from '../ping-slots.ts';
import { sendOnce } from '../send-once.ts';
import { endpoints } from './endpoints.ts';
import type { parameters } from './parameters.ts';

type Values = RowValues<typeof parameters>;

/** How often a part of the endpoints is pinged, in ms. */
const period = 100;
/** How long an answer is waited for, in ms. */
const within = 5000;

/** Sends while the routing is in force; the result ends it. */
export function beginKeepalive(routing: RunRouting, values: Values): () => void {
  const { host } = routing;
  const all = host.states.get(endpoints);
  const slots = new PingSlots((1000 * values.keepalive_interval) / period, host.number, host.count);
  const unwatch = all.watch((uri, isThere) => slots.update(uri, isThere));
  const event = values.keepalive_method === 'NOTIFY' ? 'Event: keep-alive\r\n' : '';
  const headers = headerText(`${event}${values.keepalive_extra_headers}`) ?? NO_HEADERS;
  let slot = 0;
  const timer = every(host.clock, period, () => {
    slot = (slot + 1) % slots.count;
    for (const uri of [...slots.at(slot)]) {
      const endpoint = all.find(uri);
      if (endpoint === null) all.forget(uri);
      else send(routing, values, headers, uri, endpoint.socket);
    }
  });
  return () => {
    timer.stop();
    unwatch();
  };
}

function send(routing: RunRouting, values: Values, headers: HeaderText, uri: string, name: string): void {
  const { host } = routing;
  const parts = parseUri(uri);
  const transport = parts === null ? '' : uriTransport(parts);
  if (parts === null || !isProtocol(transport)) return;
  const target = {
    address: bareHost(parts.host ?? ''),
    port: parts.port ?? defaultPort(transport),
    transport,
  };
  const socket = host.proxy.sockets.choose(target, findSocket(host.sockets, name), { forced: true });
  // no new connection to a phone behind a NAT is possible
  if (socket === null || socket.transport.isConnected?.(target.address, target.port) === false) return;
  const from = values.keepalive_from ?? `sip:keepalive@${socket.host}`;
  const request = { method: values.keepalive_method, uri, from, headers, within };
  sendOnce(routing, request, target, socket, () => undefined);
}
