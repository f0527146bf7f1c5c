/**
 * Flow tokens of an edge proxy (RFC 5626, 5). A token is a parameter of this server's Path or Record-Route, and names the
 * connection of a user agent, or its address and port over UDP. Only servers with the same secret can make one.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { findSocket, type Request, type Routing, StateKey } from '../runtime/index.ts';
import {
  bareHost,
  formatHostPort,
  type NameAddr,
  parseHostPort,
  parseNameAddrs,
  parseUri,
  type SipRequest,
  transportName,
  transportParameter,
  uriParameter,
} from '../sip/index.ts';
import { routeState } from './add-record-route.ts';
import { forceSocket } from './record-route.ts';

const space = 'flows';
const secretKey = 'secret';
const PARAMETER = 'flow';
/** 80 bits, as RFC 5626, 5.2 suggests. */
const MAC_BYTES = 10;

/** Gives all processes the same secret. */
export function shareFlowSecret({ host }: Routing): void {
  host.store.values(space).initialize(secretKey, randomBytes(32).toString('hex'));
}

function macOf({ host }: Routing, text: string): Buffer {
  const secret = String(host.store.values(space).get(secretKey) ?? '');
  return createHmac('sha256', secret).update(text).digest().subarray(0, MAC_BYTES);
}

/** The flow of the sender of a request: its socket here, and its address there. */
function flowOf({ message }: Request): string | null {
  const socket = message?.socket ?? null;
  if (message === null || socket === null) return null;
  const { address, port } = message.source;
  return `${transportName(socket.listener ?? socket)} ${formatHostPort(address, port)}`;
}

/** `;flow=TOKEN` for the sender of a request. */
function flowParameter(request: Request): string {
  const flow = flowOf(request);
  if (flow === null) return '';
  const token = Buffer.concat([macOf(request.routing, flow), Buffer.from(flow, 'latin1')]);
  return `;${PARAMETER}=${token.toString('base64url')}`;
}

/** The flow that a token names; null if this server has not made it. */
function readToken(routing: Routing, token: string): string | null {
  const bytes = Buffer.from(token, 'base64url');
  const flow = bytes.toString('latin1', MAC_BYTES);
  const isOwn =
    bytes.length > MAC_BYTES && timingSafeEqual(bytes.subarray(0, MAC_BYTES), macOf(routing, flow));
  return isOwn ? flow : null;
}

const isFirstHop = (message: SipRequest): boolean => message.headerList('via').length === 1;

const contactOf = (message: SipRequest): NameAddr | null =>
  parseNameAddrs(message.header('contact') ?? '')?.[0] ?? null;

/** What the Path of a registration with outbound support needs: `;ob` and the flow (5.1); '' for any other. */
export function pathFlow(request: Request): string {
  const { message } = request;
  if (message?.method !== 'REGISTER' || !isFirstHop(message)) return '';
  const contact = contactOf(message);
  const isOutbound =
    message.headerList('supported').some((option) => option.toLowerCase() === 'outbound') &&
    contact?.parameter('reg-id') != null &&
    contact.parameter('+sip.instance') != null;
  const flow = isOutbound ? flowParameter(request) : '';
  return flow === '' ? '' : `;ob${flow}`;
}

/**
 * What the Record-Route of a request that begins a dialog needs, so that later requests find its sender or its target by
 * their flow (5.3): '' if neither asks for it.
 */
export function recordedFlow(request: Request): string {
  const { message } = request;
  if (message === null || message.toTag !== null) return '';
  const followed = request.knownState(flowState) ?? null;
  if (followed !== null) return `;${PARAMETER}=${followed.token}`;
  const contact = contactOf(message)?.uriParts ?? null;
  const asks = contact !== null && uriParameter(contact, 'ob') !== null && isFirstHop(message);
  return asks ? flowParameter(request) : '';
}

interface FollowedFlow {
  readonly token: string;
  /** Where the request goes, as a URI. */
  readonly uri: string;
}

/** The flow that a request follows, if any. */
const flowState = new StateKey<Request, FollowedFlow | null>('flow', () => null, { isShared: true });

/** After loose_route(): a request whose Route names a flow takes it, unless it has come by it. False: it does not. */
export function followFlow(request: Request): boolean {
  const { params } = request.state(routeState);
  const own = params === null ? null : parseUri(`sip:flow;${params}`);
  const token = own === null ? null : uriParameter(own, PARAMETER);
  const flow = token === null ? null : readToken(request.routing, token);
  if (token === null || flow === null || flow === flowOf(request)) return false;
  const [socket = '', peer = ''] = flow.split(' ');
  const transport = findSocket(request.routing.host.sockets, socket);
  const place = parseHostPort(peer);
  if (transport === null || place === null) return false;
  const uri = `sip:${formatHostPort(bareHost(place.host), place.port)}${transportParameter(transport.protocol)}`;
  if (!request.setDestinationUri(uri)) return false;
  forceSocket(request, socket);
  request.setState(flowState, { token, uri });
  return true;
}

/** Whether the request goes along a flow, which must not be replaced by another connection (5.3). */
export const isOfFlow = (request: Request, destinationUri: string | null): boolean =>
  destinationUri !== null && request.knownState(flowState)?.uri === destinationUri;
