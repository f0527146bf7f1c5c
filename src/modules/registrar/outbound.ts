/**
 * Outbound (RFC 5626): a device registers over several flows, each with a `reg-id`, and requests reach it over the flow
 * that it registered on.
 */
import type { Run } from '../../runtime/index.ts';
import {
  bareHost,
  defaultPort,
  isProtocol,
  type NameAddr,
  parseNameAddr,
  parseUri,
  type SipRequest,
  uriParameter,
  uriTransport,
} from '../../sip/index.ts';
import type { Contact } from '../usrloc/location.ts';
import { parameterText } from './contacts.ts';

/** `+sip.instance`, with its brackets. */
export const instanceOf = (contact: NameAddr): string | null => parameterText(contact, '+sip.instance');

/** Null without one, or without an instance, which it belongs to (RFC 5626, 4.2.1). */
export function regIdOf(contact: NameAddr): number | null {
  const text = contact.parameter('reg-id');
  if (text === null || instanceOf(contact) === null) return null;
  return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : null;
}

const supports = (message: SipRequest, option: string): boolean =>
  message.headerList('supported').some((one) => one.toLowerCase() === option);

/** Whether a registration is for flows: `refused` if the first proxy does not know them (RFC 5626, 6). */
export function outboundOf(message: SipRequest, contacts: readonly NameAddr[]): 'yes' | 'no' | 'refused' {
  if (!supports(message, 'outbound') || !contacts.some((one) => regIdOf(one) !== null)) return 'no';
  const isDirect = message.headerAll('via').join(',').split(',').length === 1;
  if (isDirect) return 'yes';
  const path = message.headerList('path').at(-1);
  const first = path === undefined ? null : parseNameAddr(path)?.uriParts;
  return first != null && uriParameter(first, 'ob') !== null ? 'yes' : 'refused';
}

/** Whether the connection of a flow is open; that of UDP is not known. */
function isOpen(run: Run, { socket, received, uri }: Contact): boolean {
  const hop = parseUri(received ?? uri);
  const transport = hop === null ? '' : uriTransport(hop);
  if (hop === null || !isProtocol(transport) || transport === 'udp') return true;
  const own = run.routing.host.sockets.find(({ name }) => name === socket)?.transport;
  return own?.isConnected?.(bareHost(hop.host ?? ''), hop.port ?? defaultPort(transport)) ?? true;
}

/**
 * Of the flows of one device only one gets a request: the one that registered last, of those that are open (RFC 5626,
 * 7). Contacts without flows stay.
 */
export function oneFlowEach(run: Run, contacts: readonly Contact[]): readonly Contact[] {
  if (!contacts.some(({ regId }) => regId !== null)) return contacts;
  const best = new Map<string, Contact>();
  for (const one of contacts) {
    if (one.regId === null) continue;
    const known = best.get(one.instance ?? '');
    const rank = (contact: Contact) => (isOpen(run, contact) ? contact.modified : contact.modified - 1e15);
    if (known === undefined || rank(one) > rank(known)) best.set(one.instance ?? '', one);
  }
  return contacts.filter((one) => one.regId === null || best.get(one.instance ?? '') === one);
}
