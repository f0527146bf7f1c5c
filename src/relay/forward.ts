/** The target and socket of a request, and stateless forwarding: forward() and send(). */

import { applyEdits, findSocket, type Request, type Run } from '../runtime/index.ts';
import type { Status } from '../script/index.ts';
import {
  type Destinations,
  formatUri,
  type HeaderText,
  type MessageEdits,
  type Protocol,
  parseHostPort,
  parseUri,
  type RequestEdits,
  type SendingSocket,
  splitProtocol,
  type Target,
  type Uri,
} from '../sip/index.ts';
import { type Awaitable, andThen } from '../timers/index.ts';
import { lookupOf, permitted } from './blacklists.ts';
import { maskedRequest } from './masking.ts';
import { maxForwards } from './max-forwards.ts';
import { messageBranches } from './message-branches.ts';
import { advertisedSocket, editsTowards } from './record-route.ts';
import { withChoice } from './tls-choice.ts';

/** Return codes of t_relay(): the manual's modules/tm. */
export const failed = {
  internal: -1,
  badMessage: -2,
  noDestination: -3,
  badDestination: -4,
  filtered: -5,
  send: -6,
} as const;

/** forward(): forwards without a transaction (16.11). */
export function forwardStateless(run: Run, destination?: string): Awaitable<Status> {
  const { request } = run;
  const { message, routing } = request;
  if (message === null) return failed.internal;
  if (run.isAboutReply) {
    run.complain('forward() works on requests only, but this route runs on a reply');
    return failed.internal;
  }
  const next = outboundUri(request.destinationUri ?? destination ?? null) ?? request.uri;
  if (next === null) {
    if (hasUnknownScheme(request)) request.replyStateless(416, 'Unsupported URI Scheme');
    return failed.badDestination;
  }
  const send = ({ targets, failure }: Destinations): Status => {
    const [target] = withChoice(targets, request, null);
    if (target === undefined) {
      run.complain(`forward(): ${unreachable(next, failure)}`);
      return statusOf(failure);
    }
    const socket = outgoingSocket(request, target);
    const changes = editsTowards(request, message, socket);
    if (changes === null) return failed.badMessage;
    const all = requestEdits(request, maskedRequest(request, message, changes, socket));
    if (permitted(request, message, [target], all).length === 0) return filtered('forward()', request, next);
    const sent = routing.host.proxy.forwardStateless(message, target, { socket, edits: all });
    return sent ? 1 : failed.send;
  };
  return andThen(routing.host.destinations(next, forcedProtocol(request), lookupOf(request)), send);
}

/** The transport of the socket for the request; null if any will do. */
export function forcedProtocol(request: Request): Protocol | null {
  const forced = request.state(messageBranches).at(0)?.socket ?? null;
  const preferred = forced === null ? null : findSocket(request.routing.host.sockets, forced);
  return preferred?.protocol ?? null;
}

/** send(): sends the message as received, without a Via of its own; `headers` follow its last header. */
export function sendOriginal(run: Run, destination: string, headers: HeaderText): Awaitable<Status> {
  const { message, routing } = run;
  const next = outboundUri(destination);
  if (message === null) return failed.internal;
  if (next === null) return failed.badDestination;
  const text = headers === '' ? message.raw : applyEdits(message, [{ kind: 'append', lines: headers }]);
  const send = ({ targets, failure }: Destinations): Status => {
    const [target] = targets;
    const socket = target === undefined ? null : routing.host.proxy.sockets.choose(target, message.socket);
    if (target === undefined || socket === null) {
      run.complain(`send(): ${unreachable(next, failure)}`);
      return statusOf(failure);
    }
    socket.transport.send(Buffer.from(text, 'latin1'), target.address, target.port, undefined, target);
    return 1;
  };
  return andThen(routing.host.destinations(next), send);
}

/** The socket forced by the script if suitable, else the one that received the request, else any suitable one. */
export function outgoingSocket(request: Request, target: Target): SendingSocket | null {
  const { routing, message } = request;
  const forced = request.state(messageBranches).at(0)?.socket ?? null;
  const preferred = forced === null ? null : findSocket(routing.host.sockets, forced);
  const { sockets } = routing.host.proxy;
  const chosen =
    preferred === null
      ? sockets.choose(target, message?.socket ?? null)
      : sockets.choose(target, preferred, { forced: true });
  return chosen === null ? null : advertisedSocket(request, chosen);
}

/** Whether the request URI has an unsupported scheme, without another destination. */
export const hasUnknownScheme = ({ destinationUri, requestUri }: Request): boolean =>
  destinationUri === null && !/^(?:sips?|tel):/i.test(requestUri);

const failures = {
  'no-host': { why: 'has no host', status: failed.badDestination },
  transport: { why: 'needs a transport for which there is no socket', status: failed.send },
  'unknown-name': { why: 'has no address', status: failed.badDestination },
  avoided: { why: 'is avoided, since it failed lately', status: failed.filtered },
} as const;

/** No list permits any target. */
export function filtered(caller: string, { routing }: Request, uri: Uri): Status {
  routing.log.warning(`${caller}: ${formatUri(uri)} is filtered by a blacklist`);
  return failed.filtered;
}

/** Why a URI cannot be resolved, for the log. */
export const unreachable = (uri: Uri, failure: Destinations['failure']): string =>
  `${formatUri(uri)} ${failures[failure ?? 'unknown-name'].why}`;

/** What t_relay() returns then. */
export const statusOf = (failure: Destinations['failure']) => failures[failure ?? 'unknown-name'].status;

/** `[proto:]host[:port]` as a URI. */
export function outboundUri(text: string | null): Uri | null {
  if (text === null) return null;
  const uri = parseUri(text);
  if (uri !== null) return uri;
  const { protocol, rest } = splitProtocol(text);
  if (parseHostPort(rest) === null) return null;
  return parseUri(`sip:${rest}${protocol === null ? '' : `;transport=${protocol}`}`);
}

/** Adds the request URI of the branch, the script's Max-Forwards and rport to these changes. */
export function requestEdits(
  request: Request,
  changes: MessageEdits,
  uri = request.requestUri,
): RequestEdits {
  // the literal has one shape for all: spreading would cost more than the rest of the work for a branch
  return {
    changes: changes.changes,
    appended: changes.appended,
    body: changes.body,
    vias: changes.vias,
    uri,
    maxForwards: request.knownState(maxForwards) ?? undefined,
    forceRport: request.hasForcedRport,
    addRport: request.addsLocalRport,
  };
}
