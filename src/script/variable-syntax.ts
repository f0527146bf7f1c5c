/**
 * Parses `$name`, `$name(subname)` and `$(<context>name(subname)[index]{transformation}...)`. The lexer uses it for
 * variables in code, `template()` for those in strings; it recurses for those in subnames, indexes and arguments.
 */
import type {
  IndexNode,
  NameNode,
  Span,
  TemplateNode,
  TextNode,
  TransformationNode,
  VariableNode,
} from './ast.ts';
import type { DiagnosticCode, DiagnosticList } from './diagnostics.ts';

/** A text with variables, and the source of its bytes. */
export interface VariableSource {
  readonly text: string;
  /** Where the text ends for this reader. */
  readonly limit: number;
  /** Whether the end of the line ends an unclosed variable: true in code, except within a string. */
  readonly singleLine: boolean;
  /** The offset in the source set of the byte at `index`. */
  offsetOf(index: number): number;
  readonly diagnostics: DiagnosticList;
}

export interface VariableReading {
  /** Null if it is invalid, which has been reported. */
  readonly node: VariableNode | null;
  /** The index after it, or where parsing stopped at an error. Always greater than the start. */
  readonly end: number;
}

/** `$var($avp($hdr(...)))`: no real script nests deeper. */
const maxDepth = 16;

const DOLLAR = 36;
const OPEN = 40;
const CLOSE = 41;
const STAR = 42;
const COMMA = 44;
const MINUS = 45;
const DOT = 46;
const BACKSLASH = 92;

/** Letters, digits, `_` and `.`: `$fU.com` is a variable of that name (vector dialect-var-then-dot). */
function isVariableNameCode(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95 ||
    code === 46
  );
}

function isNameStart(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95;
}

function isSpace(code: number): boolean {
  return code === 32 || code === 9 || code === 10 || code === 13;
}

/** Thrown within the reader to give up on a variable; the error has been reported. */
const unreadable = { unreadable: true };

/** What ends a text with variables: the source's limit, `)`, or `}`. */
type Ending = 'limit' | 'parenthesis' | 'brace';

class VariableReader {
  readonly #source: VariableSource;
  readonly #text: string;
  #at: number;
  #depth = 0;

  constructor(source: VariableSource, at: number) {
    this.#source = source;
    this.#text = source.text;
    this.#at = at;
  }

  get at(): number {
    return this.#at;
  }

  #code(): number {
    if (this.#at >= this.#source.limit) return -1;
    const code = this.#text.charCodeAt(this.#at);
    return code === 10 && this.#source.singleLine ? -1 : code;
  }

  #span(start: number, end: number): Span {
    const from = this.#source.offsetOf(start);
    return { start: from, end: end > start ? this.#source.offsetOf(end - 1) + 1 : from };
  }

  #fail(code: DiagnosticCode, start: number, end: number, message: string, help?: string): never {
    const span = this.#span(start, Math.min(Math.max(end, start + 1), this.#source.limit));
    this.#source.diagnostics.error(code, span, message, help === undefined ? {} : { help });
    throw unreadable;
  }

  #skipSpace(): void {
    while (isSpace(this.#code())) this.#at += 1;
  }

  #name(): NameNode {
    const start = this.#at;
    while (isVariableNameCode(this.#code())) this.#at += 1;
    return { kind: 'name', span: this.#span(start, this.#at), text: this.#text.slice(start, this.#at) };
  }

  /** `{nameaddr.-1.uri}`, `{sdp.stream-delete}`: a sign or a hyphen may follow the first dot. */
  #transformationName(): NameNode {
    const start = this.#at;
    let dotted = false;
    for (
      let code = this.#code();
      isVariableNameCode(code) || (dotted && code === MINUS);
      code = this.#code()
    ) {
      dotted ||= code === DOT;
      this.#at += 1;
    }
    return { kind: 'name', span: this.#span(start, this.#at), text: this.#text.slice(start, this.#at) };
  }

  /** `#at` is at the `$`. */
  variable(): VariableNode {
    const start = this.#at;
    if (this.#depth >= maxDepth) {
      this.#fail('nested-too-deeply', start, start + 1, `variables nested more than ${maxDepth} deep`);
    }
    this.#depth += 1;
    this.#at += 1;
    const node = this.#code() === OPEN ? this.#long(start) : this.#short(start);
    this.#depth -= 1;
    return node;
  }

  #short(start: number): VariableNode {
    const name = this.#name();
    if (name.text === '') this.#fail('bad-variable', start, this.#at, 'expected a name after `$`');
    const subname = this.#code() === OPEN ? this.#subname(start) : null;
    const span = this.#span(start, this.#at);
    return { kind: 'variable', span, context: null, name, subname, index: null, transformations: [] };
  }

  #long(start: number): VariableNode {
    this.#at += 1;
    this.#skipSpace();
    const context = this.#context();
    const name = this.#name();
    if (name.text === '') {
      const help = this.#code() === DOLLAR ? 'write the name inside $(...) without another $' : undefined;
      this.#fail('bad-variable', start, this.#at + 1, 'expected the name of a variable after `$(`', help);
    }
    this.#skipSpace();
    const subname = this.#code() === OPEN ? this.#subname(start) : null;
    this.#skipSpace();
    const index = this.#code() === 91 ? this.#index() : null;
    this.#skipSpace();
    const transformations: TransformationNode[] = [];
    while (this.#code() === 123) {
      transformations.push(this.#transformation());
      this.#skipSpace();
    }
    if (this.#code() !== CLOSE) {
      const written = this.#text.slice(start, this.#at);
      if (this.#code() === -1) {
        this.#fail('bad-variable', start, this.#at, `the variable has no closing \`)\`: ${quoted(written)}`);
      }
      const help = `a variable's name may be followed by (name), [index], {transformation} or the closing )`;
      this.#fail(
        'bad-variable',
        this.#at,
        this.#at + 1,
        `unexpected ${quoted(this.#text[this.#at] ?? '')} in a variable`,
        help,
      );
    }
    this.#at += 1;
    return {
      kind: 'variable',
      span: this.#span(start, this.#at),
      context,
      name,
      subname,
      index,
      transformations,
    };
  }

  #context(): VariableNode['context'] {
    if (this.#code() !== 60) return null;
    const start = this.#at;
    this.#at += 1;
    const name = this.#name().text;
    const closed = this.#code() === 62;
    if (closed) this.#at += 1;
    if (!closed || (name !== 'request' && name !== 'reply')) {
      this.#fail('bad-variable', start, this.#at, 'invalid context: use <request> or <reply>');
    }
    return name;
  }

  #subname(start: number): TemplateNode {
    this.#at += 1;
    const parts = this.parts('parenthesis');
    if (this.#code() !== CLOSE) {
      this.#fail('bad-variable', start, this.#at, 'the variable has no closing `)`');
    }
    this.#at += 1;
    return parts;
  }

  #index(): IndexNode {
    const start = this.#at;
    this.#at += 1;
    this.#skipSpace();
    const first = this.#code();
    const from = this.#at;
    let value: Extract<IndexNode, { kind: 'index' }>['value'] | VariableNode | null = null;
    if (first === DOLLAR) value = this.variable();
    else if (first === STAR) {
      this.#at += 1;
      value = 'all';
    } else {
      if (first === MINUS || first === 43) this.#at += 1;
      const word = this.#name().text;
      if (
        (word === 'append' || word === 'insert' || word === 'insertAfter') &&
        this.#at - from === word.length
      )
        value = word;
      else if (/^[0-9]{1,9}$/.test(word)) value = first === MINUS ? -Number(word) : Number(word);
    }
    this.#skipSpace();
    if (value === null || this.#code() !== 93) {
      const help = 'use a number, a variable, * or append: $(avp(x)[1]), $(avp(x)[-1]), $(avp(x)[*])';
      this.#fail('bad-variable', start, this.#at + 1, 'invalid index', help);
    }
    this.#at += 1;
    const span = this.#span(start, this.#at);
    if (typeof value === 'object') return { kind: 'index-variable', span, value };
    return { kind: 'index', span, value };
  }

  #transformation(): TransformationNode {
    const start = this.#at;
    this.#at += 1;
    this.#skipSpace();
    const name = this.#transformationName();
    this.#skipSpace();
    let argument: TemplateNode | null = null;
    if (this.#code() === COMMA && name.text !== '') {
      this.#at += 1;
      argument = this.parts('brace');
    }
    if (this.#code() !== 125 || name.text === '') {
      const help = 'use a name followed by comma-separated arguments: {s.len}, {s.substr,1,3}';
      const end = Math.max(this.#at, start + 1);
      if (name.text === '')
        this.#fail('bad-transformation', start, end, 'expected the name of a transformation after `{`', help);
      this.#fail('bad-transformation', start, end, 'the transformation has no closing `}`', help);
    }
    this.#at += 1;
    return { kind: 'transformation', span: this.#span(start, this.#at), name, argument };
  }

  /**
   * Text with variables, up to its terminator, which is not consumed. Parentheses, or braces, nest, so that
   * `{re.subst,/[0-9]{3}/x/}` is one transformation. A `$` that begins no name is plain text there (an anchor of a
   * regular expression), but an error in a string.
   */
  parts(ending: Ending): TemplateNode {
    const parts: (TextNode | VariableNode)[] = [];
    const begin = this.#at;
    let text = '';
    let copied = this.#at;
    let textStart = this.#at;
    let nested = 0;
    const flush = (): void => {
      text += this.#text.slice(copied, this.#at);
      if (text !== '') parts.push({ kind: 'text', span: this.#span(textStart, this.#at), value: text });
      text = '';
    };
    for (;;) {
      const code = this.#code();
      if (code === -1 || (ending === 'limit' && this.#source.diagnostics.full)) break;
      if (code === DOLLAR) {
        const next = this.#at + 1 < this.#source.limit ? this.#text.charCodeAt(this.#at + 1) : -1;
        if (next === DOLLAR) {
          text += this.#text.slice(copied, this.#at + 1);
          this.#at += 2;
          copied = this.#at;
          continue;
        }
        if (isNameStart(next) || next === OPEN) {
          flush();
          if (ending === 'limit') {
            const variable = this.#recoveringVariable();
            if (variable !== null) parts.push(variable);
          } else parts.push(this.variable());
          copied = this.#at;
          textStart = this.#at;
          continue;
        }
        if (ending === 'limit') this.#reportLoneDollar();
      } else if (ending === 'parenthesis') {
        if (code === OPEN) nested += 1;
        else if (code === CLOSE) {
          if (nested === 0) break;
          nested -= 1;
        }
      } else if (ending === 'brace') {
        if (code === BACKSLASH && this.#at + 1 < this.#source.limit) this.#at += 1;
        else if (code === 123 && !this.#isSeparatorBrace()) nested += 1;
        else if (code === 125) {
          if (nested === 0) break;
          nested -= 1;
        }
      }
      this.#at += 1;
    }
    flush();
    return { kind: 'template', span: this.#span(begin, this.#at), parts };
  }

  /** `{s.select,0,{}`: the brace is the separator and opens nothing. */
  #isSeparatorBrace(): boolean {
    return this.#text.charCodeAt(this.#at - 1) === COMMA && this.#text.charCodeAt(this.#at + 1) === 125;
  }

  /** In a string, reports every invalid variable, not just the first. */
  #recoveringVariable(): VariableNode | null {
    const start = this.#at;
    try {
      return this.variable();
    } catch (thrown) {
      if (thrown !== unreadable) throw thrown;
      this.#depth = 0;
      this.#at = Math.max(this.#at, start + 1);
      return null;
    }
  }

  #reportLoneDollar(): void {
    const span = this.#span(this.#at, this.#at + 1);
    const help = 'use $$ for a literal dollar sign';
    this.#source.diagnostics.error('lone-dollar', span, '`$` does not begin a variable here', { help });
  }
}

function quoted(text: string): string {
  return `\`${text.length > 40 ? `${text.slice(0, 40)}...` : text}\``;
}

/** Reads the variable whose `$` is at `at`. */
export function readVariable(source: VariableSource, at: number): VariableReading {
  const reader = new VariableReader(source, at);
  try {
    return { node: reader.variable(), end: reader.at };
  } catch (thrown) {
    if (thrown !== unreadable) throw thrown;
    return { node: null, end: Math.max(reader.at, at + 1) };
  }
}

/** Reads the whole text up to its limit as text with variables. */
export function readTemplate(source: VariableSource): TemplateNode {
  return new VariableReader(source, 0).parts('limit');
}
