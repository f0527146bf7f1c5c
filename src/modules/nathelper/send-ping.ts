/** One ping to a contact: four bytes of zeros, or a SIP request. */
import { findSocket, type RunRouting } from '../../runtime/index.ts';
import type { RowValues } from '../../script/index.ts';
import {
  bareHost,
  type Destinations,
  defaultPort,
  headerText,
  isProtocol,
  NO_HEADERS,
  parseNameAddr,
  parseUri,
  type SendingSocket,
  type Target,
  type Uri,
  uriTransport,
} from '../../sip/index.ts';
import { type Awaitable, andThen } from '../../timers/index.ts';
import { sendOnce } from '../send-once.ts';
import type { Contact } from '../usrloc/location.ts';
import type { parameters } from './parameters.ts';

type Values = RowValues<typeof parameters>;

export type PingKind = 'packet' | 'sip';

export type Pinged =
  /** Ms after it was sent. */
  { readonly isAnswered: true; readonly after: number } | { readonly isAnswered: false };

const packet = Buffer.alloc(4);
const unanswered: Pinged = { isAnswered: false };

/** Sends a ping; `done` hears of the answer to a SIP request. */
export function sendPing(
  routing: RunRouting,
  values: Values,
  contact: Contact,
  kind: PingKind,
  done: (pinged: Pinged) => void,
): void {
  const path = contact.path === null ? null : parseNameAddr(contact.path);
  const hop = parseUri(path?.uri ?? contact.received ?? contact.uri);
  if (hop === null) return;
  const send = (target: Target | undefined) => {
    const socket = target === undefined ? null : socketTo(routing, values, contact, target);
    if (target === undefined || socket === null) return done(unanswered);
    if (kind === 'packet') {
      if (target.transport === 'udp') socket.transport.send(packet, target.address, target.port);
      return;
    }
    // no new connection to a phone behind a NAT is possible
    const { transport } = socket;
    if (transport.isConnected?.(target.address, target.port) === false) return done(unanswered);
    sendRequest(routing, values, contact, [target, socket], done);
  };
  void andThen(targetOf(routing, hop), send);
}

/** Of an address at once; of a name later. */
function targetOf(routing: RunRouting, uri: Uri): Awaitable<Target | undefined> {
  const address = bareHost(uri.host ?? '');
  const transport = uriTransport(uri);
  if (/^[\d.]+$|:/.test(address) && isProtocol(transport))
    return { address, port: uri.port ?? defaultPort(transport), transport };
  return andThen<Destinations, Target | undefined>(
    routing.host.destinations(uri),
    ({ targets }) => targets[0],
  );
}

/** The socket that the contact registered on, or the one of force_socket, or any that reaches it. */
function socketTo(
  { host }: RunRouting,
  { force_socket }: Values,
  { socket }: Contact,
  target: Target,
): SendingSocket | null {
  const known = [socket, force_socket].map((name) => (name === null ? null : findSocket(host.sockets, name)));
  return host.proxy.sockets.choose(target, known.find((one) => one !== null) ?? null, { forced: true });
}

function sendRequest(
  routing: RunRouting,
  values: Values,
  { uri, path }: Contact,
  [target, socket]: readonly [Target, SendingSocket],
  done: (pinged: Pinged) => void,
): void {
  const sentAt = routing.host.clock.now();
  const request = {
    method: values.sipping_method,
    uri,
    from: values.sipping_from ?? '',
    headers: (path === null ? null : headerText(`Route: ${path}\r\n`)) ?? NO_HEADERS,
    within: 1000 * values.ping_threshold,
  };
  sendOnce(routing, request, target, socket, (status) => {
    const isIgnored = status !== null && ignoredCodes(values).has(status);
    done(
      status === null || isIgnored
        ? unanswered
        : { isAnswered: true, after: routing.host.clock.now() - sentAt },
    );
  });
}

const ignoredCodes = ({ sipping_ignore_rpl_codes: codes }: Values): ReadonlySet<number> =>
  new Set(codes.split(',').filter(Boolean).map(Number));
