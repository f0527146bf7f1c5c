import { applyEdits, type Edit } from '../runtime/index.ts';
import { parseMessage, type SipMessage } from '../sip/index.ts';
import { contactOf } from './leg.ts';

/** The Contact that a message goes on with: the script may have replaced it by one that is reachable. */
export function currentContact(message: SipMessage, edits: readonly Edit[]): string {
  if (!edits.some((edit) => changesContact(message, edit))) return contactOf(message);
  const edited = parseMessage(Buffer.from(applyEdits(message, edits), 'latin1'));
  return contactOf(edited.kind === 'malformed' ? message : edited);
}

function changesContact({ headers }: SipMessage, edit: Edit): boolean {
  switch (edit.kind) {
    case 'remove':
    case 'set-value':
      return headers[edit.header]?.key === 'contact';
    case 'replace':
      return headers.some(({ key, start, end }) => key === 'contact' && edit.from < end && edit.to > start);
    case 'insert-before':
    case 'insert-after':
    case 'append':
      return /^(?:contact|m)[ \t]*:/im.test(edit.lines);
    default:
      return false;
  }
}
