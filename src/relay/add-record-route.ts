/** Adds the Record-Route of this server to a request (RFC 3261, 16.6, item 4). Source: modules/rr of the manual. */
import { type Edit, edits, type Request, StateKey } from '../runtime/index.ts';
import {
  type Header,
  parseUri,
  type SendingSocket,
  secureTransportParameter,
  TRANSPORTS,
  transportParameter,
} from '../sip/index.ts';
import { addedRecordRoute, namedSocket, type RecordRoute } from './record-route.ts';

interface RouteState {
  /** Parameters for the Record-Route, each with its leading `;`. */
  extra: string;
  /** The added Record-Route, if any. */
  record: AddedRoute | null;
  /** The parameters of siprest's own Route, set by looseRoute(). */
  params: string | null;
}

/** The state of a request's record and loose routing. */
export const routeState = new StateKey<Request, RouteState>('record and loose routing', () => ({
  extra: '',
  record: null,
  params: null,
}));

/** Record-Route URIs, topmost first. */
export interface RouteUris {
  /** If the request leaves by the socket that received it. */
  readonly uris: readonly string[];
  /** Whether `doubled` applies if it leaves by another socket. */
  readonly mayDouble: boolean;
  doubled(outgoing: SendingSocket): readonly string[];
}

/**
 * Record-Routes among the edits of a request. Plain data rather than closures, since it stays in memory while the call
 * waits.
 */
class AddedRoute implements RecordRoute {
  readonly edit: Edit;
  readonly #uris: RouteUris;
  readonly #kind: 'insert-before' | 'insert-after';
  readonly #place: number;
  readonly #extra: string;

  constructor(uris: RouteUris, kind: 'insert-before' | 'insert-after', place: number, extra: string) {
    this.#uris = uris;
    this.#kind = kind;
    this.#place = place;
    this.#extra = extra;
    this.edit = this.#write(uris.uris);
  }

  /** Above the other Record-Routes of the message, or below its Vias. */
  static among(headers: readonly Header[], uris: RouteUris, extra: string): AddedRoute {
    const first = headers.findIndex(({ key }) => key === 'record-route');
    return first >= 0
      ? new AddedRoute(uris, 'insert-before', first, extra)
      : new AddedRoute(
          uris,
          'insert-after',
          headers.findLastIndex(({ key }) => key === 'via'),
          extra,
        );
  }

  #write(uris: readonly string[]): Edit {
    let lines = '';
    for (const uri of uris) lines += `Record-Route: <${uri}${this.#extra}>\r\n`;
    return { kind: this.#kind, header: this.#place, lines };
  }

  doubled(outgoing: SendingSocket): Edit {
    return this.#write(this.#uris.doubled(outgoing));
  }

  /** With parameters that were added later. */
  with(extra: string): AddedRoute {
    return new AddedRoute(this.#uris, this.#kind, this.#place, extra);
  }
}

/** Adds Record-Routes to the request, once: false if it has them already, or no message. */
export function addRecordRoute(request: Request, uris: RouteUris): boolean {
  const { message } = request;
  const state = request.state(routeState);
  if (message === null || state.record !== null) return false;
  state.record = AddedRoute.among(message.headers, uris, state.extra);
  request.state(edits).push(state.record.edit);
  if (uris.mayDouble) request.setState(addedRecordRoute, state.record);
  return true;
}

export interface RecordRouteOptions {
  /** Parameters of the URI, each with its `;`. */
  readonly params: string;
  /** Whether to add the From tag, from which the direction of later requests is derived. */
  readonly fromTag: boolean;
  /** Whether to add two Record-Routes if the sockets differ. */
  readonly double: boolean;
  /** The user of the URI, or null. */
  readonly user: string | null;
}

/** Like {@link addRecordRoute}, with URIs for the incoming and outgoing sockets. Also false without a socket. */
export function recordRoute(
  request: Request,
  { params, fromTag, double, user }: RecordRouteOptions,
): boolean {
  const incoming = namedSocket(request);
  if (incoming === null) return false;
  const tag = fromTag ? fromTagOf(request) : '';
  const isSips = isSipsUri(request.destinationUri ?? request.requestUri);
  const uris = new SocketUris(incoming, user ? `${user}@` : '', `${tag}${params}`, isSips, double);
  return addRecordRoute(request, uris);
}

const isSipsUri = (text: string): boolean => /^sips:/i.test(text);

/** `;ftag=...`, from which later requests of the dialog derive their direction. */
export function fromTagOf({ message }: Request): string {
  const tag = message?.fromTag ?? null;
  return tag === null ? '' : `;ftag=${tag}`;
}

/** Adds parameters to the Record-Route, before or after it is added. */
export function addRouteParameters(request: Request, params: string): void {
  extend(request, request.state(routeState).extra + params);
}

/** Sets a parameter of the Record-Route, before the others, instead of one with this name. */
export function setRouteParameter(request: Request, name: string, value: string): void {
  const others = request.state(routeState).extra.split(';').slice(1);
  const all = [`${name}=${value}`, ...others.filter((one) => !one.startsWith(`${name}=`))];
  extend(request, all.map((one) => `;${one}`).join(''));
}

function extend(request: Request, extra: string): void {
  const state = request.state(routeState);
  state.extra = extra;
  const before = state.record;
  if (before === null) return;
  const record = before.with(extra);
  state.record = record;
  const list = request.state(edits);
  const place = list.indexOf(before.edit);
  list.splice(place < 0 ? list.length : place, place < 0 ? 0 : 1, record.edit);
  if (request.knownState(addedRecordRoute) === before) request.setState(addedRecordRoute, record);
}

/** The URIs that name the sockets of both sides. */
class SocketUris implements RouteUris {
  readonly #incoming: SendingSocket;
  /** Including the `@`. */
  readonly #user: string;
  readonly #params: string;
  /** Whether the request is for a SIPS URI, which the Record-Route then has to be too (16.6, 4). */
  readonly #isSips: boolean;
  readonly mayDouble: boolean;

  constructor(incoming: SendingSocket, user: string, params: string, isSips: boolean, mayDouble: boolean) {
    this.#incoming = incoming;
    this.#user = user;
    this.#params = params;
    this.#isSips = isSips;
    this.mayDouble = mayDouble;
  }

  #uri({ host, port, transport: { protocol } }: SendingSocket, more: string): string {
    const [scheme, parameter] =
      this.#isSips && TRANSPORTS[protocol].secure
        ? ['sips', secureTransportParameter(protocol)]
        : ['sip', transportParameter(protocol)];
    return `${scheme}:${this.#user}${host}:${port}${parameter};lr${more}${this.#params}`;
  }

  get uris(): readonly string[] {
    return [this.#uri(this.#incoming, '')];
  }

  doubled(outgoing: SendingSocket): readonly string[] {
    return [this.#uri(outgoing, ';r2=on'), this.#uri(this.#incoming, ';r2=on')];
  }
}

/** Whether the text consists of URI parameters only, so that appending it cannot change the rest of the URI. */
export function areRouteParameters(text: string): boolean {
  if (text === '') return true;
  const read = text.startsWith(';') ? parseUri(`sip:x;lr${text}`) : null;
  return read !== null && read.user === null && read.headers === null && read.params === `lr${text}`;
}
