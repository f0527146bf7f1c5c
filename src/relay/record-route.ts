/**
 * Record-Route of a request that is sent on (RFC 3261, 16.6, item 4). A script asks for it before anybody knows which
 * socket the request goes out by; where that is another one than it came in by, each side gets a URI that it can
 * reach: two header fields, as the manual's modules/rr says of enable_double_rr.
 */

import { type Edit, edits, findSocket, type Request, StateKey } from '../runtime/index.ts';
import { type MessageEdits, type SendingSocket, type SipRequest, transportName } from '../sip/index.ts';
import { messageBranches } from './message-branches.ts';
import { messageEdits } from './outgoing.ts';

/** A Record-Route among the edits of a request, and what stands in its place where the sockets differ. */
export interface RecordRoute {
  readonly edit: Edit;
  readonly doubled: (outgoing: SendingSocket) => Edit;
}

export const recordRoutes = new StateKey<Request, RecordRoute[]>('record routes', () => []);

/** How the socket that a request came by is named towards who sent it; null where it came by none of the server's. */
export function incomingSocket(request: Request): SendingSocket | null {
  const { routing, message } = request;
  const socket = message?.socket ?? null;
  if (message === null || socket === null) return null;
  const known = routing.host.proxy.sockets.of(socket, message.source.address);
  return known === null ? null : advertisedSocket(request, known);
}

/** The socket as set_advertised_address() and set_advertised_port() have it called for this request. */
export function advertisedSocket({ advertised, routing }: Request, socket: SendingSocket): SendingSocket {
  if (advertised === null) return socket;
  const { host = socket.host, port = socket.port } = advertised;
  routing.host.proxy.sockets.alsoKnownAs(host, port);
  return { transport: socket.transport, host, port };
}

/** The changes of a request that goes out by a socket; null where they leave no SIP message. */
export function editsTowards(
  request: Request,
  message: SipRequest,
  outgoing: SendingSocket | null,
): MessageEdits | null {
  const list = request.state(edits);
  const records = request.state(recordRoutes);
  const incoming = records.length === 0 ? null : incomingSocket(request);
  if (outgoing === null || incoming === null || incoming.transport === outgoing.transport)
    return messageEdits(message, list);
  return messageEdits(
    message,
    list.map((edit) => records.find((record) => record.edit === edit)?.doubled(outgoing) ?? edit),
  );
}

/** Has a request go out by this socket, `[proto:]host[:port]`. False if there is no such one. */
export function forceSocket(request: Request, text: string): boolean {
  const main = request.state(messageBranches).at(0);
  const found = findSocket(request.routing.host.sockets, text);
  if (main === undefined || found === null) return false;
  main.socket = transportName(found);
  return true;
}
