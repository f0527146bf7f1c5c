/** Hides the sides of a call from each other, after everything else that changes a message: topology hiding. */
import type { Request } from '../runtime/index.ts';
import {
  type HeaderChange,
  type HeaderText,
  headerKey,
  headerText,
  headerTextHas,
  type MessageEdits,
  type NameAddr,
  NO_HEADERS,
  parseNameAddr,
  parseNameAddrs,
  type ResponseEdits,
  returnedVias,
  type SendingSocket,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  type Transport,
  unfold,
} from '../sip/index.ts';
import type { Mask } from './mask.ts';
import { namedSocket } from './record-route.ts';
import { relaying } from './relaying.ts';

/** The changes to a request on its way to the receiver. */
export function maskedRequest(
  request: Request,
  message: SipRequest,
  edits: MessageEdits,
  outgoing: SendingSocket | null,
): MessageEdits {
  const mask = request.knownState(relaying)?.mask ?? null;
  const socket = outgoing ?? namedSocket(request);
  if (mask === null || socket === null) return edits;
  if (mask.trusts(socket.transport)) return withRoute(message, edits, mask.routeTo(message, socket));
  const instead = new Map([['record-route', NO_HEADERS]]);
  const contact = contactOf(message, edits);
  if (contact !== null)
    instead.set('contact', line('Contact', mask.contactForward(contact, message, socket)));
  if (mask.callId !== null) instead.set('call-id', line('Call-ID', mask.callId));
  return { ...replaced(message, edits, instead), vias: NO_HEADERS };
}

/** The changes to a response on its way back. */
export function maskedResponse(
  mask: Mask,
  request: Request,
  response: SipResponse,
  edits: ResponseEdits,
): ResponseEdits {
  const { message } = request;
  const socket = namedSocket(request);
  if (message === null || socket === null) return edits;
  const wasHidden = !mask.trusts(response.socket);
  const isHidden = !mask.trusts(message.socket);
  const instead = new Map<string, HeaderText>();
  if (isHidden) instead.set('record-route', NO_HEADERS);
  // a redirect says where the caller has to go
  const isRedirect = response.status >= 300 && response.status < 400;
  const contact = isHidden && !isRedirect ? contactOf(response, edits) : null;
  if (contact !== null) instead.set('contact', line('Contact', mask.contactBack(contact, response, socket)));
  if (mask.callId !== null) instead.set('call-id', line('Call-ID', message.callId));
  const own = recordRouteOf(message);
  // what went on without its Vias comes back without them
  const vias = wasHidden ? returnedVias(message, request.hasForcedRport) : undefined;
  const masked = { ...edits, ...replaced(response, edits, instead) };
  if (isHidden && wasHidden) return { ...masked, vias: `${vias}${own}` as HeaderText };
  if (isHidden) return { ...masked, appended: [...(masked.appended ?? []), own] };
  if (!wasHidden) return masked;
  // a side that sees everything gets the routes of both sides, and the one back here between them
  const route = mask.routeTo(response, socket);
  const appended = [
    ...(masked.appended ?? []),
    route === null ? NO_HEADERS : line('Record-Route', route),
    own,
  ];
  return { ...masked, vias, appended };
}

/** The Record-Routes of a request in one line, as OpenSIPS gives them back. */
function recordRouteOf(message: SipRequest): HeaderText {
  const routes = message.headerAll('record-route').flatMap((value) => parseNameAddrs(unfold(value)) ?? []);
  return routes.length === 0 ? NO_HEADERS : line('Record-Route', routes.map(({ text }) => text).join(','));
}

/** The edits with a Record-Route above all others. */
function withRoute(message: SipMessage, edits: MessageEdits, route: string | null): MessageEdits {
  if (route === null) return edits;
  const { headers } = message;
  const first = headers.findIndex(({ key }) => key === 'record-route');
  const place = first < 0 ? headers.findLastIndex(({ key }) => key === 'via') + 1 : first;
  const added: HeaderChange = { place, above: true, lines: line('Record-Route', route) };
  return { ...edits, changes: [added, ...(edits.changes ?? [])].sort((a, b) => a.place - b.place) };
}

/** Whether what leaves by this socket says nothing of the side that it comes from. */
export const hidesFrom = (request: Request, socket: Transport | null): boolean =>
  request.knownState(relaying)?.mask?.trusts(socket) === false;

const line = (name: string, value: string): HeaderText => headerText(`${name}: ${value}`) ?? NO_HEADERS;

const isContact: ReadonlySet<string> = new Set(['contact']);
const contactLine = /^(?:contact|m)[ \t]*:[ \t]*((?:.|\r\n[ \t])*)/im;

/** The first Contact with which a message goes on; null without one. */
function contactOf(message: SipMessage, { changes = [], appended = [] }: MessageEdits): NameAddr | null {
  for (const lines of [...changes.map((change) => change.lines), ...appended])
    if (headerTextHas(lines, isContact)) return parseNameAddr(unfold(contactLine.exec(lines)?.[1] ?? ''));
  const place = message.headers.findIndex(({ key }) => key === 'contact');
  const isRemoved = changes.some((change) => change.place === place && !change.above);
  return isRemoved ? null : (message.contacts?.[0] ?? null);
}

/** The edits with other headers of these names, by their keys; '' for none. */
function replaced(
  message: SipMessage,
  edits: MessageEdits,
  instead: ReadonlyMap<string, HeaderText>,
): MessageEdits {
  const keys = new Set(instead.keys());
  const changes: HeaderChange[] = (edits.changes ?? []).map((change) => ({
    ...change,
    lines: without(change.lines, keys),
  }));
  const left = new Map(instead);
  for (const [place, { key }] of message.headers.entries()) {
    const lines = left.get(key);
    if (lines === undefined) continue;
    changes.push({ place, above: false, lines });
    left.set(key, NO_HEADERS);
  }
  const appended = [...(edits.appended ?? []).map((lines) => without(lines, keys)), ...left.values()];
  return { ...edits, changes: changes.sort((a, b) => a.place - b.place), appended };
}

/** The lines without those of these headers. */
function without(lines: HeaderText, keys: ReadonlySet<string>): HeaderText {
  if (!headerTextHas(lines, keys)) return lines;
  const headers = lines.split(/(?<=\r\n)(?![ \t])/);
  return headers
    .filter((header) => !keys.has(headerKey(header.slice(0, header.indexOf(':')).trimEnd())))
    .join('') as HeaderText;
}
