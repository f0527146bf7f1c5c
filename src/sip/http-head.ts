/** The head of an HTTP/1.1 request or response (RFC 9112), as far as a WebSocket handshake needs it. */
import { isToken } from './header-names.ts';

/** Limit on a head, in bytes: a browser's, with its cookies. */
const MAX_HEAD_BYTES = 16_384;
const END = '\r\n\r\n';
const UNSAFE = /[\0\r\n]/;

export class HttpHead {
  readonly startLine: string;
  readonly #fields: ReadonlyMap<string, string>;

  constructor(startLine: string, fields: ReadonlyMap<string, string>) {
    this.startLine = startLine;
    this.#fields = fields;
  }

  /** A field by its name in lower case; several of a name are joined by commas. Null if absent. */
  field(name: string): string | null {
    return this.#fields.get(name) ?? null;
  }

  /** Whether a field that is a list of words has this one, in any case. */
  lists(name: string, word: string): boolean {
    const wanted = word.toLowerCase();
    return (
      this.field(name)
        ?.split(',')
        .some((one) => one.trim().toLowerCase() === wanted) === true
    );
  }
}

/** Null if a line is not a header field. */
function parseHead(text: string): HttpHead | null {
  const [startLine = '', ...lines] = text.split('\r\n');
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0));
    if (!isToken(name) || UNSAFE.test(line)) return null;
    const key = name.toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = fields.get(key);
    fields.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  return new HttpHead(startLine, fields);
}

/** Collects a head from a stream that arrives in arbitrary pieces. */
export class HttpHeadReader {
  #text = '';

  get isInside(): boolean {
    return this.#text !== '';
  }

  /**
   * `more`: the head is incomplete. `too-long`, `invalid`: it cannot be used. Else the head, and the bytes of the chunk
   * behind it.
   */
  push(chunk: Buffer): 'more' | 'too-long' | 'invalid' | { readonly head: HttpHead; readonly rest: Buffer } {
    const known = this.#text.length;
    this.#text += chunk.toString('latin1', 0, MAX_HEAD_BYTES + END.length);
    const end = this.#text.indexOf(END, Math.max(known - END.length, 0));
    if (end > MAX_HEAD_BYTES || (end < 0 && this.#text.length > MAX_HEAD_BYTES)) return 'too-long';
    if (end < 0) return 'more';
    const head = parseHead(this.#text.slice(0, end));
    this.#text = '';
    return head === null ? 'invalid' : { head, rest: chunk.subarray(end + END.length - known) };
  }
}
