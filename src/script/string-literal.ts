/** Quoted strings: `"..."` with escapes, `'...'` without any. */

export interface StringReading {
  readonly value: string;
  readonly origins: readonly (readonly [index: number, offset: number])[];
  /** The index after the closing quote. */
  readonly end: number;
  readonly closed: boolean;
}

const letters: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  '"': '"',
  '\\': '\\',
};
/** Up to the closing quote or an escape. */
const plain = /[^"\\]*/y;
const numeric = /\\(?:x([0-9a-fA-F]{1,2})|([0-7]{2,3}))/y;

/**
 * Reads the string whose quote is at `start`. An unknown escape keeps its backslash, so that `"\+?[0-9]"` is the
 * regular expression it looks like (vector lang-match-digits).
 */
export function readString(text: string, start: number, base: number): StringReading {
  const quote = text[start] as string;
  const first = start + 1;
  if (quote === "'") {
    const close = text.indexOf("'", first);
    const end = close === -1 ? text.length : close;
    return {
      value: text.slice(first, end),
      origins: [[0, base + first]],
      end: end + 1,
      closed: close !== -1,
    };
  }
  const origins: [number, number][] = [[0, base + first]];
  const pieces: string[] = [];
  let length = 0;
  let copied = first;
  let at = first;
  for (;;) {
    plain.lastIndex = at;
    plain.test(text);
    at = plain.lastIndex;
    if (at >= text.length || text.charCodeAt(at) === 34) break;
    const escaped = escape(text, at);
    if (escaped === null) {
      at = Math.min(at + 2, text.length);
      continue;
    }
    pieces.push(text.slice(copied, at), escaped.value);
    length += at - copied + escaped.value.length;
    at += escaped.length;
    copied = at;
    origins.push([length, base + at]);
  }
  pieces.push(text.slice(copied, at));
  const closed = at < text.length;
  return { value: pieces.join(''), origins, end: closed ? at + 1 : at, closed };
}

function escape(text: string, at: number): { readonly value: string; readonly length: number } | null {
  const letter = letters[text[at + 1] ?? ''];
  if (letter !== undefined) return { value: letter, length: 2 };
  numeric.lastIndex = at;
  const match = numeric.exec(text);
  if (match === null) return null;
  const [written, hexadecimal, octal] = match;
  const code =
    hexadecimal === undefined ? Number.parseInt(octal as string, 8) : Number.parseInt(hexadecimal, 16);
  return { value: String.fromCharCode(code & 0xff), length: written.length };
}
