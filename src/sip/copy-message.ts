/** Copies the header and body of a message with edits: what is unchanged in whole runs of lines. */
import { type HeaderText, NO_HEADERS } from './header-text.ts';
import type { SipMessage, SipRequest } from './message.ts';
import type { MessageEdits } from './proxy-types.ts';
import { type Header, unfold } from './scan.ts';

/** How a copy differs from the message, beside the edits. */
export interface Copying {
  /** The first value of the top Via; null leaves it out. Absent: as received. */
  readonly topVia?: string | null;
  /** The value of Max-Forwards, if the message has one. Absent: as received. */
  readonly maxForwards?: number | undefined;
  /** The value of Max-Breadth, if the message has one. Absent: as received. */
  readonly maxBreadth?: number | undefined;
  /** Is added to a message without Max-Forwards. Absent: nothing is. */
  readonly defaultMaxForwards?: number | undefined;
  /** Whether a missing Content-Length is added. */
  readonly withLength: boolean;
}

/** Everything behind the start line. */
export function copiedParts(message: SipMessage, edits: MessageEdits, how: Copying): string {
  const { raw, headers } = message;
  const { changes, appended } = edits;
  const body = edits.body ?? message.body;
  const bodyChanged = edits.body !== undefined;
  let hasLength = false;
  let via = how.topVia;
  let { vias } = edits;
  let hasMaxForwards = false;
  let nextChange = 0;
  let out = '';
  let runStart = -1;
  let runEnd = -1;
  for (let place = 0; place < headers.length; place++) {
    const header = headers[place];
    if (header === undefined) break;
    const { key } = header;
    hasMaxForwards ||= key === 'max-forwards';
    let above = '';
    /** What stands in its place; null: itself. */
    let instead: string | null = null;
    for (let change = changes?.[nextChange]; change?.place === place; change = changes?.[++nextChange])
      if (change.above) above += change.lines;
      else instead = change.lines;
    if (key === 'via' && vias !== undefined) {
      instead = vias;
      vias = NO_HEADERS;
    } else if (key === 'via' && via !== undefined) {
      instead = topViaLine(message, header, via);
      via = undefined;
    } else if (key === 'content-length') {
      instead = bodyChanged ? (hasLength ? '' : `${header.name}: ${body.length}\r\n`) : null;
      hasLength = true;
    } else if (instead !== null) {
      // an edit takes precedence over the two below
    } else if (key === 'max-forwards' && how.maxForwards !== undefined)
      instead = `${header.name}: ${how.maxForwards}\r\n`;
    else if (key === 'max-breadth' && how.maxBreadth !== undefined)
      instead = `${header.name}: ${how.maxBreadth}\r\n`;
    if (instead === null && above === '' && runEnd === header.start) {
      runEnd = header.end;
      continue;
    }
    if (runStart >= 0) out += raw.slice(runStart, runEnd);
    out += above;
    if (instead === null) {
      runStart = header.start;
      runEnd = header.end;
    } else {
      out += instead;
      runStart = -1;
      runEnd = -1;
    }
  }
  if (runStart >= 0) out += raw.slice(runStart, runEnd);
  for (let change = changes?.[nextChange]; change !== undefined; change = changes?.[++nextChange])
    out += change.lines;
  if (how.defaultMaxForwards !== undefined && !hasMaxForwards)
    out += `Max-Forwards: ${how.maxForwards ?? how.defaultMaxForwards}\r\n`;
  if (appended !== undefined) for (const lines of appended) out += lines;
  if (!hasLength && (how.withLength || bodyChanged)) out += `Content-Length: ${body.length}\r\n`;
  return `${message.bareLf ? withCrLf(out) : out}\r\n${body}`;
}

/** The line of the top Via with another first value, or without the first one. */
function topViaLine(message: SipMessage, header: Header, first: string | null): string {
  const rest = behindTopVia(message, header);
  if (first !== null) return `${header.name}: ${first}${rest}\r\n`;
  const others = rest === '' ? '' : rest.replace(/^\s*,\s*/, '');
  return others === '' ? '' : `${header.name}: ${others}\r\n`;
}

/** The Vias of a request as its responses have them (18.2.1), for a response to a request that went on without them. */
export function returnedVias(request: SipRequest, forceRport: boolean): HeaderText {
  const { address, port } = request.source;
  let lines = '';
  for (const header of request.headers) {
    if (header.key !== 'via') continue;
    lines +=
      lines === ''
        ? topViaLine(request, header, request.via.stamped(address, port, forceRport, { rportFirst: true }))
        : request.raw.slice(header.start, header.end);
  }
  return withCrLf(lines) as HeaderText;
}

/** Whether there is a second Via. Does not scan the other headers: there may be thousands. */
export function hasNextVia(message: SipMessage): boolean {
  let first: Header | null = null;
  for (const header of message.headers) {
    if (header.key !== 'via') continue;
    if (first !== null) return true;
    first = header;
  }
  return first !== null && /[^\s,]/.test(behindTopVia(message, first));
}

/** The rest of the first Via header after its first value: '' or `, SIP/2.0/UDP ...`. */
function behindTopVia(message: SipMessage, header: Header): string {
  const { text } = message.via;
  if (header.value.length === text.length) return '';
  const value = unfold(header.value);
  return value.slice(value.indexOf(text) + text.length);
}

/** Lines that end with a bare LF are accepted, but not forwarded: the next element could parse them differently. */
export function withCrLf(head: string): string {
  return /(?:^|[^\r])\n/.test(head) ? head.replace(/\r?\n/g, '\r\n') : head;
}
