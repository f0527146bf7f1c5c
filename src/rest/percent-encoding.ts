/**
 * How characters become bytes: `utf8` text, or a `latin1` byte string, whose characters are one byte each (0 to 255).
 */
export type TextEncoding = 'utf8' | 'latin1';

// RFC 3986, section 2.3: ALPHA / DIGIT / "-" / "." / "_" / "~" are never encoded
const UNRESERVED = /^[A-Za-z0-9\-._~]*$/;

const ENCODED: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte);
  return UNRESERVED.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
});

/**
 * Percent-encodes everything but the unreserved characters of RFC 3986, as `curl_easy_escape` does, so that the
 * result is safe anywhere in a URL.
 * @param encoding `utf8` (default) for text; `latin1` for a byte string, as in scripts
 * @example percentEncode('a&b=ü') === 'a%26b%3D%C3%BC'
 */
export function percentEncode(text: string, encoding: TextEncoding = 'utf8'): string {
  if (UNRESERVED.test(text)) return text;
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 128 || (code < 256 && encoding === 'latin1')) {
      out += ENCODED[code];
      continue;
    }
    const point = text.codePointAt(i) ?? 0xfffd;
    if (point > 0xffff) i++;
    out += encodedCharacter(String.fromCodePoint(point));
  }
  return out;
}

/** Percent-encodes non-ASCII characters as UTF-8, and nothing else: reserved characters and percent signs remain. */
export function encodeNonAscii(text: string): string {
  return text.replace(NON_ASCII, encodedCharacter);
}

const NON_ASCII = /[\u0080-\u{10ffff}]/gu;

/** Turns a lone surrogate, which is not a character, into U+FFFD. */
function encodedCharacter(character: string): string {
  let out = '';
  for (const byte of Buffer.from(character, 'utf8')) out += ENCODED[byte];
  return out;
}

/** The value of a hexadecimal digit; -1 for any other character. */
export function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/**
 * Decodes percent-encoding, as `curl_easy_unescape` does. `+` stays `+`, and so does a `%` that is not followed by two
 * hexadecimal digits. Never throws: bytes that are not UTF-8 become U+FFFD.
 * @param encoding `utf8` (default) returns text; `latin1` a byte string, as in scripts
 */
export function percentDecode(text: string, encoding: TextEncoding = 'utf8'): string {
  if (!text.includes('%')) return text;
  const bytes = decodedBytes(encoding === 'utf8' ? Buffer.from(text, 'utf8').toString('latin1') : text);
  return encoding === 'utf8' ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes;
}

function decodedBytes(text: string): string {
  let percent = text.indexOf('%');
  let out = '';
  let from = 0;
  while (percent >= 0) {
    const high = hexDigit(text.charCodeAt(percent + 1));
    const low = hexDigit(text.charCodeAt(percent + 2));
    if (high >= 0 && low >= 0) {
      out += text.slice(from, percent) + String.fromCharCode(high * 16 + low);
      from = percent + 3;
      percent = text.indexOf('%', from);
    } else {
      percent = text.indexOf('%', percent + 1);
    }
  }
  return out + text.slice(from);
}
