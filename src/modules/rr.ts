/** The rr module: Record-Route and loose routing. Source: modules/rr of the manual; RFC 3261, 16.4, 16.6 and 16.12. */

import { forceSocket, incomingSocket, recordRoutes } from '../relay/index.ts';
import { defineModule, type Edit, edits, type Request, type Run, StateKey } from '../runtime/index.ts';
import { defineParameters, type RouteKind } from '../script/index.ts';
import {
  bareHost,
  DEFAULT_PROTOCOL,
  DEFAULT_SECURE_PROTOCOL,
  defaultPort,
  formatHostPort,
  type NameAddr,
  parseNameAddrs,
  parseUri,
  type SendingSocket,
  transportParameter,
  type Uri,
  unfold,
  uriKind,
  uriParameter,
  uriTransport,
} from '../sip/index.ts';
import { cachedRegex } from '../text/index.ts';

const parameters = defineParameters([
  {
    name: 'append_fromtag',
    type: 'boolean',
    default: true,
    summary: 'Whether the From tag is added to Record-Route, for is_direction().',
  },
  {
    name: 'enable_double_rr',
    type: 'boolean',
    default: true,
    summary: 'Two Record-Routes where the transports differ.',
  },
  {
    name: 'add_username',
    type: 'boolean',
    default: false,
    summary: "Whether the request URI's user is added to Record-Route.",
  },
  {
    name: 'enable_socket_mismatch_warning',
    type: 'boolean',
    default: true,
    summary: 'Whether to warn if a preset route names another host.',
    inert: 'a preset route is taken as it is',
  },
]);

interface RouteState {
  /** Parameters for the Record-Route that is added, each with its `;`. */
  extra: string;
  /** Writes the Record-Route that was added last; null if none was. */
  record: (() => void) | null;
  /** The parameters of the Route of siprest, once loose_route() has found it. */
  params: string | null;
}

const routeState = new StateKey<Request, RouteState>('record and loose routing', () => ({
  extra: '',
  record: null,
  params: null,
}));

const routes: readonly RouteKind[] = ['route', 'branch_route', 'failure_route'];

/** `;ftag=...`: tells later which way a request goes. */
function fromTag(run: Run): string {
  const tag = run.request.message?.fromTag ?? null;
  return run.parameters(parameters).append_fromtag && tag !== null ? `;ftag=${tag}` : '';
}

/** Adds Record-Routes to the message, the first on top; `doubled` where the request may go out by another socket. */
function addRecordRoute(
  run: Run,
  uris: readonly string[],
  doubled: ((outgoing: SendingSocket) => readonly string[]) | null = null,
): 1 | -1 {
  const { message } = run.request;
  if (message === null) return -1;
  const state = run.state(routeState);
  if (state.record !== null) {
    run.complain('record_route(): the request already has its Record-Route');
    return -1;
  }
  const first = message.headers.findIndex(({ key }) => key === 'record-route');
  const lastVia = message.headers.findLastIndex(({ key }) => key === 'via');
  const editOf = (all: readonly string[]): Edit => {
    const lines = all.map((uri) => `Record-Route: <${uri}${state.extra}>\r\n`).join('');
    return first >= 0
      ? { kind: 'insert-before', header: first, lines }
      : { kind: 'insert-after', header: lastVia, lines };
  };
  const list = run.state(edits);
  const records = run.state(recordRoutes);
  let edit: Edit | null = null;
  // again for each parameter that add_rr_param() adds later
  state.record = () => {
    const written = editOf(uris);
    const place = edit === null ? -1 : list.indexOf(edit);
    list.splice(place < 0 ? list.length : place, place < 0 ? 0 : 1, written);
    const known = records.findIndex((record) => record.edit === edit);
    if (known >= 0) records.splice(known, 1);
    if (doubled !== null) records.push({ edit: written, doubled: (outgoing) => editOf(doubled(outgoing)) });
    edit = written;
  };
  state.record();
  return 1;
}

/** Where requests come in by a socket: its host and port, with the transport where it is not UDP. */
function place({ transport: { protocol }, host, port }: SendingSocket): string {
  return `${host}:${port}${transportParameter(protocol)}`;
}

/** Whether parameters may follow others of a URI, without a change of anything else in it. */
function areParameters(text: string): boolean {
  if (text === '') return true;
  const read = text.startsWith(';') ? parseUri(`sip:x;lr${text}`) : null;
  return read !== null && read.user === null && read.headers === null && read.params === `lr${text}`;
}

function recordRoute(run: Run, params = ''): 1 | -1 {
  if (!areParameters(params)) {
    run.complain('record_route(): expected parameters of a URI, ";name=value"');
    return -1;
  }
  const socket = run.request.message?.socket ?? null;
  if (socket === null) return -1;
  const { address, port } = socket.local;
  // outside of a running server nobody has registered the socket
  const incoming = incomingSocket(run.request) ?? {
    transport: socket,
    host: formatHostPort(address, null),
    port,
  };
  const { add_username, enable_double_rr } = run.parameters(parameters);
  const user = add_username ? run.request.uri?.user : null;
  const uri = (side: SendingSocket, more: string): string =>
    `sip:${user ? `${user}@` : ''}${place(side)};lr${more}${fromTag(run)}${params}`;
  return addRecordRoute(
    run,
    [uri(incoming, '')],
    enable_double_rr ? (outgoing) => [uri(outgoing, ';r2=on'), uri(incoming, ';r2=on')] : null,
  );
}

/** Whether `sip:` and this, with parameters behind it, is one URI. */
function isPreset(text: string): boolean {
  const read = parseUri(`sip:${text};lr`);
  return read !== null && read.headers === null && (read.params ?? '').endsWith('lr');
}

const isOurs = (run: Run, uri: Uri | null) =>
  uri !== null && uri.host !== null && run.routing.isMyself(bareHost(uri.host), uri.port ?? routePort(uri));

/** What a Route without a port means (RFC 3263, 4.2). */
const routePort = (uri: Uri): number =>
  defaultPort(uriKind(uri) === 'sips' ? DEFAULT_SECURE_PROTOCOL : uriTransport(uri).toLowerCase());

const isDoubled = (uri: Uri | undefined) => uri !== undefined && uriParameter(uri, 'r2') === 'on';

/** All Routes of the message, each with the header line that it stands in. */
function routeSet(run: Run): { readonly route: NameAddr; readonly header: number }[] {
  const { message } = run.request;
  return (message?.headers ?? []).flatMap(({ key, value }, header) =>
    key === 'route' ? (parseNameAddrs(unfold(value)) ?? []).map((route) => ({ route, header })) : [],
  );
}

/** Writes the Route headers anew: `left` is what is to be sent on. */
function setRoutes(run: Run, left: readonly string[]): void {
  const list = run.state(edits);
  const all = (run.request.message?.headers ?? []).flatMap(({ key }, header) =>
    key === 'route' ? header : [],
  );
  for (const [n, header] of all.entries()) {
    list.push(
      n === 0 && left.length > 0
        ? { kind: 'set-value', header, value: left.join(', ') }
        : { kind: 'remove', header },
    );
  }
}

/** 1 where the request follows a route set, -1 where its request URI alone says where it goes. */
function looseRoute(run: Run): 1 | -1 {
  const { request } = run;
  const set = routeSet(run);
  const state = run.state(routeState);
  const ruri = request.uri;
  if (request.message === null || set.length === 0) return -1;
  let left: readonly NameAddr[] = set.map(({ route }) => route);
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
function isDownstream(run: Run): boolean {
  const params = run.state(routeState).params;
  const tag = params === null ? null : (parseUri(`sip:x;${params}`)?.params ?? null);
  const noted = tag === null ? null : uriParameter({ ...(parseUri('sip:x') as Uri), params }, 'ftag');
  return noted === null || noted === (run.request.message?.fromTag ?? null);
}

export const rr = defineModule({
  name: 'rr',
  summary: 'Record-Route, loose and strict routing.',
  source: 'modules/rr',
  parameters,
  functions: [
    {
      name: 'record_route',
      arguments: [
        { name: 'params', type: 'string', optional: true, summary: '`;name=value`, added to the URI.' },
      ],
      routes,
      summary: 'Keeps siprest in the path of later requests of the dialog. -1 if it has already been called.',
      source: 'modules/rr; vectors routes-relay, edge-record-route-twice',
      run: recordRoute,
    },
    {
      name: 'record_route_preset',
      arguments: [
        {
          name: 'string',
          type: 'string',
          summary: 'The advertised `host[:port]`, with parameters, of the side by which the request leaves.',
        },
        {
          name: 'string2',
          type: 'string',
          optional: true,
          summary: 'That of the side on which it arrived, if different.',
        },
      ],
      routes,
      summary: 'Like record_route(), with a given host.',
      source: 'modules/rr',
      run: (run, first, second) => {
        if (!isPreset(first) || (second !== undefined && !isPreset(second))) {
          run.complain('record_route_preset(): expected "host[:port]", with parameters of a URI if any');
          return -1;
        }
        const both = second === undefined ? '' : ';r2=on';
        const uri = (host: string) => `sip:${host};lr${both}${fromTag(run)}`;
        return addRecordRoute(run, second === undefined ? [uri(first)] : [uri(first), uri(second)]);
      },
    },
    {
      name: 'add_rr_param',
      arguments: [{ name: 'param', type: 'string', summary: '`;name=value`' }],
      routes,
      summary: 'Adds a parameter to the Record-Route, before record_route() or after it.',
      source: 'modules/rr',
      run: (run, param) => {
        if (param === '' || !areParameters(param)) {
          run.complain('add_rr_param(): expected parameters of a URI, ";name=value"');
          return -1;
        }
        const state = run.state(routeState);
        state.extra += param;
        state.record?.();
        return 1;
      },
    },
    {
      name: 'loose_route',
      arguments: [],
      routes: ['route'],
      summary: 'Follows the route set of a request within a dialog. -1 if it has none.',
      source: 'modules/rr; RFC 3261, 16.12; vector routes-relay',
      run: looseRoute,
    },
    {
      name: 'check_route_param',
      arguments: [{ name: 're', type: 'regex', summary: 'A regular expression.' }],
      routes: ['route'],
      summary: 'Whether the parameters of the Route of siprest match, after loose_route().',
      source: 'modules/rr',
      run: (run, pattern) =>
        cachedRegex(pattern, { ignoreCase: true })?.test(run.state(routeState).params ?? '') ? 1 : -1,
    },
    {
      name: 'is_direction',
      arguments: [
        {
          name: 'dir',
          type: 'static',
          oneOf: ['upstream', 'downstream'],
          summary: '`downstream` is the direction of the first request of the dialog.',
        },
      ],
      routes: ['route'],
      summary: 'The direction of the request, after loose_route().',
      source: 'modules/rr',
      run: (run, direction) => (isDownstream(run) === (direction === 'downstream') ? 1 : -1),
    },
  ],
  variables: [
    {
      name: 'rr_params',
      summary: 'The parameters of the Route of siprest, after loose_route().',
      source: 'modules/rr',
      resolve: () => ({ get: (run) => run.state(routeState).params }),
    },
  ],
});
