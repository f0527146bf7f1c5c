/** The contacts of a REGISTER, with the changes that the script has made to them, such as fix_nated_contact(). */
import type { Run } from '../../runtime/index.ts';
import { type NameAddr, parseNameAddrs, type SipResponse, unfold } from '../../sip/index.ts';

/** A contact to register. */
export interface Given {
  readonly contact: NameAddr;
  /** In seconds, as another registrar has said; 0 removes it. Null: what the request says. */
  readonly expires: number | null;
}

/**
 * The contacts that a run registers: those of the request, in a reply route as long as the other registrar has said. Null if
 * a Contact is invalid.
 *
 * @param forwarded the URI that the contact had towards that registrar; null: its own
 */
export function givenContacts(run: Run, forwarded: string | null): readonly Given[] | null {
  const contacts = requestContacts(run);
  const { response } = run.subject;
  if (contacts === null || response === undefined)
    return contacts?.map((contact) => ({ contact, expires: null })) ?? null;
  return contacts.map((contact) => ({
    contact,
    expires: contact.uri === '*' ? 0 : expiryIn(response, forwarded ?? contact.uri),
  }));
}

/** 0 for a contact that the response does not list. */
function expiryIn(response: SipResponse, uri: string): number {
  const own = response.contacts?.find((one) => one.uri === uri);
  if (own === undefined) return 0;
  const text = own.parameter('expires') ?? response.header('expires')?.trim() ?? '';
  return /^\d{1,10}$/.test(text) ? Math.min(Number(text), 2_147_483_647) : 0;
}

/** Null if a Contact is invalid. */
function requestContacts(run: Run): readonly NameAddr[] | null {
  const { message } = run.request;
  const { edits } = run.draft;
  const list: NameAddr[] = [];
  for (const [header, { key, value }] of (message?.headers ?? []).entries()) {
    if (key !== 'contact' || edits.some((edit) => edit.kind === 'remove' && edit.header === header)) continue;
    const changed = edits.findLast((edit) => edit.kind === 'set-value' && edit.header === header);
    const text = changed?.kind === 'set-value' ? changed.value : unfold(value);
    const some = text.trim() === '' ? [] : parseNameAddrs(text);
    if (some === null) return null;
    list.push(...some);
  }
  return list;
}

/** A header parameter without its quotes. */
export function parameterText(contact: NameAddr, name: string): string | null {
  const value = contact.parameter(name);
  return value === null ? null : value.replace(/^"(.*)"$/s, '$1');
}

/** qvalue (RFC 3261, 25.1): undefined for an invalid one, null without one. */
export function qOf(contact: NameAddr): number | null | undefined {
  const text = contact.parameter('q');
  if (text === null) return null;
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?|\.\d{1,3})$/.test(text) ? Number(text) : undefined;
}
