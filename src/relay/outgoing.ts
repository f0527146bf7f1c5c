/** Converts a script's changes to a message into the form used for forwarding. */
import { applyEdits, type Edit } from '../runtime/index.ts';
import {
  type HeaderChange,
  type HeaderText,
  headerTextHas,
  type MessageEdits,
  NO_HEADERS,
  parseMessage,
  type ResponseEdits,
  type SipMessage,
  type SipResponse,
} from '../sip/index.ts';

const none: MessageEdits = {};

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

/** The common case without parsing again: headers added, or non-vital ones changed or removed; null otherwise. */
function directEdits({ headers }: SipMessage, edits: readonly Edit[]): MessageEdits | null {
  let placed: Placed[] | undefined;
  let appended: HeaderText[] | undefined;
  for (const edit of edits) {
    let place: number;
    let rank: number;
    let lines: HeaderText;
    switch (edit.kind) {
      case 'insert-before':
      case 'insert-after':
      case 'append':
        lines = edit.lines as HeaderText;
        if (headerTextHas(lines, vital)) return null;
        if (edit.kind === 'append') {
          if (appended === undefined) appended = [lines];
          else appended.push(lines);
          continue;
        }
        place = edit.kind === 'insert-after' ? edit.header + 1 : edit.header;
        rank = ranks[edit.kind];
        break;
      case 'remove':
      case 'set-value': {
        const header = headers[edit.header];
        if (header === undefined || vital.has(header.key)) return null;
        place = edit.header;
        rank = ranks[edit.kind];
        lines = edit.kind === 'remove' ? NO_HEADERS : lineOf(header.name, edit.value);
        break;
      }
      default:
        return null;
    }
    const change: Placed = { place, rank, above: rank < ranks['set-value'], lines };
    if (placed === undefined) placed = [change];
    else placed.push(change);
  }
  return { changes: placed?.toSorted((a, b) => a.place - b.place || a.rank - b.rank), appended };
}

let lastName = '';
let lastValue = '';
let lastLine = NO_HEADERS;

/** A header line. Most calls get the same one, that of Max-Forwards, and share it while they wait. */
function lineOf(name: string, value: string): HeaderText {
  if (name !== lastName || value !== lastValue) {
    lastLine = `${name}: ${value}\r\n` as HeaderText;
    lastName = name;
    lastValue = value;
  }
  return lastLine;
}

interface Placed extends HeaderChange {
  readonly rank: number;
}

/**
 * The order of edits at one position, as in applyEdits(): insertions after the previous header come first, and removals
 * count.
 */
const ranks = { 'insert-after': 0, 'insert-before': 1, 'set-value': 2, remove: 3 } as const;

function readAgain(message: SipMessage, edits: readonly Edit[]): MessageEdits | null {
  const edited = parseMessage(Buffer.from(applyEdits(message, edits), 'latin1'));
  if (edited.kind === 'malformed') return null;
  const changes: HeaderChange[] = [];
  for (const [place, { key }] of message.headers.entries())
    if (!framing.has(key)) changes.push({ place, above: false, lines: NO_HEADERS });
  const appended = edited.headers
    .filter(({ key }) => !framing.has(key))
    .map(({ name, value }) => `${name}: ${value.replace(/\r?\n/g, '\r\n')}\r\n` as HeaderText);
  return edited.body === message.body ? { changes, appended } : { changes, appended, body: edited.body };
}
