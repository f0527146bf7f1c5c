/** Follows a route set, past loose and strict routers. Source: RFC 3261, 16.4, 16.6 and 16.12. */
import { forceSocket } from '../../relay/index.ts';
import { edits, type Run } from '../../runtime/index.ts';
import {
  bareHost,
  DEFAULT_PROTOCOL,
  DEFAULT_SECURE_PROTOCOL,
  defaultPort,
  formatHostPort,
  type NameAddr,
  parseNameAddrs,
  parseUri,
  type Uri,
  unfold,
  uriKind,
  uriParameter,
  uriTransport,
} from '../../sip/index.ts';
import { routeState } from './state.ts';

const isOurs = (run: Run, uri: Uri | null) =>
  uri !== null && uri.host !== null && run.routing.isMyself(bareHost(uri.host), uri.port ?? routePort(uri));

/** What a Route without a port means (RFC 3263, 4.2). */
const routePort = (uri: Uri): number =>
  defaultPort(uriKind(uri) === 'sips' ? DEFAULT_SECURE_PROTOCOL : uriTransport(uri).toLowerCase());

const isDoubled = (uri: Uri | undefined) => uri !== undefined && uriParameter(uri, 'r2') === 'on';

/** All Routes of the message. */
function routeSet(run: Run): NameAddr[] {
  const set: NameAddr[] = [];
  for (const { key, value } of run.request.message?.headers ?? [])
    if (key === 'route') set.push(...(parseNameAddrs(unfold(value)) ?? []));
  return set;
}

/** Writes the Route headers anew: `left` are those that are sent on. */
function setRoutes(run: Run, left: readonly string[]): void {
  const list = run.state(edits);
  let isFirst = true;
  let header = 0;
  for (const { key } of run.request.message?.headers ?? []) {
    if (key === 'route') {
      if (isFirst && left.length > 0) list.push({ kind: 'set-value', header, value: left.join(', ') });
      else list.push({ kind: 'remove', header });
      isFirst = false;
    }
    header++;
  }
}

/** 1 where the request follows a route set, -1 where its request URI alone says where it goes. */
export function looseRoute(run: Run): 1 | -1 {
  const { request } = run;
  const set = routeSet(run);
  const state = run.state(routeState);
  const ruri = request.uri;
  if (request.message === null || set.length === 0) return -1;
  let left: readonly NameAddr[] = set;
  const own: Uri[] = [];
  // a strict router has put us into the request URI, and the target last (16.4)
  const isStrict = isOurs(run, ruri) && ruri !== null && uriParameter(ruri, 'lr') !== null;
  if (isStrict) {
    if (!request.setRequestUri(left.at(-1)?.uri ?? '')) return -1;
    own.push(ruri);
    left = left.slice(0, -1);
  }
  // our own route, or both of two that record_route() has put there because the sockets differed
  for (
    let uri = left[0]?.uriParts ?? null;
    uri !== null && isOurs(run, uri);
    uri = left[0]?.uriParts ?? null
  ) {
    if (own.length === 2 || (own[0] !== undefined && !(isDoubled(own[0]) && isDoubled(uri)))) break;
    own.push(uri);
    left = left.slice(1);
  }
  if (own[0] !== undefined) state.params = own[0].params;
  // a preloaded route that only names us is not a route set (the manual's loose_route)
  if (!isStrict && own.length > 0 && left.length === 0 && request.message.toTag === null) {
    setRoutes(run, []);
    return -1;
  }
  // the second of two says how the other side reaches us: the request goes out by that socket
  const [, outside] = own;
  if (outside?.host != null)
    forceSocket(
      request,
      `${uriParameter(outside, 'transport') ?? DEFAULT_PROTOCOL}:${formatHostPort(outside.host, outside.port ?? routePort(outside))}`,
    );
  const [next] = left;
  let routes = left.map(({ text }) => text);
  if (next !== undefined) {
    if (next.uriParts === null) return -1;
    if (uriParameter(next.uriParts, 'lr') !== null) request.setDestinationUri(next.uri);
    else {
      // the next hop is a strict router: it wants to be the request URI, and the target last (16.6, 6)
      routes = [...routes.slice(1), `<${request.requestUri}>`];
      request.setRequestUri(next.uri);
    }
  }
  setRoutes(run, routes);
  return 1;
}

/** Whether the request goes the way that the first one of the dialog went: the caller's tag was noted in the route. */
export function isDownstream(run: Run): boolean {
  const params = run.state(routeState).params;
  const tag = params === null ? null : (parseUri(`sip:x;${params}`)?.params ?? null);
  const noted = tag === null ? null : uriParameter({ ...(parseUri('sip:x') as Uri), params }, 'ftag');
  return noted === null || noted === (run.request.message?.fromTag ?? null);
}
