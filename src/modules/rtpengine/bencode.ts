/** Bencode, the encoding of rtpengine's ng protocol. Texts are byte strings. */

export type Bencoded = string | number | readonly Bencoded[] | Dictionary;
export interface Dictionary {
  readonly [key: string]: Bencoded;
}

/** Deeper values are not read. */
const deepest = 32;

export function encode(value: Bencoded): string {
  if (typeof value === 'number') return `i${Math.trunc(value)}e`;
  if (typeof value === 'string') return `${value.length}:${value}`;
  if (Array.isArray(value)) return `l${(value as readonly Bencoded[]).map(encode).join('')}e`;
  const entries = Object.entries(value as Dictionary);
  return `d${entries.map(([key, one]) => encode(key) + encode(one)).join('')}e`;
}

/** Why a text cannot be read: it ends too early, or is none. */
class Unreadable extends Error {
  readonly isCut: boolean;
  constructor(isCut: boolean) {
    super(isCut ? 'cut' : 'invalid');
    this.isCut = isCut;
  }
}

class Reader {
  readonly #text: string;
  at: number;

  constructor(text: string, at: number) {
    this.#text = text;
    this.at = at;
  }

  value(depth = 0): Bencoded {
    if (depth > deepest) throw new Unreadable(false);
    const first = this.#text[this.at];
    if (first === 'i') return this.#number(this.at + 1, 'e', /^-?\d{1,20}$/);
    if (first === 'l') return this.#items(() => this.value(depth + 1));
    if (first === 'd')
      return Object.fromEntries(this.#items(() => [this.#string(), this.value(depth + 1)] as const));
    return this.#string();
  }

  #items<T>(read: () => T): T[] {
    const items: T[] = [];
    for (this.at++; this.#text[this.at] !== 'e'; ) items.push(read());
    this.at++;
    return items;
  }

  #string(): string {
    const length = this.#number(this.at, ':', /^\d{1,7}$/);
    const start = this.at;
    this.at += length;
    if (this.at > this.#text.length) throw new Unreadable(true);
    return this.#text.slice(start, this.at);
  }

  #number(from: number, end: string, form: RegExp): number {
    const to = this.#text.indexOf(end, from);
    const digits = this.#text.slice(from, to < 0 ? from + 22 : to);
    if (to < 0 && digits.length < 22 && /^-?\d*$/.test(digits)) throw new Unreadable(true);
    if (to < 0 || !form.test(digits)) throw new Unreadable(false);
    this.at = to + 1;
    return Number(digits);
  }
}

/** The value of a whole text; undefined for anything else. */
export function decode(text: string): Bencoded | undefined {
  const reader = new Reader(text, 0);
  try {
    const value = reader.value();
    return text.slice(reader.at).trim() === '' ? value : undefined;
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}

/** Longest cookie of a stream. */
const longestCookie = 256;

/** The length of the first answer of a stream, a cookie, a blank and a value; 0 while it is not whole, -1 for others. */
export function answerLength(received: Buffer): number {
  const blank = received.subarray(0, longestCookie).indexOf(' ');
  if (blank < 0) return received.length < longestCookie ? 0 : -1;
  const reader = new Reader(received.toString('latin1'), blank + 1);
  try {
    reader.value();
    return reader.at;
  } catch (error) {
    if (error instanceof Unreadable) return error.isCut ? 0 : -1;
    throw error;
  }
}

/** As JSON, whose texts are the same bytes. */
export const toJson = (value: Bencoded): string => JSON.stringify(value);

export const isDictionary = (value: Bencoded | undefined): value is Dictionary =>
  typeof value === 'object' && !Array.isArray(value);

/** A value at a path of keys; undefined without one. */
export function at(value: Bencoded | undefined, ...path: readonly string[]): Bencoded | undefined {
  let found = value;
  for (const key of path) found = isDictionary(found) && Object.hasOwn(found, key) ? found[key] : undefined;
  return found;
}
