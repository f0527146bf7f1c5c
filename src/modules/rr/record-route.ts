/** Adds Record-Route, so that later requests of the dialog come here. Source: RFC 3261, 16.6, step 4. */
import { incomingSocket, recordRoutes } from '../../relay/index.ts';
import { edits, type Run } from '../../runtime/index.ts';
import { formatHostPort, parseUri, type SendingSocket, transportParameter } from '../../sip/index.ts';
import { AddedRoute, type RouteUris } from './added-route.ts';
import { parameters } from './parameters.ts';
import { routeState } from './state.ts';

/** `;ftag=...`: tells later which way a request goes. */
export function fromTag(run: Run): string {
  const tag = run.request.message?.fromTag ?? null;
  return run.parameters(parameters).append_fromtag && tag !== null ? `;ftag=${tag}` : '';
}

/** Adds Record-Routes to the message. */
export function addRecordRoute(run: Run, uris: RouteUris): 1 | -1 {
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
export function areParameters(text: string): boolean {
  if (text === '') return true;
  const read = text.startsWith(';') ? parseUri(`sip:x;lr${text}`) : null;
  return read !== null && read.user === null && read.headers === null && read.params === `lr${text}`;
}

export function recordRoute(run: Run, params = ''): 1 | -1 {
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
export function isPreset(text: string): boolean {
  const read = parseUri(`sip:${text};lr`);
  return read !== null && read.headers === null && (read.params ?? '').endsWith('lr');
}
