/** save(): the registrar of RFC 3261, 10.3. Source: modules/registrar of the manual; scenarios registrar-*. */
import { messageBranches, namedSocket } from '../../relay/index.ts';
import type { Run } from '../../runtime/index.ts';
import type { Status } from '../../script/index.ts';
import {
  type NameAddr,
  parseNameAddr,
  parseUri,
  type SipRequest,
  transportName,
  uriParameter,
} from '../../sip/index.ts';
import { avpName } from '../parameter-text.ts';
import { raiseAor, raiseContact } from '../usrloc/events.ts';
import { usrlocParameters } from '../usrloc/index.ts';
import { byQ, type Contact, type Location, locations, nowhere } from '../usrloc/locations.ts';
import { addressOfRecord } from './address-of-record.ts';
import { parameterText, qOf, requestContacts } from './contacts.ts';
import { saveFlags } from './flags.ts';
import { parameters } from './parameters.ts';
import { answer, refuse } from './reply.ts';

/** What a REGISTER says about all its contacts. */
export interface Registration {
  readonly table: string;
  readonly aor: string;
  readonly flags: ReadonlyMap<string, string>;
  readonly path: string | null;
  /** Whether the reply shows the Path. */
  readonly showsPath: boolean;
  readonly received: string | null;
  readonly now: number;
}

const failed = -2;

export function save(
  run: Run,
  table: string,
  flagText: string | undefined,
  aorText: string | undefined,
): Status {
  const { message } = run.request;
  if (message === null) return -1;
  const flags = saveFlags.parse(flagText ?? '');
  const fail = (status: 400 | 420 | 500 | 503, text: string, contacts: readonly Contact[] = []): Status => {
    if (!flags.has('no-reply')) refuse(run, status, text, contacts);
    return failed;
  };
  const found = addressOfRecord(run, aorText ?? message.findTo()?.uri ?? '');
  if ('defect' in found) return fail(found.defect === 'Address Of Record too long' ? 500 : 400, found.defect);
  const { aor } = found;
  const contacts = requestContacts(run);
  if (contacts === null) return fail(400, 'Failed to parse Contact');
  const supportsPath = message.headerList('supported').some((one) => one.toLowerCase() === 'path');
  const paths = message.headerList('path');
  if (flags.has('path-strict') && paths.length > 0 && !supportsPath) return fail(420, 'No support for Path');
  const keepsPath = ['path-off', 'path-lazy', 'path-strict'].some((mode) => flags.has(mode));
  const path = keepsPath && paths.length > 0 ? paths.join(', ') : null;
  const registration: Registration = {
    table,
    aor,
    flags,
    path,
    showsPath: flags.has('path-strict') || (flags.has('path-lazy') && supportsPath),
    received: receivedFrom(run, flags, path),
    now: run.routing.host.clock.date(),
  };
  const before = run.routing.host.states.get(locations).find(table, aor) ?? nowhere;
  if (contacts.some(({ uri }) => uri === '*')) {
    if (contacts.length > 1) return fail(400, '* used in contact and more than 1 contact');
    if (message.header('expires')?.trim() !== '0')
      return fail(400, '* used in contact and expires is not zero');
    return store(run, registration, before, [])
      ? done(run, registration, [])
      : fail(503, 'No room for contacts');
  }
  const result = updated(run, message, registration, before.contacts, contacts);
  if ('defect' in result) return fail(result.status, result.defect, result.contacts);
  if (!store(run, registration, before, result.contacts)) return fail(503, 'No room for contacts');
  const shown = flags.has('only-request-contacts')
    ? result.contacts.filter(({ uri }) => contacts.some((one) => one.uri === uri))
    : result.contacts;
  return done(run, registration, shown);
}

function done(run: Run, { flags, path, showsPath }: Registration, contacts: readonly Contact[]): Status {
  if (!flags.has('no-reply')) answer(run, contacts, showsPath ? path : null);
  return 1;
}

/** The address that contacts are reached by: of the first Path, or of the AVP. */
function receivedFrom(run: Run, flags: ReadonlyMap<string, string>, path: string | null): string | null {
  const first = path === null || !flags.has('path-received') ? null : parseNameAddr(path)?.uriParts;
  const ofPath = first == null ? null : uriParameter(first, 'received');
  const name = avpName(run.parameters(parameters).received_avp);
  const ofAvp = name === null ? null : run.request.avps.get(name);
  return ofPath ?? (ofAvp === null ? null : String(ofAvp));
}

type Outcome =
  | { readonly contacts: readonly Contact[] }
  | { readonly status: 400 | 503; readonly defect: string; readonly contacts?: readonly Contact[] };

/** The contacts after a registration; a defect changes none. */
function updated(
  run: Run,
  message: SipRequest,
  registration: Registration,
  before: readonly Contact[],
  given: readonly NameAddr[],
): Outcome {
  const values = run.parameters(parameters);
  const ofUsrloc = run.parameters(usrlocParameters);
  const { flags, now } = registration;
  const mode = flags.get('matching-mode') ?? String(ofUsrloc.matching_mode);
  let contacts = [...before];
  for (const one of given) {
    if (one.uriParts === null) return { status: 400, defect: 'Failed to parse Contact' };
    if (one.uri.length > values.max_contact_len) return { status: 400, defect: 'Contact URI too long' };
    const q = qOf(one);
    if (q === undefined) return { status: 400, defect: 'Invalid q param in contact' };
    const at = contacts.findIndex((known) => isSame(known, one, message.callId, mode));
    const known = contacts[at];
    if (known !== undefined && known.callId === message.callId) {
      const value = message.cseq.number;
      if (value < known.cseq || (value === known.cseq && !values.allow_dup_cseq)) {
        if (now - known.modified < 1000 * ofUsrloc.cseq_delay) continue;
        return { status: 400, defect: 'Invalid CSeq number', contacts };
      }
    }
    const seconds = lifetime(run, message, one, flags);
    if (seconds === 0) contacts = contacts.filter((_, i) => i !== at);
    else {
      const contact = contactOf(run, message, registration, one, q, now + 1000 * seconds);
      if (known === undefined) contacts.push(contact);
      else contacts[at] = contact;
    }
  }
  const most = flags.has('max-contacts') ? Number(flags.get('max-contacts')) : values.max_contacts;
  if (most > 0 && contacts.length > most) {
    if (contacts.length <= before.length) return { contacts: byQ(contacts) };
    if (!flags.has('force-registration'))
      return { status: 503, defect: 'Too many registered contacts', contacts: before };
    const kept = new Set(contacts.toSorted((a, b) => b.modified - a.modified).slice(0, most));
    contacts = contacts.filter((one) => kept.has(one));
  }
  return { contacts: byQ(contacts) };
}

/** Whether a contact is registered already; `<name>`: by a parameter of its URI. */
function isSame(known: Contact, { uri, uriParts }: NameAddr, callId: string, mode: string): boolean {
  const [, name] = /^<(.+)>$/.exec(mode) ?? [];
  const value = name === undefined || uriParts === null ? null : uriParameter(uriParts, name);
  if (name === undefined || value === null)
    return known.uri === uri && (mode !== '1' || known.callId === callId);
  const own = parseUri(known.uri);
  return own !== null && uriParameter(own, name) === value;
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
  { path, received }: Registration,
  contact: NameAddr,
  q: number | null,
  expires: number,
): Contact {
  const values = run.parameters(parameters);
  const attribute = avpName(values.attr_avp);
  const value = attribute === null ? null : run.request.avps.get(attribute);
  const methods = message.headerList('allow').map((one) => one.toUpperCase());
  return {
    uri: contact.uri,
    received: received ?? parameterText(contact, 'received'),
    path,
    q: q ?? (values.default_q > 0 ? values.default_q / 1000 : null),
    expires,
    callId: message.callId,
    cseq: message.cseq.number,
    userAgent: message.header('user-agent') ?? '',
    socket: socketOf(run, message, values.sock_hdr_name),
    methods: methods.length > 0 ? methods : null,
    instance: parameterText(contact, '+sip.instance'),
    attribute: value === null ? null : String(value),
    flags: [...run.state(messageBranches).main.flags],
    modified: run.routing.host.clock.date(),
  };
}

function socketOf(run: Run, message: SipRequest, header: string | null): string | null {
  const named = header === null ? null : message.header(header);
  const socket = namedSocket(run.request);
  return named ?? (socket === null ? null : transportName(socket.transport));
}

/** Replaces the contacts, and tells what has changed. False if the store is full. */
function store(
  run: Run,
  { table, aor }: Registration,
  before: Location,
  contacts: readonly Contact[],
): boolean {
  const { routing } = run;
  if (!routing.host.states.get(locations).put(table, aor, { ...before, contacts })) return false;
  if (before.contacts.length === 0 && contacts.length > 0) raiseAor(routing, 'INSERT', aor);
  for (const one of contacts) {
    if (before.contacts.includes(one)) continue;
    const isNew = !before.contacts.some(({ uri, callId }) => uri === one.uri || callId === one.callId);
    raiseContact(routing, isNew ? 'INSERT' : 'UPDATE', aor, one);
  }
  for (const one of before.contacts)
    if (!contacts.some(({ uri, callId }) => uri === one.uri || callId === one.callId))
      raiseContact(routing, 'DELETE', aor, one);
  if (before.contacts.length > 0 && contacts.length === 0) raiseAor(routing, 'DELETE', aor);
  return true;
}
