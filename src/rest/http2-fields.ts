import { type Failure, failed } from './failure.ts';
import { FIELD_VALUE, TOKEN } from './http1-head.ts';
import { MAX_HEADER } from './limits.ts';

/** Bytes of `name: value` and its line break beside name and value: a header counts as long as HTTP/1 would write it. */
const BESIDE = 4;
/** What HTTP/2 counts for each field beside name and value (RFC 9113, section 6.5.2). */
const ENTRY = 32;

/** As many of the shortest fields as {@link MAX_HEADER} holds. */
export const MAX_HEADER_FIELDS: number = Math.floor(MAX_HEADER / (1 + BESIDE));
/** What a header of {@link MAX_HEADER} may count in HTTP/2, whatever its fields: which is more than the server may send. */
export const MAX_HEADER_LIST: number = MAX_HEADER_FIELDS * (1 + ENTRY);

/** Fields of a connection of HTTP/1 (RFC 9113, section 8.2.2). */
const FORBIDDEN = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

/** What the fields of an answer of HTTP/2 say. */
export interface Http2Fields {
  /** Name and value in turn, in their order, without pseudo-fields. */
  readonly fields: readonly string[];
  /** Of the last Content-Type that is not empty. */
  readonly contentType: string;
  /** NaN without one. */
  readonly contentLength: number;
  /** Why the answer cannot be used; null when it can. */
  readonly fault: Failure | null;
}

/** Reads names and values in turn, as they came (RFC 9113, section 8.2.1). */
export function readHttp2Fields(raw: readonly string[]): Http2Fields {
  const fields: string[] = [];
  let contentType = '';
  let contentLength = Number.NaN;
  let fault: string | null = null;
  let size = 0;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const value = raw[i + 1] ?? '';
    if (name.startsWith(':')) continue;
    fields.push(name, value);
    size += name.length + value.length + BESIDE;
    if (!isName(name)) fault = 'the answer has a header field whose name is not a token in lower case';
    else if (!isValue(value))
      fault = 'the answer has a header field with a control character, or blanks around it';
    else if (FORBIDDEN.has(name)) fault = `the answer has ${name}, which HTTP/2 does not know`;
    else if (name === 'content-type' && value !== '') contentType = value;
    else if (name === 'content-length') contentLength = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  }
  return { fields, contentType, contentLength, fault: failureOf(size, fault) };
}

function failureOf(size: number, fault: string | null): Failure | null {
  if (size > MAX_HEADER) return failed('too-large', "the answer's header is too large");
  return fault === null ? null : failed('protocol', fault);
}

function isName(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (TOKEN[code] !== 1 || (code >= 65 && code <= 90)) return false;
  }
  return name !== '';
}

function isValue(value: string): boolean {
  for (let i = 0; i < value.length; i++) if (FIELD_VALUE[value.charCodeAt(i)] !== 1) return false;
  return !isBlank(value.charCodeAt(0)) && !isBlank(value.charCodeAt(value.length - 1));
}

const isBlank = (code: number): boolean => code === 32 || code === 9;
