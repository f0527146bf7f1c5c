/** What a script has changed in a message, in the form that sending it on takes. */
import { type HeaderText, type MessageEdits, parseMessage, type SipMessage } from '../sip/index.ts';
import { applyEdits, type Edit } from './edits.ts';

const none: MessageEdits = {};

/** Headers that the sender takes care of itself. */
const framing = new Set(['via', 'content-length']);

/** Null where the edits leave no SIP message. */
export function messageEdits(message: SipMessage, edits: readonly Edit[]): MessageEdits | null {
  if (edits.length === 0) return none;
  const edited = parseMessage(Buffer.from(applyEdits(message, edits), 'latin1'));
  if (edited.kind === 'malformed') return null;
  const removed = new Set(message.headers.flatMap(({ key }, i) => (framing.has(key) ? [] : i)));
  const appended = edited.headers
    .filter(({ key }) => !framing.has(key))
    .map(({ name, value }) => `${name}: ${value}\r\n` as HeaderText);
  return edited.body === message.body ? { removed, appended } : { removed, appended, body: edited.body };
}
