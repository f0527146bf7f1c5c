/** A header field of a request as sent: name and value as byte strings. */
export interface HeaderField {
  /** The name as sent, a token. */
  readonly name: string;
  /** Trimmed. Empty: omits a field that the client would send by default. */
  readonly value: string;
}

/** A valid header line, or why it is refused. */
export type HeaderLine =
  | {
      /** It can be sent. */
      readonly ok: true;
      /** The field. */
      readonly field: HeaderField;
    }
  | {
      /** It cannot be sent. */
      readonly ok: false;
      /** Why not. */
      readonly reason: string;
    };

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/; // RFC 9110, section 5.6.2
const FORBIDDEN_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/; // RFC 9110, section 5.5

/** Fields that frame the message or belong to one connection: only the client sets them. */
const RESERVED = new Map<string, string>([
  ['content-length', 'it frames the message'],
  ['transfer-encoding', 'it frames the message'],
  ['trailer', 'it frames the message'],
  ['keep-alive', 'it belongs to the connection'],
  ['upgrade', 'it belongs to the connection'],
  ['te', 'it belongs to the connection'],
  ['proxy-connection', 'it belongs to the connection'],
  ['http2-settings', 'it belongs to the connection'],
]);

const CONNECTION_OPTIONS = new Set(['close', 'keep-alive']);

/** Maximum length of a sent header line, in bytes. */
export const MAX_HEADER_LINE = 65_536;

/**
 * Reads the text of `rest_append_hf()`, `Field: value`, and refuses what could break the request: line breaks and
 * control characters, names that are not tokens, fields that frame the message. One line break at the end is tolerated,
 * since real scripts contain it.
 */
export function parseHeaderLine(text: string): HeaderLine {
  const line = text.replace(/\r?\n$/, '');
  const colon = line.indexOf(':');
  if (colon < 0) return refuse('it has no colon');
  return checkHeaderField(line.slice(0, colon), line.slice(colon + 1));
}

/** Applies the same checks to a name and a value. */
export function checkHeaderField(name: string, rawValue: string): HeaderLine {
  if (!TOKEN.test(name)) return refuse('its name is not a token');
  const forbidden = FORBIDDEN_IN_VALUE.exec(rawValue);
  if (forbidden !== null) return refuse(forbiddenReason(forbidden[0]));
  if (name.length + rawValue.length > MAX_HEADER_LINE)
    return refuse(`it is longer than ${MAX_HEADER_LINE} bytes`);
  const value = trimBlanks(rawValue);
  const lower = name.toLowerCase();
  const why = RESERVED.get(lower);
  if (why !== undefined) return refuse(`${name} is set by the client alone, ${why}`);
  if (
    lower === 'connection' &&
    !value.split(',').every((o) => CONNECTION_OPTIONS.has(trimBlanks(o).toLowerCase()))
  ) {
    return refuse('Connection can only be close');
  }
  if (lower === 'expect' && value !== '' && value.toLowerCase() !== '100-continue') {
    return refuse('Expect can only be 100-continue, or empty');
  }
  return { ok: true, field: { name, value } };
}

function forbiddenReason(character: string): string {
  return character.charCodeAt(0) > 255
    ? 'its value has a character above 255, which is not a byte; percent-encode it, or give its UTF-8 as a byte string'
    : 'its value has a line break or control character';
}

function refuse(reason: string): HeaderLine {
  return { ok: false, reason };
}

function trimBlanks(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '');
}
