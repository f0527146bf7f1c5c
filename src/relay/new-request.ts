/**
 * Requests that siprest makes itself, t_new_request(), and the local route, which sees them before they are sent.
 * Source: modules/tm of the manual, and its Script-Routes, local_route.
 */

import { edits, Request, type Run, type RunWorker, runRoute } from '../runtime/index.ts';
import { type Awaitable, andThen, type Status } from '../script/index.ts';
import {
  buildRequest,
  type Destinations,
  editedMessage,
  formatHostPort,
  isToken,
  newBranch,
  parseMessage,
  parseNameAddr,
  parseUri,
  type RequestEdits,
  randomToken,
  type SipRequest,
  TRANSPORTS,
  type Uri,
} from '../sip/index.ts';
import { showLocalMessage } from './local-messages.ts';
import { messageEdits } from './outgoing.ts';

export interface NewRequest {
  readonly method: string;
  readonly uri: string;
  /** `[display ]URI` or a name-addr. */
  readonly from: string;
  readonly to: string;
  /** `content/type text`; null for no body. */
  readonly body: string | null;
  /** What local_route finds in `$avp(uac_ctx)`. */
  readonly context: string | null;
}

/** Sends a request of its own transaction, once where it leads is known and the local route has seen it. */
export function sendNewRequest(run: Run, wanted: NewRequest): Awaitable<Status> {
  const { routing } = run;
  const uri = parseUri(wanted.uri);
  const from = addressHeader(wanted.from);
  const to = addressHeader(wanted.to);
  if (!isToken(wanted.method)) return refuse(run, 'its method is not a token');
  if (uri === null || from === null || to === null)
    return refuse(run, 'invalid URI, From or To: each needs a SIP address on one line');
  if (wanted.method === 'INVITE' || wanted.method === 'ACK' || wanted.method === 'CANCEL')
    return refuse(run, `${wanted.method} belongs to a call, which siprest cannot make`);
  const send = (found: Destinations) => sendTo(run, { ...wanted, from, to }, uri, found);
  return andThen(routing.host.destinations(uri), send);
}

function refuse(run: Run, why: string): -1 {
  run.complain(`t_new_request(): ${why}`);
  return -1;
}

const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

/** `BOB sip:bob@x` as `"BOB" <sip:bob@x>`; null for what is no address. */
function addressHeader(text: string): string | null {
  if (CONTROL.test(text)) return null;
  const [, display = '', uri = ''] = /^(?:(.*)[ \t]+)?([^ \t<>]+)$/s.exec(text.trim()) ?? [];
  if (parseUri(uri) !== null)
    return display === ''
      ? `<${uri}>`
      : `"${display.replace(/^"|"$/g, '').replace(/["\\]/g, '\\$&')}" <${uri}>`;
  return parseNameAddr(text)?.uriParts == null ? null : text;
}

async function sendTo(run: Run, wanted: NewRequest, uri: Uri, { targets }: Destinations): Promise<Status> {
  const { routing } = run;
  const [target] = targets;
  const socket = target === undefined ? null : routing.host.proxy.sockets.choose(target);
  if (target === undefined || socket === null) return refuse(run, `no route to ${uri.host ?? wanted.uri}`);
  const [, type = '', body = ''] = /^(\S+)\s?(.*)$/s.exec(wanted.body ?? '') ?? [];
  const { transport, host, port } = socket;
  const data = buildRequest({
    method: wanted.method,
    uri: wanted.uri,
    via: `SIP/2.0/${TRANSPORTS[transport.protocol].via} ${host}:${port};branch=${newBranch(routing.host.number)};rport`,
    from: `${wanted.from};tag=${randomToken()}`,
    to: wanted.to,
    callId: `${randomToken()}@${formatHostPort(transport.local.address, null)}`,
    cseq: 10,
    defaults: {
      'Max-Forwards': '70',
      'User-Agent': routing.settings.userAgent ?? routing.replyDefaults.server ?? 'siprest',
      ...(body === '' ? {} : { 'Content-Type': type }),
    },
    body,
  });
  const message = parseMessage(data);
  if (message.kind !== 'request') return refuse(run, 'it would not be a valid SIP request');
  const changes = await localRoute(run.worker, message, wanted.context);
  const edited = changes === null ? data : editedMessage(message, changes);
  showLocalMessage(routing, 'local_request_route', edited);
  routing.host.ownRequests.count++;
  routing.host.proxy.clients
    .create({
      request: message,
      data: edited,
      transport,
      sentBy: socket,
      destination: target,
      values: routing.owner.values,
      onResponse: () => {},
      onEnd: () => {},
    })
    .start();
  return 1;
}

/** Runs the local route on a request of siprest's own; what it has changed, null if there is no such route or nothing was. */
export async function localRoute(
  worker: RunWorker,
  message: SipRequest,
  context: string | null,
): Promise<RequestEdits | null> {
  const { routing } = worker;
  const route = routing.script.find('local_route', '');
  if (route === null) return null;
  const request = Request.own(routing, message);
  if (context !== null) request.avps.replace('uac_ctx', context);
  await runRoute(worker, request, route);
  return messageEdits(message, request.state(edits));
}
