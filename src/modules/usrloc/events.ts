/** The events of usrloc. Source: modules/usrloc of the manual; scenario registrar-events. */
import { isHeard, raiseEvent } from '../../engine/index.ts';
import type { RunRouting } from '../../runtime/index.ts';
import type { EventSpec } from '../../script/index.ts';
import type { Contact, RecordName } from './location.ts';

const source = 'modules/usrloc';
const domain = { name: 'domain', summary: 'The table.' };
const aor = { name: 'aor', summary: 'The address of record.' };
const contactAttributes = [
  domain,
  aor,
  { name: 'uri', summary: 'The URI of the contact.' },
  { name: 'received', summary: 'The address from which it registered.' },
  { name: 'path', summary: 'Its Path.' },
  { name: 'qval', summary: 'Its q; -1 without one.' },
  { name: 'user_agent', summary: 'The User-Agent of the registration.' },
  { name: 'socket', summary: 'The socket that received the registration.' },
  { name: 'bflags', summary: 'Its branch flags, separated by blanks.' },
  { name: 'expires', summary: 'When it expires, in seconds since 1970.' },
  { name: 'callid', summary: 'The Call-ID of the registration.' },
  { name: 'cseq', summary: 'The CSeq of the registration.' },
  { name: 'attr', summary: 'What the script has stored with it.' },
  {
    name: 'latency',
    summary: 'How long its last answer to a ping took, in microseconds; 0 before one was measured.',
  },
  { name: 'shtag', summary: 'Always empty: siprest instances do not form a cluster.' },
];

const about = (name: string, summary: string, attributes: EventSpec['attributes']): EventSpec => ({
  name,
  attributes,
  summary,
  source,
});

export const events = [
  about('E_UL_AOR_INSERT', 'An address of record has its first contact.', [domain, aor]),
  about('E_UL_AOR_DELETE', 'An address of record has lost its last contact.', [domain, aor]),
  about('E_UL_CONTACT_INSERT', 'A contact has registered.', contactAttributes),
  about('E_UL_CONTACT_UPDATE', 'A contact has registered again.', contactAttributes),
  about('E_UL_CONTACT_DELETE', 'A contact was removed, or has expired.', contactAttributes),
  about('E_UL_LATENCY_UPDATE', 'A contact has answered a ping, and its latency was measured.', [
    ...contactAttributes,
  ]),
  about('E_UL_CONTACT_REFRESH', 'A contact has to be woken by a push notification, so that it registers.', [
    ...contactAttributes,
    {
      name: 'reason',
      summary:
        'Why: `reg-refresh`, `ini-INVITE`, `ini-SUBSCRIBE`, `ini-` and the method, or `mid-` and the method.',
    },
    { name: 'req_callid', summary: 'The Call-ID of the request that waits for it, if any.' },
  ]),
];

export function raiseAor(
  routing: RunRouting,
  kind: 'INSERT' | 'DELETE',
  { table, aor: name }: RecordName,
): void {
  raiseEvent(routing, `E_UL_AOR_${kind}`, [
    { name: 'domain', value: table },
    { name: 'aor', value: name },
  ]);
}

export function raiseContact(
  routing: RunRouting,
  kind: 'INSERT' | 'UPDATE' | 'DELETE',
  record: RecordName,
  contact: Contact,
): void {
  const event = `E_UL_CONTACT_${kind}`;
  if (isHeard(routing, event)) raiseEvent(routing, event, listed(record, contact));
}

/** @param latency in µs */
export function raiseLatency(
  routing: RunRouting,
  record: RecordName,
  contact: Contact,
  latency: number,
): void {
  raiseEvent(routing, 'E_UL_LATENCY_UPDATE', listed(record, contact, latency));
}

export function raiseRefresh(
  routing: RunRouting,
  record: RecordName,
  contact: Contact,
  why: { readonly reason: string; readonly callId: string },
): void {
  raiseEvent(routing, 'E_UL_CONTACT_REFRESH', [
    ...listed(record, contact),
    { name: 'reason', value: why.reason },
    { name: 'req_callid', value: why.callId },
  ]);
}

/** The attributes of a contact. */
function listed({ table, aor: name }: RecordName, contact: Contact, latency = 0) {
  const values = {
    domain: table,
    aor: name,
    uri: contact.uri,
    received: contact.received ?? '',
    path: contact.path ?? '',
    qval: contact.q === null ? '-1' : String(contact.q),
    user_agent: contact.userAgent,
    socket: contact.socket ?? '',
    bflags: contact.flags.join(' '),
    expires: Math.round(contact.expires / 1000),
    callid: contact.callId,
    cseq: contact.cseq,
    attr: contact.attribute ?? '',
    latency,
    shtag: '',
  };
  return Object.entries(values).map(([key, value]) => ({ name: key, value }));
}
