/** State shared by all parts of the parser: the tokens, the errors, and recovery. */
import type { NameNode, Span } from './ast.ts';
import type { Diagnostic, DiagnosticCode, DiagnosticList } from './diagnostics.ts';
import { isIdentifierCode, type Token } from './lexer.ts';
import { describeToken, type TokenStream } from './token-stream.ts';

/** Thrown, after reporting an error, to the nearest caller that can recover. */
export const syntaxFailure = { syntaxFailure: true };

/** Limit of nested blocks, parentheses and operators: beyond it the stack would overflow. */
const maxDepth = 200;
/** Operators in one statement: the tree of a chain of them is as deep as the chain is long. */
const maxOperators = 1000;

export type Details = Pick<Diagnostic, 'labels' | 'help'>;

export class ParserState {
  readonly stream: TokenStream;
  readonly diagnostics: DiagnosticList;
  #depth = 0;
  #operators = 0;
  /** Whether `variable == value` binds tighter than arithmetic: in assigned values, and in `[ ]`. */
  comparesFirst = false;
  /** Position of the last reported error, to suppress its consequences. */
  #failedAt = -1;

  constructor(stream: TokenStream, diagnostics: DiagnosticList) {
    this.stream = stream;
    this.diagnostics = diagnostics;
  }

  get token(): Token {
    return this.stream.token;
  }

  is(text: string): boolean {
    const { token } = this.stream;
    return token.text === text && (token.kind === 'punctuation' || token.kind === 'identifier');
  }

  accept(text: string): boolean {
    if (!this.is(text)) return false;
    this.stream.advance();
    return true;
  }

  /** Consumes the punctuation `text` or fails; `what` describes its purpose. */
  expect(text: string, what: string, details: Details = {}): Token {
    if (this.is(text)) return this.stream.advance();
    return this.unexpected(`\`${text}\` ${what}`, details);
  }

  /** Fails at the current token. */
  unexpected(expected: string, details: Details = {}): never {
    return this.fail(
      'syntax',
      this.token,
      `expected ${expected}, found ${describeToken(this.token)}`,
      details,
    );
  }

  fail(code: DiagnosticCode, span: Span, message: string, details: Details = {}): never {
    this.report(code, span, message, details);
    throw syntaxFailure;
  }

  /**
   * Reports an error, unless the lexer has reported one at this token, or the parser one at this position. After a
   * string of several lines, the error is its missing closing quote.
   */
  report(code: DiagnosticCode, span: Span, message: string, details: Details = {}): void {
    const { token } = this;
    if (this.diagnostics.full) this.stream.stop();
    if (token.kind === 'bad' || this.#failedAt === token.start) {
      this.#failedAt = token.start;
      return;
    }
    const { previous } = this.stream;
    const open = token.kind === 'string' && token.lineEnd !== null ? token : previous;
    this.#failedAt = token.start;
    if (open?.kind === 'string' && open.lineEnd !== null && token.lexer === open.lexer) {
      const end = open.lineEnd;
      const help = 'it continues to the next quote, several lines below';
      this.diagnostics.error(
        'unterminated-string',
        { start: open.start, end },
        'this string has no closing quote on its line',
        { help },
      );
      this.stream.resume(open, end);
      this.#failedAt = this.token.start;
      return;
    }
    this.diagnostics.error(code, { start: span.start, end: span.end }, message, details);
  }

  /** Runs `parse` one level deeper; beyond the limit the rest of the script is skipped. */
  nested<T>(parse: () => T): T {
    if (this.#depth >= maxDepth) {
      this.report(
        'nested-too-deeply',
        this.token,
        `blocks or parentheses nested more than ${maxDepth} deep; the rest is ignored`,
      );
      this.stream.stop();
      throw syntaxFailure;
    }
    this.#depth += 1;
    try {
      return parse();
    } finally {
      this.#depth -= 1;
    }
  }

  beginStatement(): void {
    this.#operators = 0;
  }

  /** Parses with {@link comparesFirst} set so. */
  comparing<T>(first: boolean, parse: () => T): T {
    const before = this.comparesFirst;
    this.comparesFirst = first;
    try {
      return parse();
    } finally {
      this.comparesFirst = before;
    }
  }

  countOperator(): void {
    this.#operators += 1;
    if (this.#operators <= maxOperators) return;
    this.fail('nested-too-deeply', this.token, `more than ${maxOperators} operators in one statement`);
  }

  /** The value of `parse`, or null when it failed; `recover` then finds the place to continue. */
  attempt<T>(parse: () => T, recover: () => void): T | null {
    try {
      return parse();
    } catch (thrown) {
      if (thrown !== syntaxFailure) throw thrown;
      recover();
      return null;
    }
  }

  /** From `start` to the end of the previous token. */
  spanFrom(start: number): Span {
    return { start, end: Math.max(start, this.stream.previous?.end ?? start) };
  }

  nameOf(token: Token): NameNode {
    return { kind: 'name', span: { start: token.start, end: token.end }, text: token.text };
  }

  /** A name that may be bare (with `-`, `.` and `:` in it), quoted, or a number. */
  name(what: string): NameNode {
    const { token } = this;
    if (token.kind === 'string') return this.nameOf(this.stream.advance());
    if (token.kind !== 'identifier' && token.kind !== 'number') return this.unexpected(what);
    const { text, span } = this.stream.word(afterName);
    return { kind: 'name', span, text };
  }

  /**
   * Skips to the `)` that closes the current parenthesis, or to something that cannot be inside it; `ends` adds
   * conditions.
   */
  skipToClosing(ends: () => boolean = () => false): void {
    let depth = 0;
    for (;;) {
      const { token } = this;
      if (token.kind === 'end' || this.is(';') || this.is('{') || this.is('}') || ends()) return;
      if (this.is('(')) depth += 1;
      if (this.is(')')) {
        if (depth === 0) return;
        depth -= 1;
      }
      this.stream.advance();
    }
  }
}

/** The end of a name that may have `-`, `.` and `:` in it. */
function afterName(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (!isIdentifierCode(code) && code !== 45 && code !== 46 && code !== 58) return at;
    at += 1;
  }
}
