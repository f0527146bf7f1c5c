/**
 * Loose and strict routing (RFC 3261, 16.4 and 16.12): determines the next hop of a request within a dialog. Source:
 * modules/rr of the manual.
 */
import { edits, Listeners, type Request, type Routing, StateKey } from '../runtime/index.ts';
import {
  bareHost,
  DEFAULT_PROTOCOL,
  defaultPort,
  findParameter,
  formatHostPort,
  type NameAddr,
  type Protocol,
  parseNameAddrs,
  type Uri,
  unfold,
  uriParameter,
  uriProtocol,
} from '../sip/index.ts';
import { routeState } from './add-record-route.ts';
import { forceSocket } from './record-route.ts';

/** Called with each request that has followed its route set. */
export const looseRouted = new StateKey<Routing, Listeners<[request: Request]>>(
  'loose routed',
  () => new Listeners(),
);

/** Whether a Route or Record-Route is that of this server. */
export const isOurs = ({ routing }: Request, uri: Uri | null): boolean =>
  uri !== null && uri.host !== null && routing.isMyself(bareHost(uri.host), uri.port ?? routePort(uri));

const protocolOf = (uri: Uri): Protocol => uriProtocol(uri) ?? DEFAULT_PROTOCOL;

/** The default port of a Route (RFC 3263, 4.2). */
const routePort = (uri: Uri): number => defaultPort(protocolOf(uri));

const isDoubled = (uri: Uri | undefined) => uri !== undefined && uriParameter(uri, 'r2') === 'on';

/** All Route values of the message. */
function routeSet({ message }: Request): NameAddr[] {
  const set: NameAddr[] = [];
  for (const { key, value } of message?.headers ?? [])
    if (key === 'route') set.push(...(parseNameAddrs(unfold(value)) ?? []));
  return set;
}

/** Rewrites the Route headers, or adds one; `left` are the remaining routes. */
export function setRoutes(request: Request, left: readonly string[]): void {
  const list = request.state(edits);
  let isFirst = true;
  let header = 0;
  for (const { key } of request.message?.headers ?? []) {
    if (key === 'route') {
      if (isFirst && left.length > 0) list.push({ kind: 'set-value', header, value: left.join(', ') });
      else list.push({ kind: 'remove', header });
      isFirst = false;
    }
    header++;
  }
  if (isFirst && left.length > 0) list.push({ kind: 'append', lines: `Route: ${left.join(',')}\r\n` });
}

/** Follows the route set of a request; false if only its request URI determines the destination. */
export function looseRoute(request: Request): boolean {
  if (!follow(request)) return false;
  request.routing.states.known(looseRouted)?.emit(request);
  return true;
}

function follow(request: Request): boolean {
  const set = routeSet(request);
  const ruri = request.uri;
  if (request.message === null || set.length === 0) return false;
  let left: readonly NameAddr[] = set;
  const own: Uri[] = [];
  // a strict router has moved our URI to the request URI, and the target to the last Route (16.4)
  const isStrict = isOurs(request, ruri) && ruri !== null && uriParameter(ruri, 'lr') !== null;
  if (isStrict) {
    if (!request.setRequestUri(left.at(-1)?.uri ?? '')) return false;
    own.push(ruri);
    left = left.slice(0, -1);
  }
  // our own Route, or both Routes that were recorded because the sockets differed
  for (
    let uri = left[0]?.uriParts ?? null;
    uri !== null && isOurs(request, uri);
    uri = left[0]?.uriParts ?? null
  ) {
    if (own.length === 2 || (own[0] !== undefined && !(isDoubled(own[0]) && isDoubled(uri)))) break;
    own.push(uri);
    left = left.slice(1);
  }
  if (own[0] !== undefined) request.state(routeState).params = own[0].params;
  // a preloaded Route that names only us does not count as a route set (the manual's loose_route)
  if (!isStrict && own.length > 0 && left.length === 0 && request.message.toTag === null) {
    setRoutes(request, []);
    return false;
  }
  // the second of the two names the socket of the other side, which has to send the request
  const [, outside] = own;
  if (outside?.host != null)
    forceSocket(
      request,
      `${protocolOf(outside)}:${formatHostPort(outside.host, outside.port ?? routePort(outside))}`,
    );
  const [next] = left;
  let routes = left.map(({ text }) => text);
  if (next !== undefined) {
    if (next.uriParts === null) return false;
    if (uriParameter(next.uriParts, 'lr') !== null) request.setDestinationUri(next.uri);
    else {
      // the next hop is a strict router: its URI becomes the request URI, and the target the last Route (16.6, 6)
      routes = [...routes.slice(1), `<${request.requestUri}>`];
      request.setRequestUri(next.uri);
    }
  }
  setRoutes(request, routes);
  return true;
}

/** A parameter of siprest's own Route, known after {@link looseRoute}; null if absent. */
export function routeParameter(request: Request, name: string): string | null {
  const { params } = request.state(routeState);
  return params === null ? null : findParameter(params, name);
}

/** Whether the request has the direction of the initial request, whose From tag is recorded in the Route. */
export function isDownstream(request: Request): boolean {
  const noted = routeParameter(request, 'ftag');
  return noted === null || noted === (request.message?.fromTag ?? null);
}
