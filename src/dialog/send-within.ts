/** Requests that siprest sends within a dialog, in the name of the other side (RFC 3261, 12.2.1.1). */
import { localRoute, sendOwnRequest, showLocalMessage } from '../relay/index.ts';
import { findSocket } from '../runtime/index.ts';
import {
  buildRequest,
  editedMessage,
  type HeaderText,
  headerText,
  NO_HEADERS,
  newBranch,
  parseMessage,
  parseNameAddr,
  parseUri,
  type RequestEdits,
  type SendingSocket,
  type SipRequest,
  type SipResponse,
  type Target,
  TRANSPORTS,
} from '../sip/index.ts';
import type { RequestWithin } from './changes.ts';
import { type DialogContext, dialogContext } from './context.ts';
import type { Dialog } from './dialog.ts';
import { dialogMask } from './dialog-mask.ts';
import type { DialogTable } from './dialog-table.ts';
import { contactOf, isLoose, type Leg } from './leg.ts';

/** A request on its way, and what its ACK repeats. */
interface Way {
  readonly socket: SendingSocket;
  readonly target: Target;
  readonly uri: string;
  readonly routes: readonly string[];
  readonly number: number;
  readonly leg: Leg;
}

/**
 * Sends a request to one side, in a transaction of its own, after the local route has seen it. Resolves to the final
 * response; null if none came, or the side cannot be reached. `leg`: one of several callees; `acknowledge` gives the body
 * of the ACK to a 2xx.
 */
export async function sendWithin(
  table: DialogTable,
  dialog: Dialog,
  wanted: RequestWithin,
  leg: Leg | null = wanted.towards === 'caller' ? dialog.caller : dialog.callee,
  acknowledge?: (response: SipResponse) => Promise<string>,
): Promise<SipResponse | null> {
  const other = wanted.towards === 'caller' ? dialog.callee : dialog.caller;
  if (leg === null || leg.contact === '') return null;
  const number = leg.nextNumber();
  const { status } = dialog;
  table.write(dialog);
  const way = await wayTo(table, leg, number);
  if (way === null) {
    table.routing.log.warning(
      `no ${wanted.method} to ${leg.contact} within the call ${dialog.callId}: no route`,
    );
    return null;
  }
  const { parameters } = table;
  const masking = table.routing.states.known(dialogMask)?.mask(dialog, leg) ?? null;
  const own = other === null || other.contact === '' ? null : `<${other.contact}>`;
  const contact = wanted.withContact && own !== null ? (masking?.contact(way.socket) ?? own) : null;
  const extra = headerText(parameters.dlg_extra_hdrs + wanted.headers) ?? NO_HEADERS;
  const data = compose(table, dialog, way, wanted.method, {
    headers: ((contact === null ? '' : `Contact: ${contact}\r\n`) + extra) as HeaderText,
    body: wanted.body,
    contentType: wanted.contentType,
  });
  const message = parseMessage(data);
  if (message.kind !== 'request') return null;
  const edits = await seenByLocalRoute(table, message, (context) => {
    context.own = dialog;
    context.status = status;
    context.direction = leg === dialog.caller ? 'upstream' : 'downstream';
  });
  const edited = edits === null ? data : editedMessage(message, edits);
  showLocalMessage(table.routing, 'local_request_route', edited);
  return transact(table, dialog, way, message, edited, acknowledge);
}

async function wayTo({ host }: DialogTable, leg: Leg, number: number): Promise<Way | null> {
  const loose = isLoose(leg.routes);
  const [first, ...rest] = leg.routes;
  const next = first === undefined ? leg.contact : (parseNameAddr(first)?.uri ?? '');
  const hop = parseUri(next);
  if (hop === null) return null;
  const [target] = (await host.destinations(hop)).targets;
  if (target === undefined) return null;
  const socket = host.proxy.sockets.choose(target, findSocket(host.sockets, leg.socket));
  if (socket === null) return null;
  // a strict router's URI is the request URI, and the target the last Route
  const routes = loose ? leg.routes : [...rest, `<${leg.contact}>`];
  return { socket, target, uri: loose ? leg.contact : next, routes, number, leg };
}

interface Parts {
  readonly headers: HeaderText;
  readonly body: string;
  readonly contentType: string | null;
}

function compose(
  { host, routing }: DialogTable,
  dialog: Dialog,
  { socket, uri, routes, number, leg }: Way,
  method: string,
  { headers, body, contentType }: Parts,
): Buffer {
  const { caller, callee, from, to } = dialog;
  const towardsCaller = leg === caller;
  const tagged = (address: string, tag: string) => `<${address}>${tag === '' ? '' : `;tag=${tag}`}`;
  const [own, theirs] = [tagged(from, caller.tag), tagged(to, (towardsCaller ? callee : leg)?.tag ?? '')];
  const { transport } = socket;
  return buildRequest({
    method,
    uri,
    via: `SIP/2.0/${TRANSPORTS[transport.protocol].via} ${socket.host}:${socket.port};branch=${newBranch(host.number)};rport`,
    from: towardsCaller ? theirs : own,
    to: towardsCaller ? own : theirs,
    callId: routing.states.known(dialogMask)?.mask(dialog, leg)?.callId ?? dialog.callId,
    cseq: number,
    defaults: {
      'Max-Forwards': '70',
      ...(routes.length === 0 ? {} : { Route: routes.join(', ') }),
      'User-Agent': routing.settings.userAgent ?? routing.replyDefaults.server ?? 'siprest',
      ...(contentType === null ? {} : { 'Content-Type': contentType }),
    },
    headers,
    body,
  });
}

/** The changes of the local route, on a worker of its own. */
function seenByLocalRoute(
  { routing }: DialogTable,
  message: SipRequest,
  prepare: (context: DialogContext) => void,
): Promise<RequestEdits | null> {
  if (routing.script.find('local_route', '') === null) return Promise.resolve(null);
  return new Promise((done) => {
    const taken = routing.submit((worker) => {
      const edits = localRoute(worker, message, null, (request) => prepare(request.state(dialogContext)));
      edits.then(done, () => done(null));
      return edits;
    });
    if (!taken) done(null);
  });
}

function transact(
  table: DialogTable,
  dialog: Dialog,
  way: Way,
  request: SipRequest,
  data: Buffer,
  acknowledge?: (response: SipResponse) => Promise<string>,
): Promise<SipResponse | null> {
  const { socket, target } = way;
  /** The ACK of a 2xx, which is sent again for each copy of it. */
  let ack: Promise<Buffer> | null = null;
  return new Promise((done) => {
    const answered = (response: SipResponse): void => {
      ack ??= (acknowledge?.(response) ?? Promise.resolve('')).then((body) =>
        ackTo(table, dialog, way, response, body),
      );
      void ack.then((bytes) => {
        socket.transport.send(bytes, target.address, target.port);
        done(response);
      });
    };
    sendOwnRequest(table.routing, socket, {
      request,
      data,
      destination: target,
      user: {
        onResponse: (response) => {
          if (response.status < 200) return;
          if (request.method === 'INVITE' && response.status < 300) answered(response);
          else done(response);
        },
        onEnd: () => done(null),
      },
    });
  });
}

/** The ACK to a 2xx, whose Contact counts from now on (RFC 3261, 12.2.1.2). */
function ackTo(table: DialogTable, dialog: Dialog, way: Way, response: SipResponse, body: string): Buffer {
  const { leg } = way;
  leg.contact = contactOf(response) || leg.contact;
  const uri = isLoose(leg.routes) ? leg.contact : way.uri;
  const contentType = body === '' ? null : 'application/sdp';
  return compose(table, dialog, { ...way, uri }, 'ACK', { headers: NO_HEADERS, body, contentType });
}
