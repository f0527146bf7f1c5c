/** Hiding without a dialog: the Contact that one side gets says, sealed, how the other one is reached. */
import { forceSocket, isOurs, type Mask, relaying, setRoutes } from '../../relay/index.ts';
import type { Request, Routing } from '../../runtime/index.ts';
import {
  type NameAddr,
  parseNameAddr,
  parseNameAddrs,
  parseUri,
  type SendingSocket,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  transportName,
  type Uri,
  unfold,
  uriParameter,
} from '../../sip/index.ts';
import { fromBase32, toBase32 } from './base32.ts';
import { contactAt, otherSide, routeAt, type Side, usersIn } from './contacts.ts';
import { type HidingSettings, hidingSettings } from './parameters.ts';
import { isTrusted } from './trust.ts';

/** How a side is reached, and what topology_hiding() was told of the call. */
interface Address {
  readonly side: Side;
  readonly flags: string;
  readonly users: Readonly<Record<Side, string>>;
  /** The socket that talks to it. */
  readonly socket: string;
  /** The URI of its Contact. */
  readonly contact: string;
  /** The route set towards it. */
  readonly routes: readonly string[];
}

/** Neither a URI nor a Route has line breaks. */
function sealed({ encoding, format }: HidingSettings, address: Address): string {
  const { side, flags, users, socket, contact, routes } = address;
  const fields = [side, flags, users.caller, users.callee, socket, contact, ...routes];
  const data = encoding.sealer.seal(fields.join('\n'));
  return format === 'base32' ? toBase32(data) : data.toString('base64url');
}

/** What the parameters of a URI say; null without one, or if somebody else has made it. */
function addressIn(uri: Uri, { encodings, format }: HidingSettings): Address | null {
  for (const { param, sealer } of encodings) {
    const text = uriParameter(uri, param);
    if (text === null) continue;
    const plain = sealer.open(format === 'base32' ? fromBase32(text) : Buffer.from(text, 'base64url'));
    if (plain === null) continue;
    const [side, flags = '', caller = '', callee = '', socket = '', contact = '', ...routes] =
      plain.split('\n');
    const known: Side = side === 'caller' ? 'caller' : 'callee';
    return { side: known, flags, users: { caller, callee }, socket, contact, routes };
  }
  return null;
}

/** Hides the sender of a request and its receiver from each other. */
export function hideAddresses(request: Request, flags: string, users: string | undefined): void {
  const { routing } = request;
  request.state(relaying).mask = new AddressMask(routing, 'callee', flags, usersIn(users));
}

/** Sends a request on to where its URI leads. False if that does not say where. */
export function continueHidden(request: Request): boolean {
  const settings = request.routing.states.get(hidingSettings);
  const { uri } = request;
  const isHere = uri !== null && isOurs(request, uri);
  const address = isHere ? addressIn(uri, settings) : null;
  if (address !== null) return follow(request, address);
  return followOwnRoute(request, settings);
}

function follow(request: Request, { side, flags, users, socket, contact, routes }: Address): boolean {
  const [first] = routes;
  const next = first === undefined ? null : (parseNameAddr(first)?.uriParts ?? null);
  if (parseUri(contact) === null || (first !== undefined && next === null)) return false;
  if (next === null || uriParameter(next, 'lr') !== null) {
    request.setRequestUri(contact);
    request.setDestinationUri(first === undefined ? null : (parseNameAddr(first)?.uri ?? null));
    setRoutes(request, routes);
  } else {
    // a strict router (RFC 3261, 12.2.1.1)
    request.setRequestUri(parseNameAddr(first ?? '')?.uri ?? contact);
    request.setDestinationUri(null);
    setRoutes(request, [...routes.slice(1), `<${contact}>`]);
  }
  forceSocket(request, socket);
  request.state(relaying).mask = new AddressMask(request.routing, side, flags, users);
  return true;
}

/** A side that sees everything sends requests along the Record-Route that it got. */
function followOwnRoute(request: Request, settings: HidingSettings): boolean {
  const routes = (request.message?.headerAll('route') ?? []).flatMap(
    (value) => parseNameAddrs(unfold(value)) ?? [],
  );
  const [first, ...left] = routes;
  const uri = first?.uriParts ?? null;
  const address = uri !== null && isOurs(request, uri) ? addressIn(uri, settings) : null;
  if (address === null) return false;
  setRoutes(
    request,
    left.map(({ text }) => text),
  );
  request.setDestinationUri(left[0]?.uri ?? null);
  forceSocket(request, address.socket);
  const { side, flags, users } = address;
  request.state(relaying).mask = new AddressMask(request.routing, side, flags, users);
  return true;
}

class AddressMask implements Mask {
  readonly callId = null;
  readonly #routing: Routing;
  readonly #receiver: Side;
  readonly #flags: string;
  readonly #users: Address['users'];

  constructor(routing: Routing, receiver: Side, flags: string, users: Address['users']) {
    this.#routing = routing;
    this.#receiver = receiver;
    this.#flags = flags;
    this.#users = users;
  }

  trusts(socket: Parameters<Mask['trusts']>[0]): boolean {
    return isTrusted(this.#routing, socket);
  }

  routeTo(message: SipMessage, socket: SendingSocket): string | null {
    const settings = this.#routing.states.get(hidingSettings);
    if (!settings.autoRoute) return null;
    const side = message.kind === 'request' ? otherSide(this.#receiver) : this.#receiver;
    return routeAt(socket, this.#parameter(settings, side, message, '', []));
  }

  contactForward(contact: NameAddr, request: SipRequest, socket: SendingSocket): string {
    return this.#contact(otherSide(this.#receiver), contact, request, recordRoutes(request), socket);
  }

  contactBack(contact: NameAddr, response: SipResponse, socket: SendingSocket): string {
    const routes = beyondUs(recordRoutes(response).toReversed(), this.#routing);
    return this.#contact(this.#receiver, contact, response, routes, socket);
  }

  /** `side`: whose Contact the message has. */
  #contact(
    side: Side,
    given: NameAddr,
    message: SipMessage,
    routes: readonly string[],
    socket: SendingSocket,
  ): string {
    const settings = this.#routing.states.get(hidingSettings);
    const parameter = this.#parameter(settings, side, message, given.uri, routes);
    const isShown = this.#flags.includes('U');
    const user = this.#users[otherSide(side)] || (isShown ? (given.uriParts?.user ?? '') : '');
    return contactAt(socket, given, { user, params: `;${parameter}` }, settings);
  }

  #parameter(
    settings: HidingSettings,
    side: Side,
    { socket: received }: SipMessage,
    contact: string,
    routes: readonly string[],
  ): string {
    const socket = received === null ? '' : transportName(received.listener ?? received);
    const address = { side, flags: this.#flags, users: this.#users, socket, contact, routes };
    return `${settings.encoding.param}=${sealed(settings, address)}`;
  }
}

/** A response from a side that sees everything has the routes of the caller, and ours, before its own. */
function beyondUs(routes: readonly string[], { states }: Routing): readonly string[] {
  const settings = states.get(hidingSettings);
  if (settings.trustedTag === '') return routes;
  const isOwn = (route: string) => {
    const uri = parseNameAddr(route)?.uriParts ?? null;
    return uri !== null && addressIn(uri, settings) !== null;
  };
  return routes.slice(routes.findLastIndex(isOwn) + 1);
}

const recordRoutes = (message: SipMessage): string[] =>
  message
    .headerAll('record-route')
    .flatMap((value) => (parseNameAddrs(unfold(value)) ?? []).map(({ text }) => text));
