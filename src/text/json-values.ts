/**
 * JSON documents as the json module keeps them. Strings are byte strings (UTF-8 inside), objects are Maps in
 * insertion order, so that no key is special (`__proto__`).
 */

export type JsonValue = null | boolean | string | number | bigint | JsonDouble | JsonArray | JsonObject;

export type JsonArray = JsonValue[];
export type JsonObject = Map<string, JsonValue>;

/** A number with a fraction or exponent, printed as it was written. A `number` is an integer, a `bigint` one beyond 2^53. */
export class JsonDouble {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export const jsonLimits = {
  /** Maximum size of parsed or printed text in bytes: rest_client's default (max_transfer_size, 10240 KB). */
  size: 10_485_760,
  /** Maximum nesting of arrays and objects when parsed, and when printed. */
  depth: 512,
} as const;

const integerMinimum = -(2n ** 63n);
const integerMaximum = 2n ** 64n - 1n;

/** The parsed value; undefined if the text is not JSON or too large. */
export function parseJson(text: string): JsonValue | undefined {
  if (text.length > jsonLimits.size) return undefined;
  try {
    return new JsonReader(text).document();
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}

class Unreadable extends Error {}

/** These are case-insensitive: json-c accepts `True` as well. */
const literals: ReadonlyMap<string, JsonValue> = new Map<string, JsonValue>([
  ['null', null],
  ['true', true],
  ['false', false],
  ['nan', new JsonDouble('NaN')],
  ['infinity', new JsonDouble('Infinity')],
  ['-infinity', new JsonDouble('-Infinity')],
]);

const simpleEscapes: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  '"': '"',
  "'": "'",
  '\\': '\\',
  '/': '/',
};

const doubleQuoteOrEscape = /["\\]/g;
const singleQuoteOrEscape = /['\\]/g;
const numberToken = /-?\d+(\.\d*)?([eE][+-]?\d+)?/y;
const literalToken = /-?[A-Za-z]{1,9}/y;

/**
 * RFC 8259, and what json-c accepts unless strict: strings in single quotes, control characters in strings, comments,
 * a trailing comma, text after the document.
 */
class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): JsonValue {
    return this.#value(0);
  }

  #value(depth: number): JsonValue {
    if (depth > jsonLimits.depth) throw new Unreadable();
    this.#skipSpace();
    const c = this.#text.charAt(this.#at);
    switch (c) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
      case "'":
        return this.#string(c);
    }
    if ((c >= '0' && c <= '9') || (c === '-' && this.#text[this.#at + 1] !== 'I')) return this.#number();
    return this.#literal();
  }

  #object(depth: number): JsonObject {
    const members: JsonObject = new Map();
    this.#at++;
    for (;;) {
      this.#skipSpace();
      const c = this.#text.charAt(this.#at);
      if (c === '}') break;
      if (c !== '"' && c !== "'") throw new Unreadable();
      const key = this.#string(c);
      this.#skipSpace();
      if (this.#text[this.#at] !== ':') throw new Unreadable();
      this.#at++;
      members.set(key, this.#value(depth + 1));
      if (!this.#comma('}')) break;
    }
    this.#at++;
    return members;
  }

  #array(depth: number): JsonArray {
    const elements: JsonArray = [];
    this.#at++;
    for (;;) {
      this.#skipSpace();
      if (this.#text[this.#at] === ']') break;
      elements.push(this.#value(depth + 1));
      if (!this.#comma(']')) break;
    }
    this.#at++;
    return elements;
  }

  /** Skips a comma; false if the list closes instead. */
  #comma(close: string): boolean {
    this.#skipSpace();
    const c = this.#text[this.#at];
    if (c === close) return false;
    if (c !== ',') throw new Unreadable();
    this.#at++;
    return true;
  }

  #string(quote: string): string {
    const special = quote === '"' ? doubleQuoteOrEscape : singleQuoteOrEscape;
    let output = '';
    for (let from = this.#at + 1; ; from = this.#at + 1) {
      special.lastIndex = from;
      const found = special.exec(this.#text);
      if (found === null) throw new Unreadable();
      output += this.#text.slice(from, found.index);
      this.#at = found.index;
      if (found[0] === quote) break;
      output += this.#escape();
    }
    this.#at++;
    return output;
  }

  /** Leaves the position at the escape's last character. */
  #escape(): string {
    const c = this.#text.charAt(++this.#at);
    if (c !== 'u') {
      const simple = Object.hasOwn(simpleEscapes, c) ? simpleEscapes[c] : undefined;
      if (simple === undefined) throw new Unreadable();
      return simple;
    }
    const unit = this.#codeUnit();
    if (unit < 0xd800 || unit > 0xdfff) return utf8(unit);
    if (unit < 0xdc00 && this.#text.startsWith('\\u', this.#at + 1)) {
      const before = this.#at;
      this.#at += 2;
      const low = this.#codeUnit();
      if (low >= 0xdc00 && low <= 0xdfff) return utf8(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
      this.#at = before;
    }
    return utf8(0xfffd);
  }

  #codeUnit(): number {
    const digits = this.#text.slice(this.#at + 1, this.#at + 5);
    if (!/^[0-9A-Fa-f]{4}$/.test(digits)) throw new Unreadable();
    this.#at += 4;
    return Number.parseInt(digits, 16);
  }

  #number(): JsonValue {
    numberToken.lastIndex = this.#at;
    const [text, fraction, exponent] = numberToken.exec(this.#text) ?? [];
    if (text === undefined || text.length > 1024) throw new Unreadable();
    this.#at += text.length;
    // `12abc` is not a number followed by text
    if (/[\w.+-]/.test(this.#text.charAt(this.#at))) throw new Unreadable();
    if (fraction !== undefined || exponent !== undefined) return new JsonDouble(text);
    const value = Number(text);
    if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
    const exact = BigInt(text);
    return exact < integerMinimum ? integerMinimum : exact > integerMaximum ? integerMaximum : exact;
  }

  #literal(): JsonValue {
    literalToken.lastIndex = this.#at;
    const text = literalToken.exec(this.#text)?.[0] ?? '';
    const value = literals.get(text.toLowerCase());
    if (value === undefined || /\w/.test(this.#text.charAt(this.#at + text.length))) throw new Unreadable();
    this.#at += text.length;
    return value;
  }

  #skipSpace(): void {
    for (;;) {
      const c = this.#text[this.#at];
      if (c === ' ' || c === '\n' || c === '\r' || c === '\t' || c === '\v' || c === '\f') this.#at++;
      else if (c === '/') this.#skipComment();
      else return;
    }
  }

  #skipComment(): void {
    const kind = this.#text[this.#at + 1];
    const end =
      kind === '*'
        ? this.#text.indexOf('*/', this.#at + 2)
        : kind === '/'
          ? this.#text.indexOf('\n', this.#at)
          : -1;
    if (end < 0) throw new Unreadable();
    this.#at = end + (kind === '*' ? 2 : 1);
  }
}

function utf8(codePoint: number): string {
  return codePoint < 128
    ? String.fromCharCode(codePoint)
    : Buffer.from(String.fromCodePoint(codePoint), 'utf8').toString('latin1');
}

// --- printing -------------------------------------------------------------------------------------------

/** The styles of json-c 0.16: spaced is its default, pretty one element a line, compact nothing between. */
export type JsonStyle = 'spaced' | 'pretty' | 'compact' | 'compact-noescape';

/** The text of a value; null if it would be too long or too deep (linked values may be cyclic). */
export function printJson(value: JsonValue, style: JsonStyle): string | null {
  const printer = new JsonPrinter(style);
  printer.print(value, 0);
  return printer.failed ? null : printer.output;
}

class JsonPrinter {
  output = '';
  failed = false;
  readonly #style: JsonStyle;
  readonly #colon: string;

  constructor(style: JsonStyle) {
    this.#style = style;
    this.#colon = style === 'spaced' ? ': ' : ':';
  }

  print(value: JsonValue, level: number): void {
    if (this.failed || level > jsonLimits.depth || this.output.length > jsonLimits.size) {
      this.failed = true;
      return;
    }
    if (Array.isArray(value)) this.#array(value, level);
    else if (value instanceof Map) this.#object(value, level);
    else if (typeof value === 'string') this.#string(value);
    else this.output += value instanceof JsonDouble ? value.text : String(value);
  }

  #array(elements: JsonArray, level: number): void {
    this.#open('[');
    for (let i = 0; i < elements.length && !this.failed; i++) {
      this.#separate(i === 0, level);
      this.print(elements[i] ?? null, level + 1);
    }
    this.#close(']', elements.length === 0, level);
  }

  #object(members: JsonObject, level: number): void {
    this.#open('{');
    let first = true;
    for (const [key, value] of members) {
      if (this.failed) return;
      this.#separate(first, level);
      first = false;
      this.#string(key);
      this.output += this.#colon;
      this.print(value, level + 1);
    }
    this.#close('}', first, level);
  }

  #open(bracket: string): void {
    this.output += this.#style === 'pretty' ? `${bracket}\n` : bracket;
  }

  #separate(first: boolean, level: number): void {
    if (this.#style === 'pretty') this.output += `${first ? '' : ',\n'}${'  '.repeat(level + 1)}`;
    else if (this.#style === 'spaced') this.output += first ? ' ' : ', ';
    else if (!first) this.output += ',';
  }

  #close(bracket: string, empty: boolean, level: number): void {
    if (this.#style === 'pretty') this.output += `${empty ? '' : '\n'}${'  '.repeat(level)}${bracket}`;
    else this.output += this.#style === 'spaced' ? ` ${bracket}` : bracket;
  }

  #string(text: string): void {
    const special = this.#style === 'compact-noescape' ? specialButSlash : specialCharacters;
    this.output += `"${text.replace(special, escaped)}"`;
  }
}

const specialCharacters = /[\x00-\x1f"\\/]/g;
const specialButSlash = /[\x00-\x1f"\\]/g;

const shortEscapes: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\f': '\\f',
  '"': '\\"',
  '\\': '\\\\',
  '/': '\\/',
};

const escaped = (c: string) => shortEscapes[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
