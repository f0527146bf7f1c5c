/** The events of usrloc. Source: modules/usrloc of the manual; scenario registrar-events. */
import { raiseEvent } from '../../engine/index.ts';
import type { RunRouting } from '../../runtime/index.ts';
import type { EventSpec } from '../../script/index.ts';
import type { Contact } from './locations.ts';

const source = 'modules/usrloc';
const aor = { name: 'aor', summary: 'The address of record.' };
const contactAttributes = [
  aor,
  { name: 'uri', summary: 'The URI of the contact.' },
  { name: 'received', summary: 'The address from which it registered.' },
  { name: 'path', summary: 'Its Path.' },
  { name: 'qval', summary: 'Its q.' },
  { name: 'user_agent', summary: 'The User-Agent of the registration.' },
  { name: 'socket', summary: 'The socket that received the registration.' },
  { name: 'bflags', summary: 'Its branch flags, separated by blanks.' },
  { name: 'expires', summary: 'When it expires, in seconds since 1970.' },
  { name: 'callid', summary: 'The Call-ID of the registration.' },
  { name: 'cseq', summary: 'The CSeq of the registration.' },
  { name: 'attr', summary: 'What the script has stored with it.' },
];

const about = (name: string, summary: string, attributes: EventSpec['attributes']): EventSpec => ({
  name,
  attributes,
  summary,
  source,
});

export const events = [
  about('E_UL_AOR_INSERT', 'An address of record has its first contact.', [aor]),
  about('E_UL_AOR_DELETE', 'An address of record has lost its last contact.', [aor]),
  about('E_UL_CONTACT_INSERT', 'A contact has registered.', contactAttributes),
  about('E_UL_CONTACT_UPDATE', 'A contact has registered again.', contactAttributes),
  about('E_UL_CONTACT_DELETE', 'A contact was removed, or has expired.', contactAttributes),
];

export function raiseAor(routing: RunRouting, kind: 'INSERT' | 'DELETE', name: string): void {
  raiseEvent(routing, `E_UL_AOR_${kind}`, [{ name: 'aor', value: name }]);
}

export function raiseContact(
  routing: RunRouting,
  kind: 'INSERT' | 'UPDATE' | 'DELETE',
  name: string,
  contact: Contact,
): void {
  const values = {
    aor: name,
    uri: contact.uri,
    received: contact.received,
    path: contact.path,
    qval: contact.q === null ? null : String(contact.q),
    user_agent: contact.userAgent,
    socket: contact.socket,
    bflags: contact.flags.join(' '),
    expires: Math.round(contact.expires / 1000),
    callid: contact.callId,
    cseq: contact.cseq,
    attr: contact.attribute,
  };
  const list = Object.entries(values).map(([key, value]) => ({ name: key, value }));
  raiseEvent(routing, `E_UL_CONTACT_${kind}`, list);
}
