/** The contacts of a REGISTER, with the changes that the script has made to them, such as fix_nated_contact(). */
import type { Run } from '../../runtime/index.ts';
import { type NameAddr, parseNameAddrs, unfold } from '../../sip/index.ts';

/** Null if a Contact is invalid. */
export function requestContacts(run: Run): readonly NameAddr[] | null {
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
