/** Header lines from a script or a command line, validated before they go into a message. */
import { headerKey, isToken, knownHeaderName } from './header-names.ts';

declare const checked: unique symbol;

/** Whole header lines, each ended by CRLF; '' for none. Only {@link headerText} creates them. */
export type HeaderText = string & {
  /** Only {@link headerText} creates them. */
  readonly [checked]: true;
};

export const NO_HEADERS = '' as HeaderText;

const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

/**
 * Validates header lines such as `X-A: 1\r\nX-B: 2`; null if they must not go into a message: a line without a colon,
 * a name that is not a token, a control character, an empty line (it would end the header), or Content-Length, which
 * frames the message. Adds a missing last CRLF; accepts LF alone.
 */
export function headerText(text: string): HeaderText | null {
  if (text === '') return NO_HEADERS;
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  let out = '';
  for (const [i, raw] of lines.entries()) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (CONTROL.test(line)) return null;
    if (line.startsWith(' ') || line.startsWith('\t')) {
      if (i === 0 || line.trim() === '') return null; // a folded line continues the previous one
    } else {
      const colon = line.indexOf(':');
      const name = line.slice(0, Math.max(colon, 0)).trimEnd();
      if (!isToken(name) || headerKey(name) === 'content-length') return null;
    }
    out += `${line}\r\n`;
  }
  return out as HeaderText;
}

/** The keys (see `headerKey`) of the headers in checked text. */
export function headerTextKeys(text: HeaderText): Set<string> {
  const keys = new Set<string>();
  someKey(text, (key) => {
    keys.add(key);
    return false;
  });
  return keys;
}

/** Whether checked text has a header with one of these keys. */
export const headerTextHas = (text: HeaderText, keys: ReadonlySet<string>): boolean =>
  someKey(text, (key) => keys.has(key));

/** Whether one of the headers in checked text is wanted, by its key. */
function someKey(text: HeaderText, isWanted: (key: string) => boolean): boolean {
  for (let at = 0; at < text.length; ) {
    const lineEnd = text.indexOf('\r\n', at);
    const end = lineEnd < 0 ? text.length : lineEnd;
    const colon = text.indexOf(':', at);
    if (colon > at && colon < end && !isBlank(text, at)) {
      let nameEnd = colon;
      while (isBlank(text, nameEnd - 1)) nameEnd--;
      const known = knownHeaderName(text, at, nameEnd);
      if (isWanted(known === undefined ? headerKey(text.slice(at, nameEnd)) : known.key)) return true;
    }
    at = end + 2;
  }
  return false;
}

const isBlank = (text: string, at: number): boolean => text[at] === ' ' || text[at] === '\t';

/** Text for one line, its control characters turned into spaces. */
export function oneLine(text: string): string {
  return /[\x00-\x1f\x7f]/.test(text) ? text.replace(/[\x00-\x1f\x7f]+/g, ' ') : text;
}
