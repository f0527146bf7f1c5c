/** Converts a script's changes to a message into the form used for forwarding. */

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

/** {@link MessageEdits} while they are collected: most messages have only one kind. */
interface Changes {
  removed: Set<number> | undefined;
  replaced: Map<number, HeaderText> | undefined;
  inserted: Map<number, HeaderText> | undefined;
  appended: HeaderText[] | undefined;
}

/** Headers that forwarding sets itself. */
const framing = new Set(['via', 'content-length']);
/** A change to one of these may make the message invalid, so it is parsed again. */
const vital = new Set([...framing, 'from', 'to', 'call-id', 'cseq']);

/** The collected edits; null if they make the message invalid. */
export function messageEdits(message: SipMessage, edits: readonly Edit[]): MessageEdits | null {
  if (edits.length === 0) return none;
  if (edits.some((edit) => edit.kind === 'set-value' && /[\r\n]/.test(edit.value))) return null;
  return directEdits(message, edits) ?? readAgain(message, edits);
}

/** The edits of a response, its status line included; null if they make the message invalid. */
export function responseEdits(response: SipResponse, edits: readonly Edit[]): ResponseEdits | null {
  const line = edits.findLast((edit) => edit.kind === 'status');
  if (line === undefined) return messageEdits(response, edits);
  const others = messageEdits(
    response,
    edits.filter((edit) => edit.kind !== 'status'),
  );
  return { ...others, status: line.status, reason: line.reason };
}

/** The common case without parsing again: headers added, or non-vital ones changed or removed; undefined otherwise. */
function directEdits({ headers }: SipMessage, edits: readonly Edit[]): MessageEdits | null {
  const changes: Changes = {
    removed: undefined,
    replaced: undefined,
    inserted: undefined,
    appended: undefined,
  };
  for (const edit of edits) {
    switch (edit.kind) {
      case 'insert-before':
      case 'insert-after':
      case 'append': {
        const lines = edit.lines as HeaderText;
        for (const key of headerTextKeys(lines)) if (vital.has(key)) return null;
        if (edit.kind === 'append') (changes.appended ??= []).push(lines);
        else changes.inserted ??= new Map();
        break;
      }
      case 'remove':
      case 'set-value': {
        const header = headers[edit.header];
        if (header === undefined || vital.has(header.key)) return null;
        if (edit.kind === 'remove') (changes.removed ??= new Set()).add(edit.header);
        else
          (changes.replaced ??= new Map()).set(
            edit.header,
            `${header.name}: ${edit.value}\r\n` as HeaderText,
          );
        break;
      }
      default:
        return null;
    }
  }
  const { removed, replaced, inserted } = changes;
  // applyEdits() gives removal precedence too
  if (removed !== undefined && replaced !== undefined) for (const header of removed) replaced.delete(header);
  if (inserted !== undefined) {
    // lines after a header precede lines before the next one
    insertLines(inserted, edits, 'insert-after', 1);
    insertLines(inserted, edits, 'insert-before', 0);
  }
  return changes;
}

/** Inserts the lines of all edits of one kind, `offset` positions after the header that each names. */
function insertLines(
  inserted: Map<number, HeaderText>,
  edits: readonly Edit[],
  kind: 'insert-after' | 'insert-before',
  offset: number,
): void {
  for (const edit of edits) {
    if (edit.kind !== kind) continue;
    const place = edit.header + offset;
    inserted.set(place, `${inserted.get(place) ?? ''}${edit.lines}` as HeaderText);
  }
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
