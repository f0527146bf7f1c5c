// RFC 3986, section 2.3: ALPHA / DIGIT / "-" / "." / "_" / "~" stay as they are.
const UNRESERVED = /^[A-Za-z0-9\-._~]*$/;

const ESCAPED: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte);
  return UNRESERVED.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
});

/**
 * Percent-encodes a byte string (each character one byte, 0 to 255), as `curl_easy_escape` does: everything
 * but the unreserved characters of RFC 3986. Characters above 255 are encoded as their UTF-8 bytes.
 */
export function escape(text: string): string {
  if (UNRESERVED.test(text)) return text;
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const escaped = ESCAPED[code];
    if (escaped !== undefined) {
      out += escaped;
      continue;
    }
    const point = text.codePointAt(i) ?? 0xfffd;
    if (point > 0xffff) i++;
    for (const byte of Buffer.from(String.fromCodePoint(point), 'utf8')) out += ESCAPED[byte];
  }
  return out;
}

/** The value of a hexadecimal digit, -1 for any other character. */
export function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/**
 * Decodes percent-encoded bytes into a byte string, as `curl_easy_unescape` does. `+` stays `+`, and a `%`
 * that two hexadecimal digits do not follow stays as it is. Never throws.
 */
export function unescape(text: string): string {
  let percent = text.indexOf('%');
  if (percent < 0) return text;
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
