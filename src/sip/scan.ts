/**
 * The first pass over a message (RFC 3261, 7.3): finds its start line, header lines and body, in linear time for any
 * input.
 */
import { headerKey, isToken, knownHeaderName } from './header-names.ts';

/** A message with more headers is malformed. */
export const MAX_HEADERS = 512;

/** One header of a message. */
export interface Header {
  /** As written, without white space. */
  readonly name: string;
  /** Without white space around it; line breaks of folding are kept. */
  readonly value: string;
  /** The canonical name in lower case: `via` for `v`. */
  readonly key: string;
  /** Offset of its line in the message. */
  readonly start: number;
  /** Offset of the next line. */
  readonly end: number;
}

/** Results of the first pass. */
export interface Scan {
  readonly raw: string;
  /** Offset of the start line. */
  readonly start: number;
  readonly startLine: string;
  readonly headers: Header[];
  bodyStart: number;
  bodyEnd: number;
  /** An error in a header line; the others were parsed nevertheless. */
  defect: string | null;
  /** Whether the end of the header is unknown, so that nothing of it may be copied into a reply. */
  broken: boolean;
  /** Whether some header line ends with a bare LF. */
  bareLf: boolean;
}

const FOLD = /\r?\n[ \t]+/g;

/** A header value with its line folding replaced by a space (7.3.1). */
export function unfold(value: string): string {
  return value.includes('\n') ? value.replace(FOLD, ' ') : value;
}

const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const COLON = 58;

/** @param start offset of the start line */
export function scanMessage(raw: string, start: number): Scan {
  let end = raw.indexOf('\n', start);
  if (end < 0) end = raw.length;
  const lineEnd = raw.charCodeAt(end - 1) === CR ? end - 1 : end;
  const headers: Header[] = [];
  const startLine = raw.slice(start, lineEnd);
  const scan: Scan = {
    raw,
    start,
    startLine,
    headers,
    bodyStart: 0,
    bodyEnd: raw.length,
    defect: null,
    broken: true,
    bareLf: false,
  };
  let at = end + 1;
  let cr = raw.indexOf('\r', start);
  for (;;) {
    const first = raw.charCodeAt(at); // NaN at the end
    if (first === LF) {
      at += 1;
      break;
    }
    if (first === CR && raw.charCodeAt(at + 1) === LF) {
      at += 2;
      break;
    }
    end = raw.indexOf('\n', at);
    if (end < 0) return withDefect(scan, 'missing empty line after the headers');
    if (headers.length >= MAX_HEADERS) return withDefect(scan, 'too many headers');
    let next = end + 1;
    if (raw.charCodeAt(end - 1) !== CR) scan.bareLf = true;
    for (let code = raw.charCodeAt(next); code === SPACE || code === TAB; code = raw.charCodeAt(next)) {
      end = raw.indexOf('\n', next);
      if (end < 0) return withDefect(scan, 'missing empty line after the headers');
      if (raw.charCodeAt(end - 1) !== CR) scan.bareLf = true;
      next = end + 1;
    }
    // a bare CR ends a line for some parsers and not for others, so such a header is ambiguous
    for (; cr >= 0 && cr < end; cr = raw.indexOf('\r', cr + 1))
      if (cr >= at && raw.charCodeAt(cr + 1) !== LF) return withDefect(scan, 'CR without LF in a header');
    addHeader(scan, at, end, next);
    at = next;
  }
  scan.bodyStart = at;
  scan.broken = false;
  scan.defect ??= bodyDefect(scan);
  return scan;
}

function withDefect(scan: Scan, defect: string): Scan {
  scan.defect ??= defect;
  return scan;
}

function addHeader(scan: Scan, from: number, end: number, next: number): void {
  const { raw } = scan;
  let colon = from;
  while (colon < end && raw.charCodeAt(colon) !== COLON) colon++;
  let nameEnd = colon;
  while (nameEnd > from && isBlank(raw.charCodeAt(nameEnd - 1))) nameEnd--;
  let valueFrom = colon + 1;
  while (valueFrom < end && isBlank(raw.charCodeAt(valueFrom))) valueFrom++;
  while (end > valueFrom && isBlank(raw.charCodeAt(end - 1))) end--;
  if (colon >= end && raw.charCodeAt(colon) !== COLON) {
    scan.defect ??= 'header line without a colon';
    return;
  }
  const known = knownHeaderName(raw, from, nameEnd);
  const name = known === undefined ? raw.slice(from, nameEnd) : known.name;
  if (known === undefined && !isToken(name)) scan.defect ??= 'invalid header name';
  else {
    const key = known === undefined ? headerKey(name) : known.key;
    scan.headers.push({ name, value: raw.slice(valueFrom, end), key, start: from, end: next });
  }
}

const isBlank = (code: number): boolean => code === SPACE || code === TAB || code === CR || code === LF;

/** Cuts the body to the Content-Length (18.3); returns an error, if any. */
function bodyDefect(scan: Scan): string | null {
  let length = -1;
  for (const { key, value } of scan.headers) {
    if (key !== 'content-length') continue;
    if (!/^\d{1,9}$/.test(value)) return 'invalid Content-Length';
    if (length >= 0 && length !== Number(value)) return 'conflicting Content-Length headers';
    length = Number(value);
  }
  if (length < 0) return null; // the body of a datagram extends to its end
  if (length > scan.raw.length - scan.bodyStart) return 'shorter than its Content-Length';
  scan.bodyEnd = scan.bodyStart + length;
  return null;
}
