import { type Failure, failed } from './failure.ts';
import { FIELD_VALUE, TOKEN } from './http1-head.ts';
import { MAX_HEADER } from './limits.ts';

/** Length of `: ` and the line break: a header counts as many bytes as HTTP/1 would need. */
const BESIDE = 4;
/** What HTTP/2 adds to each field's name and value (RFC 9113, section 6.5.2). */
const ENTRY = 32;

/** The number of shortest fields that {@link MAX_HEADER} holds. */
export const MAX_HEADER_FIELDS: number = Math.floor(MAX_HEADER / (1 + BESIDE));
/** Limit for HTTP/2's count that admits any header within {@link MAX_HEADER}, and some larger ones. */
export const MAX_HEADER_LIST: number = MAX_HEADER_FIELDS * (1 + ENTRY);

/** Fields that belong to an HTTP/1 connection (RFC 9113, section 8.2.2). */
const FORBIDDEN = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

/** Fields of an HTTP/2 answer. */
export interface Http2Fields {
  /** Names and values in turn, in order, without pseudo-fields. */
  readonly fields: readonly string[];
  /** Value of the last non-empty Content-Type. */
  readonly contentType: string;
  /** NaN if absent. */
  readonly contentLength: number;
  /** The error that makes the answer unusable, or null. */
  readonly fault: Failure | null;
}

/** Reads names and values in turn (RFC 9113, section 8.2.1). */
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
    else if (FORBIDDEN.has(name)) fault = `the answer has ${name}, which HTTP/2 forbids`;
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
