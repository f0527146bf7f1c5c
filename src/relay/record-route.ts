/**
 * Record-Route of a forwarded request (RFC 3261, 16.6, item 4). A script requests it before the outgoing socket is
 * known; if that differs from the incoming one, two header fields give each side a URI that it can reach: see
 * enable_double_rr in the manual's modules/rr.
 */

import { type Edit, edits, findSocket, type Request, StateKey } from '../runtime/index.ts';
import {
  formatHostPort,
  type MessageEdits,
  type SendingSocket,
  type SipRequest,
  transportName,
} from '../sip/index.ts';
import { messageBranches } from './message-branches.ts';
import { messageEdits } from './outgoing.ts';

/** A Record-Route among the edits of a request, and what replaces it if the sockets differ. */
export interface RecordRoute {
  readonly edit: Edit;
  doubled(outgoing: SendingSocket): Edit;
}

/** Null if there is none, or it may not be doubled. */
export const addedRecordRoute = new StateKey<Request, RecordRoute | null>('added Record-Route', () => null);

/** The receiving socket as named towards the sender; null if the server has closed it. */
export function incomingSocket(request: Request): SendingSocket | null {
  const { routing, message } = request;
  const socket = message?.socket ?? null;
  if (message === null || socket === null) return null;
  const known = routing.host.proxy.sockets.of(socket, message.source.address);
  return known === null ? null : advertisedSocket(request, known);
}

/** {@link incomingSocket}, or its local address if it is not registered, which it is only in a running server. */
export function namedSocket(request: Request): SendingSocket | null {
  const socket = request.message?.socket ?? null;
  if (socket === null) return null;
  const { address, port } = socket.local;
  return incomingSocket(request) ?? { transport: socket, host: formatHostPort(address, null), port };
}

/** The socket under the name that set_advertised_address() and set_advertised_port() give it for this request. */
export function advertisedSocket({ advertised, routing }: Request, socket: SendingSocket): SendingSocket {
  if (advertised === null) return socket;
  const { host = socket.host, port = socket.port } = advertised;
  routing.host.proxy.sockets.alsoKnownAs(host, port);
  return { transport: socket.transport, host, port };
}

/** The changes to a request that leaves by this socket; null if they make the message invalid. */
export function editsTowards(
  request: Request,
  message: SipRequest,
  outgoing: SendingSocket | null,
): MessageEdits | null {
  const list = request.state(edits);
  const record = request.knownState(addedRecordRoute) ?? null;
  const incoming = record === null ? null : incomingSocket(request);
  if (record === null || outgoing === null || incoming === null || incoming.transport === outgoing.transport)
    return messageEdits(message, list);
  return messageEdits(
    message,
    list.map((edit) => (edit === record.edit ? record.doubled(outgoing) : edit)),
  );
}

/** Makes a request leave by this socket, `[proto:]host[:port]`. False if it is not open. */
export function forceSocket(request: Request, text: string): boolean {
  const main = request.state(messageBranches).at(0);
  const found = findSocket(request.routing.host.sockets, text);
  if (main === undefined || found === null) return false;
  main.socket = transportName(found);
  return true;
}
