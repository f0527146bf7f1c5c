/** Head of an HTTP/1 answer: its status line, and the fields that frame the body. */
export class AnswerHead {
  /** 0 until the status line has arrived. */
  status = 0;
  http10 = false;
  /** Value of the last non-empty Content-Type. */
  contentType = '';
  /** NaN if absent; inexact above 2^53, which no body reaches. */
  contentLength: number = Number.NaN;
  chunked = false;
  /** Whether the connection may serve another request. */
  keepAlive = false;
  /** How long the server will keep the connection, in seconds; NaN if it does not say. */
  idleSeconds: number = Number.NaN;
  /** The error in the answer, or ''. */
  fault = '';
  /** Options of its Connection fields. */
  close = false;
  keep = false;
}

const LF = 10;
const CR = 13;
const SPACE = 32;
const TAB = 9;
const COLON = 58;

export const NOT_HTTP = 'the answer is not HTTP';
export const BAD_STATUS = 'the answer has no valid status';
export const BAD_REASON = 'the answer has a control character in its reason phrase';
export const BAD_NAME = 'the answer has a header field whose name is not a token';
export const BAD_VALUE = 'the answer has a control character in a header field';

/** RFC 9110, section 5.6.2. */
export const TOKEN: Uint8Array = byteTable(/[!#$%&'*+\-.^_`|~0-9A-Za-z]/);
/** RFC 9110, section 5.5: no control characters except tabs. */
export const FIELD_VALUE: Uint8Array = byteTable(/[\t\x20-\x7e\x80-\xff]/);

function byteTable(of: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (of.test(String.fromCharCode(code)) ? 1 : 0));
}

/**
 * Parses a complete head, including its empty line, in which each character is a byte. Lines may end with a bare LF
 * (RFC 9112, section 2.2); folded fields are joined (section 5.2). Ambiguous framing is refused.
 */
export function parseHead(text: string): AnswerHead {
  const head = new AnswerHead();
  const fields = readStatusLine(text, head);
  if (head.fault === '') head.fault = eachField(text, fields, head, readField);
  if (head.chunked && !Number.isNaN(head.contentLength)) {
    // RFC 9112, section 6.3: chunks win. Sending both may be an attempt at smuggling, so the connection ends.
    head.contentLength = Number.NaN;
    head.close = true;
  }
  // a chunked HTTP/1.0 answer came through a proxy that does not know chunks (RFC 9112, section 6.1)
  head.keepAlive = head.http10 ? head.keep && !head.close && !head.chunked : !head.close;
  return head;
}

/** Applies a field to the answer. @returns an error, or '' */
export function readField(
  head: AnswerHead,
  text: string,
  nameStart: number,
  nameLength: number,
  valueStart: number,
  valueEnd: number,
  folded: boolean,
): string {
  switch (nameLength) {
    case 10:
      if (isName(text, nameStart, 'connection')) {
        const value = text.slice(valueStart, valueEnd);
        if (value === 'keep-alive') head.keep = true;
        else {
          const options = listOf(value);
          head.close ||= options.includes('close');
          head.keep ||= options.includes('keep-alive');
        }
      } else if (isName(text, nameStart, 'keep-alive')) {
        const seconds = /(?:^|[\s,])timeout=(\d+)/i.exec(text.slice(valueStart, valueEnd))?.[1];
        if (seconds !== undefined) head.idleSeconds = Number(seconds);
      }
      return '';
    case 12:
      if (valueEnd > valueStart && isName(text, nameStart, 'content-type')) {
        head.contentType = valueOf(text, valueStart, valueEnd, folded);
      }
      return '';
    case 14: {
      if (!isName(text, nameStart, 'content-length')) return '';
      const length = lengthOf(text.slice(valueStart, valueEnd));
      if (Number.isNaN(length)) return 'the answer has a Content-Length that is not a number';
      if (length < 0 || !(Number.isNaN(head.contentLength) || head.contentLength === length))
        return 'the answer has two different Content-Lengths';
      head.contentLength = length;
      return '';
    }
    case 17:
      if (!isName(text, nameStart, 'transfer-encoding')) return '';
      for (const coding of listOf(text.slice(valueStart, valueEnd))) {
        if (coding === 'chunked') head.chunked = true;
        else if (coding !== 'identity') return 'the answer has a Transfer-Encoding other than chunked';
        else if (head.chunked)
          return 'the answer has a Transfer-Encoding in which chunked does not come last';
      }
      return '';
    default:
      return '';
  }
}

/**
 * Value of a Content-Length; proxies join equal ones to a list (RFC 9110, section 8.6). NaN: invalid, -1: different.
 */
function lengthOf(value: string): number {
  if (/^\d+$/.test(value)) return Number(value);
  if (!/^\d+(?:[ \t]*,[ \t]*\d+)+$/.test(value)) return Number.NaN;
  const [first = Number.NaN, ...others] = value.split(',').map(Number);
  return others.every((other) => other === first) ? first : -1;
}

/** The error in the lines of a trailer, or ''. */
export function checkTrailer(text: string): string {
  return eachField(text, 0, null, takeAny);
}

const takeAny = (): string => '';

function mayBeHttp(text: string): boolean {
  const start = 'HTTP/1.';
  if (text.startsWith(start)) return true;
  const length = Math.min(start.length, text.length);
  return text.slice(0, length).toUpperCase() === start.slice(0, length);
}

/** The fields of a parsed head, names and values in turn. */
export function headerFields(text: string): string[] {
  const out: string[] = [];
  eachField(text, text.indexOf('\n') + 1, out, addField);
  return out;
}

function addField(
  out: string[],
  text: string,
  nameStart: number,
  nameLength: number,
  valueStart: number,
  valueEnd: number,
  folded: boolean,
): string {
  out.push(text.slice(nameStart, nameStart + nameLength), valueOf(text, valueStart, valueEnd, folded));
  return '';
}

/**
 * `HTTP/1.1 200 OK`. Like libcurl, accepts any case, several blanks, and a missing reason.
 * @returns the start of the next line
 */
function readStatusLine(text: string, head: AnswerHead): number {
  const minor = text.charCodeAt(7) - 48;
  if (text.length < 12 || !mayBeHttp(text) || (minor !== 0 && minor !== 1) || text.charCodeAt(8) !== SPACE) {
    head.fault = NOT_HTTP;
    return 0;
  }
  let at = 9;
  while (text.charCodeAt(at) === SPACE) at++;
  let status = 0;
  const digits = at;
  for (let digit = text.charCodeAt(at) - 48; digit >= 0 && digit <= 9; digit = text.charCodeAt(at) - 48) {
    status = status * 10 + digit;
    at++;
  }
  const after = text.charCodeAt(at);
  if (at - digits !== 3 || status < 100 || (after !== SPACE && after !== CR && after !== LF)) {
    head.fault = BAD_STATUS;
    return 0;
  }
  head.http10 = minor === 0;
  head.status = status;
  const end = text.indexOf('\n', at);
  for (; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === 0 || (code === CR && at !== end - 1)) {
      head.fault = BAD_REASON;
      return 0;
    }
  }
  return end + 1;
}

/** Called with the position of a field in the text, its value trimmed; returns an error, or ''. */
type OnField<T> = (
  context: T,
  text: string,
  nameStart: number,
  nameLength: number,
  valueStart: number,
  valueEnd: number,
  folded: boolean,
) => string;

/** @returns an error unless the lines are fields followed by an empty line, or '' */
export function eachField<T>(text: string, from: number, context: T, onField: OnField<T>): string {
  let at = from;
  for (;;) {
    let code = text.charCodeAt(at);
    if (code === LF) return '';
    if (code === CR && text.charCodeAt(at + 1) === LF) return '';
    const nameStart = at;
    while (TOKEN[code] === 1) code = text.charCodeAt(++at);
    const nameLength = at - nameStart;
    if (code !== COLON || nameLength === 0) return BAD_NAME;
    let valueStart = at + 1;
    let valueEnd = valueStart;
    let folded = false;
    for (;;) {
      code = text.charCodeAt(++at);
      if (code === CR && text.charCodeAt(at + 1) === LF) code = text.charCodeAt(++at);
      if (code === LF) {
        const next = text.charCodeAt(at + 1);
        if (next !== SPACE && next !== TAB) break;
        folded = true;
      } else if (FIELD_VALUE[code] !== 1) {
        return BAD_VALUE;
      } else if (code !== SPACE && code !== TAB) {
        if (valueEnd === valueStart) valueStart = at;
        valueEnd = at + 1;
      }
    }
    at++;
    const fault = onField(context, text, nameStart, nameLength, valueStart, valueEnd, folded);
    if (fault !== '') return fault;
  }
}

/** Compares a field name with one in lower case of the same length. */
function isName(text: string, start: number, lower: string): boolean {
  for (let i = 0; i < lower.length; i++) {
    if ((text.charCodeAt(start + i) | 32) !== lower.charCodeAt(i)) return false;
  }
  return true;
}

function valueOf(text: string, start: number, end: number, folded: boolean): string {
  const value = text.slice(start, end);
  return folded ? value.replace(/[ \t]*\r?\n[ \t]+/g, ' ') : value;
}

function listOf(value: string): string[] {
  return value
    .toLowerCase()
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
