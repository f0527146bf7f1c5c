/**
 * Lists of parameters as `;a=b;c` or `a=b;c` (RFC 3261, 25.1: generic-param, uri-parameter). Byte strings. Names are
 * case-insensitive in ASCII. A `;` or `=` inside a quoted string belongs to it.
 */

export interface Parameter {
  /** As written. */
  readonly name: string;
  /** Null without `=`; a quoted string without its quotes, its escapes as written. */
  readonly value: string | null;
}

const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const QUOTE = 34;
const SEMICOLON = 59;
const BACKSLASH = 92;

export const isSpace = (code: number): boolean =>
  code === SPACE || code === TAB || code === CR || code === LF;

/** `text` between `from` and `end`, trimmed. */
export function trimmed(text: string, from: number, end: number): string {
  while (from < end && isSpace(text.charCodeAt(from))) from++;
  while (end > from && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(from, end);
}

/** The index after the closing quote of the string that opens at `from`, or -1. */
export function quotedEnd(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) at++;
  }
  return -1;
}

/**
 * The end of the parameter that starts at `from`: the next `;` outside quotes, or the end of the text; -1 if a quote
 * is not closed.
 */
export function parameterEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === SEMICOLON) return at;
    if (code === QUOTE) {
      at = quotedEnd(text, at);
      if (at < 0) return -1;
      at--;
    }
  }
  return text.length;
}

function parameterName(text: string, from: number, end: number): string {
  const equals = text.indexOf('=', from);
  return trimmed(text, from, equals < 0 || equals > end ? end : equals);
}

function parameterValue(text: string, from: number, end: number): string | null {
  const equals = text.indexOf('=', from);
  if (equals < 0 || equals >= end) return null;
  const value = trimmed(text, equals + 1, end);
  return value.length > 1 && value.charCodeAt(0) === QUOTE && value.endsWith('"')
    ? value.slice(1, -1)
    : value;
}

/** All parameters in order, without empty ones (`;;`); null if a quote is not closed or a name is missing. */
export function parseParameters(text: string): Parameter[] | null {
  const list: Parameter[] = [];
  for (let from = 0; from < text.length; ) {
    const end = parameterEnd(text, from);
    if (end < 0) return null;
    const name = parameterName(text, from, end);
    const value = parameterValue(text, from, end);
    if (name !== '') list.push({ name, value });
    else if (value !== null) return null;
    from = end + 1;
  }
  return list;
}

/** The value of the first parameter of this name: '' without a value, null if absent. */
export function findParameter(text: string, name: string): string | null {
  const length = name.length;
  const wanted = name.toLowerCase();
  const first = wanted.charCodeAt(0);
  const isQuoted = text.includes('"');
  for (let from = 0; from < text.length; ) {
    let end = isQuoted ? parameterEnd(text, from) : text.indexOf(';', from);
    if (end < 0) end = text.length;
    while (from < end && isSpace(text.charCodeAt(from))) from++;
    if (
      end - from >= length &&
      (text.charCodeAt(from) | 0x20) === (first | 0x20) &&
      text.slice(from, from + length).toLowerCase() === wanted
    ) {
      const found = parameterName(text, from, end);
      if (found.length === length) return parameterValue(text, from, end) ?? '';
    }
    from = end + 1;
  }
  return null;
}

/** The parts of a comma-joined header value, ignoring commas inside quotes and `<...>`; without empty parts. */
export function splitList(text: string): string[] {
  const parts: string[] = [];
  for (let from = 0; from <= text.length; ) {
    const end = listItemEnd(text, from);
    const part = trimmed(text, from, end);
    if (part !== '') parts.push(part);
    from = end + 1;
  }
  return parts;
}

/** The end of the list item that starts at `from`: its comma, or the end of the text. */
export function listItemEnd(text: string, from: number): number {
  if (text.indexOf(',', from) < 0) return text.length;
  let inAngles = false;
  for (let at = from; at < text.length; at++) {
    const char = text[at];
    if (char === '"' && !inAngles) {
      const end = quotedEnd(text, at);
      if (end < 0) return text.length;
      at = end - 1;
    } else if (char === '<') inAngles = true;
    else if (char === '>') inAngles = false;
    else if (char === ',' && !inAngles) return at;
  }
  return text.length;
}
