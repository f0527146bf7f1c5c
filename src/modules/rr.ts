/** The rr module: Record-Route and loose routing. Source: modules/rr of the manual; RFC 3261, 16.4, 16.6 and 16.12. */

import { forceSocket, incomingSocket, type RecordRoute, recordRoutes } from '../relay/index.ts';
import { defineModule, type Edit, edits, type Request, type Run, StateKey } from '../runtime/index.ts';
import { defineParameters, type RouteKind } from '../script/index.ts';
import {
  bareHost,
  DEFAULT_PROTOCOL,
  DEFAULT_SECURE_PROTOCOL,
  defaultPort,
  formatHostPort,
  type Header,
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
  /** The Record-Route that was added; null if none was. */
  record: AddedRoute | null;
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

/** The URIs of Record-Routes, the first on top. */
interface RouteUris {
  /** Where the request leaves by the socket that received it. */
  readonly uris: readonly string[];
  /** Whether there are others where it leaves by another one. */
  readonly mayDouble: boolean;
  doubled(outgoing: SendingSocket): readonly string[];
}

/** Record-Routes among the edits of a request: data, since they stay as long as the call waits. */
class AddedRoute implements RecordRoute {
  edit: Edit;
  readonly #uris: RouteUris;
  readonly #place: number;
  readonly #kind: 'insert-before' | 'insert-after';
  #extra: string;

  constructor(uris: RouteUris, headers: readonly Header[], extra: string) {
    const first = headers.findIndex(({ key }) => key === 'record-route');
    this.#uris = uris;
    this.#kind = first >= 0 ? 'insert-before' : 'insert-after';
    this.#place = first >= 0 ? first : headers.findLastIndex(({ key }) => key === 'via');
    this.#extra = extra;
    this.edit = this.#write(uris.uris);
  }

  #write(uris: readonly string[]): Edit {
    let lines = '';
    for (const uri of uris) lines += `Record-Route: <${uri}${this.#extra}>\r\n`;
    return { kind: this.#kind, header: this.#place, lines };
  }

  doubled(outgoing: SendingSocket): Edit {
    return this.#write(this.#uris.doubled(outgoing));
  }

  /** Writes them anew, with parameters that were added later. */
  extend(extra: string, list: Edit[]): void {
    const place = list.indexOf(this.edit);
    this.#extra = extra;
    this.edit = this.#write(this.#uris.uris);
    list.splice(place < 0 ? list.length : place, place < 0 ? 0 : 1, this.edit);
  }
}

/** Adds Record-Routes to the message. */
function addRecordRoute(run: Run, uris: RouteUris): 1 | -1 {
  const { message } = run.request;
  if (message === null) return -1;
  const state = run.state(routeState);
  if (state.record !== null) {
    run.complain('record_route(): the request already has its Record-Route');
    return -1;
  }
  state.record = new AddedRoute(uris, message.headers, state.extra);
  run.state(edits).push(state.record.edit);
  if (uris.mayDouble) run.state(recordRoutes).push(state.record);
  return 1;
}

/** Of record_route(): they name the sockets of both sides. */
class SocketUris implements RouteUris {
  readonly #incoming: SendingSocket;
  /** With its `@`. */
  readonly #user: string;
  readonly #params: string;
  readonly mayDouble: boolean;

  constructor(incoming: SendingSocket, user: string, params: string, mayDouble: boolean) {
    this.#incoming = incoming;
    this.#user = user;
    this.#params = params;
    this.mayDouble = mayDouble;
  }

  #uri(side: SendingSocket, more: string): string {
    return `sip:${this.#user}${place(side)};lr${more}${this.#params}`;
  }

  get uris(): readonly string[] {
    return [this.#uri(this.#incoming, '')];
  }

  doubled(outgoing: SendingSocket): readonly string[] {
    return [this.#uri(outgoing, ';r2=on'), this.#uri(this.#incoming, ';r2=on')];
  }
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
  return addRecordRoute(
    run,
    new SocketUris(incoming, user ? `${user}@` : '', `${fromTag(run)}${params}`, enable_double_rr),
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
function looseRoute(run: Run): 1 | -1 {
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
        const uris = second === undefined ? [uri(first)] : [uri(first), uri(second)];
        return addRecordRoute(run, { uris, mayDouble: false, doubled: () => uris });
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
        state.record?.extend(state.extra, run.state(edits));
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
