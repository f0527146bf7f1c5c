/** What a registration makes of the contacts of an address of record. */
import { messageBranches, namedSocket } from '../../relay/index.ts';
import type { Run } from '../../runtime/index.ts';
import { type NameAddr, type SipRequest, transportName } from '../../sip/index.ts';
import { senderUri } from '../nathelper/contact.ts';
import { avpName } from '../parameter-text.ts';
import { byQ, type Contact } from '../usrloc/location.ts';
import { usrlocParameters } from '../usrloc/parameters.ts';
import { type Given, parameterText, qOf } from './contacts.ts';
import { isSame, type Matching } from './matching.ts';
import { instanceOf, regIdOf } from './outbound.ts';
import { parameters } from './parameters.ts';
import { pushParametersOf } from './push-parameters.ts';

/** What a REGISTER says about all its contacts. */
export interface Registration {
  readonly table: string;
  readonly aor: string;
  readonly flags: ReadonlyMap<string, string>;
  readonly path: string | null;
  /** Whether the reply shows the Path. */
  readonly showsPath: boolean;
  readonly received: string | null;
  /** Whether it is for flows (RFC 5626). */
  readonly isOutbound: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export type Bindings =
  | {
      readonly contacts: readonly Contact[];
      /** Contacts that were registered again, with what they were before. */
      readonly replaced: ReadonlyMap<Contact, Contact>;
    }
  | { readonly status: 400 | 503; readonly defect: string; readonly contacts?: readonly Contact[] };

/** Contacts of one address of record at most, even without max_contacts: no user has more. */
const mostContacts = 1000;
/** Longest Call-ID, instance and Path of a contact, and the part of User-Agent that is kept, in bytes. */
const longest = { callId: 255, instance: 255, path: 2048, userAgent: 255 } as const;
const mostMethods = 64;

/** The contacts after a registration; a defect changes none. */
export function bindingsAfter(
  run: Run,
  message: SipRequest,
  registration: Registration,
  before: readonly Contact[],
  given: readonly Given[],
): Bindings {
  const values = run.parameters(parameters);
  const ofUsrloc = run.parameters(usrlocParameters);
  const { flags, now } = registration;
  const matching: Matching = {
    mode: flags.get('matching-mode') ?? String(ofUsrloc.matching_mode),
    callId: message.callId,
    pushParameters: pushParametersOf(values),
  };
  if (message.callId.length > longest.callId) return { status: 400, defect: 'Call-ID too long' };
  if ((registration.path?.length ?? 0) > longest.path) return { status: 400, defect: 'Path too long' };
  let contacts = [...before];
  const replaced = new Map<Contact, Contact>();
  for (const { contact: one, expires } of given) {
    const defect = defectOf(one, values.max_contact_len);
    if (defect !== null) return { status: 400, defect };
    const q = qOf(one);
    if (q === undefined) return { status: 400, defect: 'Invalid q param in contact' };
    const at = contacts.findIndex((known) => isSame(known, one, matching));
    const known = contacts[at];
    if (known !== undefined && known.callId === message.callId) {
      const value = message.cseq.number;
      if (value < known.cseq || (value === known.cseq && !values.allow_dup_cseq)) {
        if (now - known.modified < 1000 * ofUsrloc.cseq_delay) continue;
        return { status: 400, defect: 'Invalid CSeq number', contacts };
      }
    }
    const seconds = expires ?? lifetime(run, message, one, flags);
    if (seconds === 0) contacts = contacts.filter((_, i) => i !== at);
    else {
      const contact = contactOf(run, message, registration, one, q, now + 1000 * seconds);
      if (known === undefined) contacts.push(contact);
      else {
        contacts[at] = contact;
        replaced.set(contact, replaced.get(known) ?? known);
      }
    }
  }
  const wanted = flags.has('max-contacts') ? Number(flags.get('max-contacts')) : values.max_contacts;
  const most = wanted > 0 ? Math.min(wanted, mostContacts) : mostContacts;
  if (contacts.length > most) {
    if (contacts.length <= before.length) return { contacts: byQ(contacts), replaced };
    if (!flags.has('force-registration'))
      return { status: 503, defect: 'Too many registered contacts', contacts: before };
    const kept = new Set(contacts.toSorted((a, b) => b.modified - a.modified).slice(0, most));
    contacts = contacts.filter((one) => kept.has(one));
  }
  return { contacts: byQ(contacts), replaced };
}

/** Why a contact cannot be saved; null if it can. */
function defectOf(contact: NameAddr, longestUri: number): string | null {
  if (contact.uriParts === null) return 'Failed to parse Contact';
  if (contact.uri.length > longestUri) return 'Contact URI too long';
  return (instanceOf(contact)?.length ?? 0) > longest.instance ? 'Contact instance too long' : null;
}

/** In seconds; 0 removes the contact. Text that is not a number counts as none. */
function lifetime(
  run: Run,
  message: SipRequest,
  contact: NameAddr,
  flags: ReadonlyMap<string, string>,
): number {
  const values = run.parameters(parameters);
  const wanted = [contact.parameter('expires'), message.header('expires')]
    .map((text) => text?.trim() ?? '')
    .find((text) => /^\d{1,30}$/.test(text));
  const seconds = wanted === undefined ? values.default_expires : Math.min(Number(wanted), 2_147_483_647);
  if (seconds === 0) return 0;
  const least = Number(flags.get('min-expires') ?? values.min_expires);
  const most = Number(flags.get('max-expires') ?? values.max_expires);
  const deviation = Math.round((2 * Math.random() - 1) * values.expires_max_deviation);
  const limited = Math.max(seconds + deviation, least, 1);
  return most > 0 ? Math.min(limited, most) : limited;
}

function contactOf(
  run: Run,
  message: SipRequest,
  { path, received, isOutbound, flags: wanted, now }: Registration,
  contact: NameAddr,
  q: number | null,
  expires: number,
): Contact {
  const values = run.parameters(parameters);
  const attribute = avpName(values.attr_avp);
  const value = attribute === null ? null : run.request.avps.get(attribute);
  const methods = message.headerList('allow').map((one) => one.toUpperCase());
  const regId = isOutbound ? regIdOf(contact) : null;
  // requests of a flow go back where its registration came from
  const flow = regId !== null && path === null ? senderUri(message.source) : null;
  const { nat_bflag } = run.parameters(usrlocParameters);
  const isNated = path !== null && received !== null && wanted.has('path-received') && nat_bflag !== null;
  const flags = run.state(messageBranches).main.flags;
  return {
    uri: contact.uri,
    received: received ?? parameterText(contact, 'received')?.slice(0, values.max_contact_len) ?? flow,
    path,
    q: q ?? (values.default_q > 0 ? values.default_q / 1000 : null),
    expires,
    callId: message.callId,
    cseq: message.cseq.number,
    userAgent: (message.header('user-agent') ?? '').slice(0, longest.userAgent),
    socket: socketOf(run, message, wanted.has('socket-header') ? values.sock_hdr_name : null),
    methods: methods.length > 0 ? methods.slice(0, mostMethods) : null,
    instance: instanceOf(contact),
    regId,
    attribute: value === null ? null : String(value),
    flags: [...flags, ...(isNated && !flags.has(nat_bflag) ? [nat_bflag] : [])],
    modified: now,
  };
}

function socketOf(run: Run, message: SipRequest, header: string | null): string | null {
  const named = header === null ? null : message.header(header);
  const socket = namedSocket(run.request);
  return named?.slice(0, 255) ?? (socket === null ? null : transportName(socket.transport));
}
