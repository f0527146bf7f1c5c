/** The tokens of a script with those of included files inserted, and the parser's lookahead. */
import type { Span } from './ast.ts';
import type { DiagnosticList } from './diagnostics.ts';
import { Lexer, type Token } from './lexer.ts';
import type { SourceFile, SourceSet } from './source.ts';

/** Reads the file `path` included by `fromFile`, as a byte string; throws on failure. */
export type ReadFile = (path: string, fromFile: string) => string;

const maxIncludeDepth = 20;
const maxIncludes = 1000;

export class TokenStream {
  readonly #sources: SourceSet;
  readonly #diagnostics: DiagnosticList;
  readonly #readFile: ReadFile | undefined;
  readonly #included = new Map<number, SourceFile | null>();
  #lexer: Lexer;
  #ahead: Token | null = null;
  #stopped = false;
  /** The current token. */
  token: Token;
  /** The end of the previous token. */
  previous: Token | null = null;

  constructor(
    file: SourceFile,
    sources: SourceSet,
    diagnostics: DiagnosticList,
    readFile: ReadFile | undefined,
  ) {
    this.#sources = sources;
    this.#diagnostics = diagnostics;
    this.#readFile = readFile;
    this.#lexer = new Lexer(file, null, diagnostics);
    this.token = this.#read();
  }

  advance(): Token {
    const token = this.token;
    if (this.#diagnostics.full) this.stop();
    this.previous = token;
    this.token = this.#ahead ?? this.#read();
    this.#ahead = null;
    return token;
  }

  /** The token after the current one. */
  peek(): Token {
    this.#ahead ??= this.#read();
    return this.#ahead;
  }

  /** Skips everything up to the end. */
  stop(): void {
    this.#stopped = true;
    this.#ahead = null;
    this.token = {
      kind: 'end',
      start: this.token.start,
      end: this.token.start,
      text: '',
      startsLine: true,
      lexer: this.#lexer,
    };
  }

  /** Continues at `offset`, in the file of `token`. */
  resume(token: Token, offset: number): void {
    if (this.#stopped) return;
    this.#lexer = token.lexer;
    this.#lexer.seek(offset);
    this.#ahead = null;
    this.token = this.#read();
  }

  /**
   * Replaces the current token by raw text, from its start to the index returned by `measure`, which gets the file's
   * text and the start index.
   */
  word(measure: (text: string, from: number) => number): { readonly text: string; readonly span: Span } {
    const { start, lexer } = this.token;
    const { base, text } = lexer.file;
    const end = base + Math.max(measure(text, start - base), start - base);
    const word = { text: text.slice(start - base, end - base), span: { start, end } };
    const previous: Token = {
      kind: 'identifier',
      start,
      end,
      text: word.text,
      startsLine: this.token.startsLine,
      lexer,
    };
    this.resume(this.token, end);
    this.previous = previous;
    return word;
  }

  #read(): Token {
    for (;;) {
      const token = this.#stopped ? this.token : this.#lexer.next();
      if (token.kind === 'end') {
        if (this.#stopped || this.#lexer.parent === null) return token;
        this.#lexer = this.#lexer.parent;
      } else if (
        token.kind === 'identifier' &&
        (token.text === 'include_file' || token.text === 'import_file')
      ) {
        const path = this.#lexer.next();
        if (path.kind === 'string') this.#include(token, path);
        else {
          this.#lexer.seek(path.start);
          this.#diagnostics.error('syntax', token, `expected the file's name in quotes after ${token.text}`);
        }
      } else return token;
    }
  }

  #include(keyword: Token, path: Token): void {
    const span = { start: keyword.start, end: path.end };
    let file = this.#included.get(keyword.start);
    if (file === undefined) {
      file = this.#open(path.text, span);
      this.#included.set(keyword.start, file);
    }
    if (file !== null) this.#lexer = new Lexer(file, this.#lexer, this.#diagnostics);
  }

  #open(path: string, span: Span): SourceFile | null {
    let depth = 0;
    let itself = false;
    for (let lexer: Lexer | null = this.#lexer; lexer !== null; lexer = lexer.parent) {
      depth += 1;
      itself ||= lexer.file.name === path;
    }
    const fail = (reason: string): null => {
      this.#diagnostics.error('include-failed', span, `cannot include "${path}": ${reason}`);
      return null;
    };
    if (itself) return fail('the file includes itself');
    if (depth > maxIncludeDepth) return fail(`files include one another more than ${maxIncludeDepth} deep`);
    if (this.#sources.files.length > maxIncludes) return fail(`more than ${maxIncludes} files are included`);
    if (this.#readFile === undefined) return fail('this script cannot include files');
    try {
      return this.#sources.add(path, this.#readFile(path, this.#lexer.file.name), span.start);
    } catch (error) {
      return fail(error instanceof Error ? error.message : String(error));
    }
  }
}

/** A token as shown in messages. */
export function describeToken(token: Token): string {
  if (token.kind === 'end') return 'the end of the file';
  if (token.kind === 'string') return 'a string';
  const text = token.text.length > 30 ? `${token.text.slice(0, 30)}...` : token.text;
  return `\`${text}\``;
}
