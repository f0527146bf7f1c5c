/** The parts of a body (RFC 2046, 5.1). */
import { lowerAscii } from '../script/index.ts';
import { findParameter, headerKey, isToken, type SipMessage, unfold } from '../sip/index.ts';

export interface BodyPart {
  /** The whole value of its Content-Type, or ''. */
  readonly type: string;
  /** Its header lines, each with CRLF, without Content-Type; '' outside of a multipart body. */
  readonly headers: string;
  readonly body: string;
}

/** `application/sdp` of `Application/SDP;charset=utf-8`. */
export function mimeOf(contentType: string): string {
  const semicolon = contentType.indexOf(';');
  return lowerAscii(semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim();
}

/** A plain body is one part, a multipart body its inner parts; without a body, no parts. */
export function bodyParts(contentType: string | null, body: string): readonly BodyPart[] {
  if (body === '') return [];
  const type = unfold(contentType ?? '');
  const boundary = boundaryOf(type);
  if (boundary === null) return [{ type, headers: '', body }];
  return sections(body, boundary).map(readPart);
}

function boundaryOf(type: string): string | null {
  const semicolon = type.indexOf(';');
  if (semicolon < 0 || !mimeOf(type).startsWith('multipart/')) return null;
  return findParameter(type.slice(semicolon + 1), 'boundary') || null;
}

/** The texts between the boundaries; text before the first and after the last is ignored. */
function sections(body: string, boundary: string): string[] {
  const found: string[] = [];
  const mark = `--${boundary}`;
  let start = -1;
  for (let at = body.startsWith(mark) ? 0 : nextMark(body, mark, 0); at >= 0; ) {
    if (start >= 0) found.push(body.slice(start, beforeLineEnd(body, at)));
    const lineEnd = body.indexOf('\n', at + mark.length);
    if (lineEnd < 0 || body.startsWith('--', at + mark.length)) return found;
    start = lineEnd + 1;
    at = body.startsWith(mark, start) ? start : nextMark(body, mark, start);
  }
  if (start >= 0) found.push(body.slice(start));
  return found;
}

function nextMark(body: string, mark: string, from: number): number {
  const at = body.indexOf(`\n${mark}`, from);
  return at < 0 ? -1 : at + 1;
}

/** The line end before a boundary is part of the boundary. */
function beforeLineEnd(body: string, at: number): number {
  if (body[at - 1] !== '\n') return at;
  return body[at - 2] === '\r' ? at - 2 : at - 1;
}

function readPart(text: string): BodyPart {
  const empty = /^\r?\n|\r?\n\r?\n/.exec(text);
  if (empty === null) return { type: '', headers: '', body: text };
  let type = '';
  let headers = '';
  for (const line of unfold(text.slice(0, empty.index)).split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0 && headerKey(line.slice(0, colon).trim()) === 'content-type')
      type = line.slice(colon + 1).trim();
    else if (line !== '') headers += `${line}\r\n`;
  }
  return { type, headers, body: text.slice(empty.index + empty[0].length) };
}

/** Builds the body: a single part as is, several as multipart/mixed. */
export function buildBody(parts: readonly BodyPart[], contentType: string | null) {
  const [only, second] = parts;
  if (only === undefined) return { contentType: null, body: '' };
  if (second === undefined) return { contentType: only.type || null, body: only.body };
  const isMultipart = contentType !== null && boundaryOf(contentType) !== null;
  const boundary = unusedBoundary(parts, isMultipart ? boundaryOf(contentType) : null);
  const body = parts.map(
    ({ type, headers, body: text }) =>
      `--${boundary}\r\n${type === '' ? '' : `Content-Type: ${type}\r\n`}${headers}\r\n${text}\r\n`,
  );
  return {
    contentType: `${isMultipart ? mimeOf(contentType) : 'multipart/mixed'};boundary=${isToken(boundary) ? boundary : `"${boundary}"`}`,
    body: `${body.join('')}--${boundary}--\r\n`,
  };
}

/** The same as OpenSIPS', since log parsers and tests in the field expect it. */
const ownBoundary = 'OSS-unique-boundary-42';

function unusedBoundary(parts: readonly BodyPart[], wanted: string | null): string {
  for (let n = 0; ; n++) {
    const boundary = wanted !== null && n === 0 ? wanted : `${ownBoundary}${n === 0 ? '' : `-${n}`}`;
    if (!parts.some(({ body }) => body.includes(`--${boundary}`))) return boundary;
  }
}

export interface Body {
  readonly parts: readonly BodyPart[];
  readonly contentType: string | null;
  /** The whole body. */
  readonly text: string;
}

/** The body as received. */
export function receivedBody(message: SipMessage | null): Body {
  const body = message?.body ?? '';
  const contentType = message?.contentType ?? null;
  return { parts: bodyParts(contentType, body), contentType, text: body };
}
