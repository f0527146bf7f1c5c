/** Splits a script into tokens: one loop over its bytes that never fails and takes linear time. */
import type { VariableNode } from './ast.ts';
import type { DiagnosticList } from './diagnostics.ts';
import type { SourceFile } from './source.ts';
import { readString } from './string-literal.ts';
import { readVariable, type VariableSource } from './variable-syntax.ts';

interface TokenFacts {
  /** Offsets in the source set. */
  readonly start: number;
  readonly end: number;
  /** As written; of a string, its bytes with escapes resolved. */
  readonly text: string;
  /** Whether it is the first on its line. */
  readonly startsLine: boolean;
  readonly lexer: Lexer;
}

export interface StringToken extends TokenFacts {
  readonly kind: 'string';
  readonly origins: readonly (readonly [index: number, offset: number])[];
  /** Where its first line ends, when it has more than one. */
  readonly lineEnd: number | null;
}

export interface NumberToken extends TokenFacts {
  readonly kind: 'number';
  readonly value: number;
}

export interface VariableToken extends TokenFacts {
  readonly kind: 'variable';
  readonly node: VariableNode;
}

export interface PlainToken extends TokenFacts {
  /** `bad` is a token whose error has been reported. */
  readonly kind: 'identifier' | 'punctuation' | 'bad' | 'end';
}

export type Token = StringToken | NumberToken | VariableToken | PlainToken;

/** Longest first, so that the first match is correct. */
const punctuation = [
  '<<=',
  '>>=',
  '==',
  '!=',
  '<=',
  '>=',
  '=~',
  '!~',
  '&&',
  '||',
  '<<',
  '>>',
  ':=',
  '+=',
  '-=',
  '*=',
  '/=',
  '%=',
  '&=',
  '|=',
  '^=',
  '~=',
  ...'=<>!~&|^+-*/%(){}[];,:.?@',
];

const punctuationByFirst = new Map<number, readonly string[]>();
for (const text of punctuation) {
  const code = text.charCodeAt(0);
  punctuationByFirst.set(code, [...(punctuationByFirst.get(code) ?? []), text]);
}

/** Long runs of bytes are matched by these: a loop over bytes is slow in a process that has just started. */
const identifier = /[A-Za-z0-9_]*/y;
const blanks = /[ \t\v\f\r]*/y;

/** The index after the match of `pattern` at `from`. */
function after(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  pattern.test(text);
  return pattern.lastIndex;
}

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

export function isIdentifierCode(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || isDigit(code) || code === 95;
}

export class Lexer {
  readonly file: SourceFile;
  /** The lexer of the including file. */
  readonly parent: Lexer | null;
  readonly #diagnostics: DiagnosticList;
  readonly #variables: VariableSource;
  #at = 0;
  /** Quotes of strings known to be unterminated, so that they are not searched for again. */
  #unclosed = '';

  constructor(file: SourceFile, parent: Lexer | null, diagnostics: DiagnosticList) {
    this.file = file;
    this.parent = parent;
    this.#diagnostics = diagnostics;
    this.#variables = {
      text: file.text,
      limit: file.text.length,
      singleLine: true,
      diagnostics,
      offsetOf: (index) => file.base + index,
    };
  }

  /** Goes on reading at an offset of the source set. */
  seek(offset: number): void {
    this.#at = offset - this.file.base;
  }

  next(): Token {
    const startsLine = this.#skipSpace();
    const { text } = this.file;
    const start = this.#at;
    const code = text.charCodeAt(start);
    if (start >= text.length) return this.#plain('end', start, start, startsLine);
    if (code === 36) return this.#variable(start, startsLine);
    if (code === 34 || code === 39) return this.#string(start, startsLine);
    if (isDigit(code)) return this.#number(start, startsLine);
    if (isIdentifierCode(code)) {
      const end = after(identifier, text, start);
      this.#at = end;
      return this.#plain('identifier', start, end, startsLine);
    }
    const sign = punctuationByFirst.get(code)?.find((one) => text.startsWith(one, start));
    if (sign !== undefined) {
      this.#at = start + sign.length;
      return this.#plain('punctuation', start, this.#at, startsLine);
    }
    throw new Error('unexpected bytes should have been skipped');
  }

  /**
   * A run of bytes that the language does not use. OpenSIPS ignores them, and real scripts contain no-break spaces and
   * stray backticks.
   */
  #passOver(start: number): number {
    const { text, base } = this.file;
    let end = start + 1;
    while (end < text.length && this.#isUnknown(text.charCodeAt(end))) end += 1;
    if (start === 0 && text.startsWith(byteOrderMark)) return Math.max(3, end);
    const span = { start: base + start, end: base + end };
    const what = nameOfCharacter(text.slice(start, Math.min(end, start + 12)));
    this.#diagnostics.warning('unexpected-character', span, `unexpected ${what}, ignored`);
    return end;
  }

  #isUnknown(code: number): boolean {
    if (code === 32 || (code >= 9 && code <= 13) || code === 36 || code === 34 || code === 39 || code === 35)
      return false;
    return !isIdentifierCode(code) && !punctuationByFirst.has(code);
  }

  #plain(kind: PlainToken['kind'], start: number, end: number, startsLine: boolean): PlainToken {
    const { base, text } = this.file;
    return {
      kind,
      start: base + start,
      end: base + end,
      text: text.slice(start, end),
      startsLine,
      lexer: this,
    };
  }

  /** Skips space and comments; true if this crossed a line end, or at the very start. */
  #skipSpace(): boolean {
    const { text, base } = this.file;
    let at = this.#at;
    let startsLine = at === 0;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === 10) {
        startsLine = true;
        at += 1;
      } else if (code === 32 || (code >= 9 && code <= 13)) at = after(blanks, text, at);
      else if (code === 35 || (code === 47 && text.charCodeAt(at + 1) === 47)) {
        const end = text.indexOf('\n', at);
        at = end === -1 ? text.length : end;
      } else if (code === 47 && text.charCodeAt(at + 1) === 42) {
        const end = text.indexOf('*/', at + 2);
        if (end === -1) {
          const span = { start: base + at, end: base + at + 2 };
          this.#diagnostics.error('unterminated-comment', span, 'this comment has no closing `*/`');
        } else if (text.slice(at, end).includes('\n')) startsLine = true;
        at = end === -1 ? text.length : end + 2;
      } else if (at < text.length && this.#isUnknown(code)) at = this.#passOver(at);
      else break;
    }
    this.#at = at;
    return startsLine;
  }

  #variable(start: number, startsLine: boolean): Token {
    const { node, end } = readVariable(this.#variables, start);
    this.#at = end;
    this.#strayQuote(start, end);
    if (node === null) return this.#plain('bad', start, end, startsLine);
    const { base, text } = this.file;
    const written = text.slice(start, end);
    return {
      kind: 'variable',
      start: base + start,
      end: base + end,
      text: written,
      startsLine,
      lexer: this,
      node,
    };
  }

  /** OpenSIPS ignores a quote right after `$name`, as in `"ip=" + $si" + ...` (field-stray-quote). */
  #strayQuote(start: number, end: number): void {
    const { text, base } = this.file;
    const quote = text.charCodeAt(end);
    if ((quote !== 34 && quote !== 39) || !isIdentifierCode(text.charCodeAt(end - 1))) return;
    this.#at = end + 1;
    const span = { start: base + end, end: base + end + 1 };
    const message = `unexpected quote after ${text.slice(start, end)}, ignored`;
    this.#diagnostics.warning('unexpected-character', span, message, { help: 'remove the quote' });
  }

  #number(start: number, startsLine: boolean): NumberToken {
    const { text } = this.file;
    let end = start + 1;
    const zero = text.charCodeAt(start) === 48;
    const hexadecimal = zero && /^0x[0-9a-f]/i.test(text.slice(start, start + 3));
    if (hexadecimal) {
      end = start + 2;
      while (/[0-9a-fA-F]/.test(text[end] ?? '')) end += 1;
    } else while (isDigit(text.charCodeAt(end))) end += 1;
    this.#at = end;
    const plain = this.#plain('bad', start, end, startsLine);
    return { ...plain, kind: 'number', value: this.#value(plain, hexadecimal) };
  }

  #value(token: PlainToken, hexadecimal: boolean): number {
    const { text } = token;
    const octal = !hexadecimal && text.length < 16 && /^0[0-7]+$/.test(text);
    const exact = octal ? Number.parseInt(text, 8) : Number(text);
    // 2147483648 may follow a minus sign, and hexadecimal numbers are bit patterns
    if (exact > (hexadecimal || octal ? 0xffffffff : 0x80000000)) {
      const help = 'integers range from -2147483648 to 2147483647';
      this.#diagnostics.error(
        'number-range',
        token,
        `the number ${text.slice(0, 24)} does not fit in 32 bits`,
        { help },
      );
      return 0;
    }
    return exact | 0;
  }

  #string(start: number, startsLine: boolean): Token {
    const { text, base } = this.file;
    const quote = text[start] as string;
    const reading = this.#unclosed.includes(quote) ? null : readString(text, start, base);
    if (reading === null || !reading.closed) {
      this.#unclosed += quote;
      const lineEnd = text.indexOf('\n', start);
      const end = lineEnd === -1 ? text.length : lineEnd;
      this.#at = end;
      const span = { start: base + start, end: base + end };
      this.#diagnostics.error('unterminated-string', span, `this string has no closing ${quote}`);
      return this.#plain('bad', start, end, startsLine);
    }
    this.#at = reading.end;
    const lineLength = text.slice(start, reading.end).indexOf('\n');
    return {
      kind: 'string',
      start: base + start,
      end: base + reading.end,
      text: reading.value,
      startsLine,
      lexer: this,
      origins: reading.origins,
      lineEnd: lineLength === -1 ? null : base + start + lineLength,
    };
  }
}

const byteOrderMark = '\xef\xbb\xbf';

/** Description of the first character: invisible ones by their code. */
function nameOfCharacter(bytes: string): string {
  const [first = ''] = Buffer.from(bytes, 'latin1').toString('utf8');
  const code = first.codePointAt(0) ?? 0;
  if (/[\p{Z}\p{C}\uFFFD]/u.test(first)) {
    const shown = first === '\uFFFD' ? bytes.charCodeAt(0) : code;
    return shown < 256 && bytes.length < 2
      ? `byte 0x${shown.toString(16).padStart(2, '0')}`
      : `character U+${shown.toString(16).toUpperCase().padStart(4, '0')}${code === 0xa0 ? ' (a no-break space)' : ''}`;
  }
  return `character \`${first}\``;
}
