/** What a script has changed in a message, in the form that sending it on takes. */

import { applyEdits, type Edit } from '../runtime/index.ts';
import {
  type HeaderText,
  headerTextKeys,
  type MessageEdits,
  parseMessage,
  type ResponseEdits,
  type SipMessage,
  type SipResponse,
} from '../sip/index.ts';

const none: MessageEdits = {};

/** Headers that the sender takes care of itself. */
const framing = new Set(['via', 'content-length']);
/** With one of these changed a message may be none any more, so it is looked at again. */
const vital = new Set([...framing, 'from', 'to', 'call-id', 'cseq']);

/** Null where the edits leave no SIP message. */
export function messageEdits(message: SipMessage, edits: readonly Edit[]): MessageEdits | null {
  if (edits.length === 0) return none;
  if (edits.some((edit) => edit.kind === 'set-value' && /[\r\n]/.test(edit.value))) return null;
  return directEdits(message, edits) ?? readAgain(message, edits);
}

/** Of a response, its status line included; null where the edits leave no SIP message. */
export function responseEdits(response: SipResponse, edits: readonly Edit[]): ResponseEdits | null {
  const line = edits.findLast((edit) => edit.kind === 'status');
  if (line === undefined) return messageEdits(response, edits);
  const others = messageEdits(
    response,
    edits.filter((edit) => edit.kind !== 'status'),
  );
  return { ...others, status: line.status, reason: line.reason };
}

/** Where they add headers, and change or remove others than the vital ones, as most do: without another look at the message. */
function directEdits({ headers }: SipMessage, edits: readonly Edit[]): MessageEdits | null {
  const removed = new Set<number>();
  const replaced = new Map<number, HeaderText>();
  const after: [number, string][] = [];
  const before: [number, string][] = [];
  const appended: HeaderText[] = [];
  for (const edit of edits) {
    switch (edit.kind) {
      case 'insert-before':
      case 'insert-after':
      case 'append': {
        const lines = edit.lines as HeaderText;
        for (const key of headerTextKeys(lines)) if (vital.has(key)) return null;
        if (edit.kind === 'append') appended.push(lines);
        else if (edit.kind === 'insert-before') before.push([edit.header, lines]);
        else after.push([edit.header + 1, lines]);
        break;
      }
      case 'remove':
      case 'set-value': {
        const header = headers[edit.header];
        if (header === undefined || vital.has(header.key)) return null;
        if (edit.kind === 'remove') removed.add(edit.header);
        else replaced.set(edit.header, `${header.name}: ${edit.value}\r\n` as HeaderText);
        break;
      }
      default:
        return null;
    }
  }
  for (const header of removed) replaced.delete(header); // as applyEdits() has it
  const inserted = new Map<number, HeaderText>();
  // what follows a header comes before what precedes the next one
  for (const list of [after, before])
    for (const [place, lines] of list)
      inserted.set(place, `${inserted.get(place) ?? ''}${lines}` as HeaderText);
  return { removed, replaced, inserted, appended };
}

function readAgain(message: SipMessage, edits: readonly Edit[]): MessageEdits | null {
  const edited = parseMessage(Buffer.from(applyEdits(message, edits), 'latin1'));
  if (edited.kind === 'malformed') return null;
  const removed = new Set(message.headers.flatMap(({ key }, i) => (framing.has(key) ? [] : i)));
  const appended = edited.headers
    .filter(({ key }) => !framing.has(key))
    .map(({ name, value }) => `${name}: ${value}\r\n` as HeaderText);
  return edited.body === message.body ? { removed, appended } : { removed, appended, body: edited.body };
}
