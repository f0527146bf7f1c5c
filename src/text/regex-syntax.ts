/** The syntax of POSIX extended regular expressions (IEEE 1003.1, 9.4): parses a pattern into a tree. */

export interface RegexOptions {
  /** ASCII letters match in both cases. */
  readonly ignoreCase?: boolean;
  /** Like REG_NEWLINE: `^` and `$` match at line ends too, `.` and `[^...]` match no line end. */
  readonly newline?: boolean;
}

/** Its message is glibc's. */
export class RegexSyntaxError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RegexSyntaxError';
  }
}

/** A pattern as a tree. */
export type RegexNode =
  | { readonly kind: 'bytes'; readonly bytes: ByteSet; readonly source: string }
  | AssertionNode
  | { readonly kind: 'sequence'; readonly items: readonly RegexNode[] }
  | { readonly kind: 'alternatives'; readonly branches: readonly RegexNode[] }
  | { readonly kind: 'group'; readonly inner: RegexNode }
  | { readonly kind: 'repeat'; readonly item: RegexNode; readonly from: number; readonly to: number }
  | { readonly kind: 'backreference'; readonly group: number };

/** An anchor or a boundary, which cannot be repeated. */
export interface AssertionNode {
  readonly kind: 'assertion';
  readonly name:
    | 'text-start'
    | 'text-end'
    | 'line-start'
    | 'line-end'
    | 'boundary'
    | 'inside'
    | 'word-start'
    | 'word-end';
}

export interface ParsedRegex {
  readonly root: RegexNode;
  readonly groups: number;
  /** Whether it contains a back reference. */
  readonly backreference: boolean;
}

/** Throws {@link RegexSyntaxError}. */
export function parseRegex(pattern: string, options: RegexOptions): ParsedRegex {
  return new Parser(pattern, options).parse();
}

/** A set of bytes. */
export type ByteSet = Uint8Array;

const set = (matches: (code: number) => boolean): ByteSet =>
  Uint8Array.from({ length: 256 }, (_, code) => (matches(code) ? 1 : 0));
const between = (from: string, to: string) => (code: number) =>
  code >= from.charCodeAt(0) && code <= to.charCodeAt(0);
const digit = between('0', '9');
const upper = between('A', 'Z');
const lower = between('a', 'z');
const alpha = (code: number) => upper(code) || lower(code);
const alnum = (code: number) => alpha(code) || digit(code);
const graph = between('!', '~');
const space = (code: number) => code === 32 || (code >= 9 && code <= 13);
const word = (code: number) => alnum(code) || code === 95;

/** The classes of the C locale: bytes from 128 on are in none. */
const classes: ReadonlyMap<string, (code: number) => boolean> = new Map([
  ['alnum', alnum],
  ['alpha', alpha],
  ['blank', (code) => code === 32 || code === 9],
  ['cntrl', (code) => code < 32 || code === 127],
  ['digit', digit],
  ['graph', graph],
  ['lower', lower],
  ['print', between(' ', '~')],
  ['punct', (code) => graph(code) && !alnum(code)],
  ['space', space],
  ['upper', upper],
  ['xdigit', (code) => digit(code) || between('A', 'F')(code) || between('a', 'f')(code)],
]);

const assertion = (name: AssertionNode['name']): AssertionNode => ({ kind: 'assertion', name });
const bytesNode = (bytes: ByteSet): RegexNode => ({ kind: 'bytes', bytes, source: classText(bytes) });

/** GNU's operators after a backslash; any other escaped character is literal. */
const operators: ReadonlyMap<string, () => RegexNode> = new Map<string, () => RegexNode>([
  ['w', () => bytesNode(set(word))],
  ['W', () => bytesNode(set((code) => !word(code)))],
  ['s', () => bytesNode(set(space))],
  ['S', () => bytesNode(set((code) => !space(code)))],
  ['b', () => assertion('boundary')],
  ['B', () => assertion('inside')],
  ['<', () => assertion('word-start')],
  ['>', () => assertion('word-end')],
  ['`', () => assertion('text-start')],
  ["'", () => assertion('text-end')],
]);
const anyByte: RegexNode = { kind: 'bytes', bytes: new Uint8Array(256).fill(1), source: '[^]' };
const anyButLineEnd = (): RegexNode => bytesNode(new Uint8Array(256).fill(1).fill(0, 10, 11));

/** Cached sets of single bytes; letters match in both cases. */
const literals: (RegexNode | undefined)[] = [];
const foldedLiterals: (RegexNode | undefined)[] = [];

function literalNode(code: number, folded: boolean): RegexNode {
  const bytes = new Uint8Array(256);
  bytes[code] = 1;
  if (!folded)
    return { kind: 'bytes', bytes, source: word(code) ? String.fromCharCode(code) : escapeCode(code) };
  const [small, capital] = [code | 32, code & ~32];
  bytes[small] = 1;
  bytes[capital] = 1;
  return { kind: 'bytes', bytes, source: `[${String.fromCharCode(small, capital)}]` };
}

/** RE_DUP_MAX of glibc. */
const mostRepetitions = 32767;
const deepest = 250;
const longestPattern = 65_536;

class Parser {
  readonly #pattern: string;
  readonly #ignoreCase: boolean;
  readonly #newline: boolean;
  #at = 0;
  #groups = 0;
  readonly #closed = new Set<number>();
  #backreference = false;

  constructor(pattern: string, options: RegexOptions) {
    this.#pattern = pattern;
    this.#ignoreCase = options.ignoreCase ?? false;
    this.#newline = options.newline ?? false;
  }

  parse(): ParsedRegex {
    if (this.#pattern.length > longestPattern) throw new RegexSyntaxError('Regular expression too big');
    const root = this.#alternatives(0);
    return { root, groups: this.#groups, backreference: this.#backreference };
  }

  /** `branch { '|' branch }`, up to the `)` of its group or the end. */
  #alternatives(depth: number): RegexNode {
    if (depth > deepest) throw new RegexSyntaxError('Regular expression too big');
    const branches: RegexNode[] = [];
    let items: RegexNode[] = [];
    const finished = (): RegexNode => {
      const [only] = items;
      return items.length === 1 && only !== undefined ? only : { kind: 'sequence', items };
    };
    while (this.#at < this.#pattern.length) {
      const c = this.#pattern[this.#at];
      // an unmatched `)` is an ordinary character
      if (c === ')' && depth > 0) break;
      if (c === '|') {
        branches.push(finished());
        items = [];
        this.#at++;
        continue;
      }
      items.push(this.#repeated(this.#piece(depth)));
    }
    return branches.length === 0 ? finished() : { kind: 'alternatives', branches: [...branches, finished()] };
  }

  #piece(depth: number): RegexNode {
    const c = this.#pattern.charAt(this.#at);
    switch (c) {
      case '*':
      case '+':
      case '?':
      case '{':
        // only at the start of a branch: elsewhere #repeated consumes them
        throw new RegexSyntaxError('Invalid preceding regular expression');
      case '(':
        return this.#group(depth);
      case '[':
        this.#at++;
        return bytesNode(this.#bracket());
      case '.':
        this.#at++;
        return this.#newline ? anyButLineEnd() : anyByte;
      case '^':
        this.#at++;
        return assertion(this.#newline ? 'line-start' : 'text-start');
      case '$':
        this.#at++;
        return assertion(this.#newline ? 'line-end' : 'text-end');
      case '\\':
        return this.#escape();
    }
    this.#at++;
    return this.#literal(c);
  }

  #group(depth: number): RegexNode {
    this.#at++;
    const number = ++this.#groups;
    const inner = this.#alternatives(depth + 1);
    if (this.#pattern[this.#at] !== ')') throw new RegexSyntaxError('Unmatched ( or \\(');
    this.#at++;
    this.#closed.add(number);
    return { kind: 'group', inner };
  }

  #escape(): RegexNode {
    const c = this.#pattern.charAt(this.#at + 1);
    if (c === '') throw new RegexSyntaxError('Trailing backslash');
    this.#at += 2;
    if (c >= '1' && c <= '9') {
      if (!this.#closed.has(Number(c))) throw new RegexSyntaxError('Invalid back reference');
      this.#backreference = true;
      return { kind: 'backreference', group: Number(c) };
    }
    return operators.get(c)?.() ?? this.#literal(c);
  }

  /** Any number of `*`, `+`, `?` and `{n,m}`, each applied to everything before it: `a*?` is not a lazy `a*`. */
  #repeated(piece: RegexNode): RegexNode {
    for (let node = piece; ; ) {
      if (piece.kind === 'assertion' && /[*+?{]/.test(this.#pattern.charAt(this.#at))) {
        throw new RegexSyntaxError('Invalid preceding regular expression');
      }
      const repetition = this.#repetition();
      if (repetition === null) return node;
      node = { kind: 'repeat', item: node, ...repetition };
    }
  }

  #repetition(): { readonly from: number; readonly to: number } | null {
    const c = this.#pattern.charAt(this.#at);
    if (c === '*' || c === '+' || c === '?') {
      this.#at++;
      return { from: c === '+' ? 1 : 0, to: c === '?' ? 1 : Number.POSITIVE_INFINITY };
    }
    if (c !== '{') return null;
    const [text, low, comma, high] =
      /^\{(\d*)(,?)(\d*)\}/.exec(this.#pattern.slice(this.#at, this.#at + 32)) ?? [];
    if (text === undefined) {
      throw new RegexSyntaxError(
        this.#pattern.includes('}', this.#at) ? 'Invalid content of \\{\\}' : 'Unmatched \\{',
      );
    }
    if (low === '' && comma === '') throw new RegexSyntaxError('Invalid content of \\{\\}');
    const from = Number(low);
    const to = high === '' ? (comma === '' ? from : Number.POSITIVE_INFINITY) : Number(high);
    if (from > to) throw new RegexSyntaxError('Invalid content of \\{\\}');
    if (from > mostRepetitions || (high !== '' && to > mostRepetitions))
      throw new RegexSyntaxError('Regular expression too big');
    this.#at += text.length;
    return { from, to };
  }

  #literal(c: string): RegexNode {
    const code = c.charCodeAt(0) & 0xff;
    const table = this.#ignoreCase && alpha(code) ? foldedLiterals : literals;
    const known = table[code];
    if (known !== undefined) return known;
    const node = literalNode(code, table === foldedLiterals);
    table[code] = node;
    return node;
  }

  /** After the `[`: no escapes; `]` is ordinary if first, `-` if first or last. */
  #bracket(): ByteSet {
    const bytes = new Uint8Array(256);
    const negated = this.#pattern[this.#at] === '^';
    if (negated) this.#at++;
    for (let first = true; first || this.#pattern[this.#at] !== ']'; first = false) {
      const named = this.#namedClass();
      if (named !== null) {
        for (let i = 0; i < 256; i++) bytes[i] = (bytes[i] ?? 0) | (named[i] ?? 0);
        if (this.#isRange()) throw new RegexSyntaxError('Invalid range end');
        continue;
      }
      // `[a-c-e]`: the end of one range cannot start another
      if (!first && this.#pattern[this.#at] === '-' && this.#isRangeAfter(1)) {
        if (this.#pattern[this.#at + 1] !== '-') throw new RegexSyntaxError('Invalid range end');
      }
      const from = this.#bracketCode();
      let to = from;
      if (this.#isRange()) {
        this.#at++;
        if (this.#namedClassAhead()) throw new RegexSyntaxError('Invalid range end');
        to = this.#bracketCode();
        if (to < from) throw new RegexSyntaxError('Invalid range end');
      }
      bytes.fill(1, from, to + 1);
    }
    this.#at++;
    if (this.#ignoreCase) foldCase(bytes);
    if (negated) for (let i = 0; i < 256; i++) bytes[i] = bytes[i] ? 0 : 1;
    if (negated && this.#newline) bytes[10] = 0;
    return bytes;
  }

  /** Whether a `-` here forms a range: it does unless it is last. */
  #isRange(): boolean {
    return this.#pattern[this.#at] === '-' && this.#isRangeAfter(1);
  }

  #isRangeAfter(distance: number): boolean {
    const next = this.#pattern[this.#at + distance];
    return next !== undefined && next !== ']';
  }

  #namedClassAhead(): boolean {
    const kind = this.#pattern[this.#at + 1];
    return this.#pattern[this.#at] === '[' && (kind === ':' || kind === '=');
  }

  /** `[:alpha:]` or `[=a=]`. */
  #namedClass(): ByteSet | null {
    if (!this.#namedClassAhead()) return null;
    const kind = this.#pattern.charAt(this.#at + 1);
    const name = this.#bracketName(kind);
    if (kind === '=') {
      if (name.length !== 1) throw new RegexSyntaxError('Invalid collation character');
      const wanted = this.#folded(name.charCodeAt(0));
      return set((code) => code === wanted);
    }
    const found = classes.get(this.#ignoreCase && (name === 'upper' || name === 'lower') ? 'alpha' : name);
    if (found === undefined) throw new RegexSyntaxError('Invalid character class name');
    return set(found);
  }

  /** A single character, or its `[.x.]` form. */
  #bracketCode(): number {
    if (this.#pattern[this.#at] === '[' && this.#pattern[this.#at + 1] === '.') {
      const name = this.#bracketName('.');
      if (name.length !== 1) throw new RegexSyntaxError('Invalid collation character');
      return this.#folded(name.charCodeAt(0));
    }
    if (this.#at >= this.#pattern.length) throw unmatchedBracket();
    return this.#folded(this.#pattern.charCodeAt(this.#at++));
  }

  #folded(code: number): number {
    return this.#ignoreCase && lower(code) ? code - 32 : code & 0xff;
  }

  #bracketName(kind: string): string {
    const start = this.#at + 2;
    const end = this.#pattern.indexOf(`${kind}]`, start);
    if (end < 0) throw unmatchedBracket();
    this.#at = end + 2;
    return this.#pattern.slice(start, end);
  }
}

const unmatchedBracket = () => new RegexSyntaxError('Unmatched [, [^, [:, [., or [=');

/** glibc compares in upper case: `[A-z]` is `[A-Z]` then. */
function foldCase(bytes: ByteSet): void {
  for (let code = 65; code <= 90; code++) bytes[code + 32] = bytes[code] ?? 0;
}

function escapeCode(code: number): string {
  return `\\x${(code & 0xff).toString(16).padStart(2, '0')}`;
}

function classText(bytes: ByteSet): string {
  let text = '';
  for (let from = bytes.indexOf(1); from !== -1; ) {
    const next = bytes.indexOf(0, from);
    const to = next === -1 ? 255 : next - 1;
    text += to === from ? escapeCode(from) : `${escapeCode(from)}-${escapeCode(to)}`;
    from = bytes.indexOf(1, to + 1);
  }
  // an empty class matches nothing
  return text === '' ? '[^\\x00-\\xff]' : `[${text}]`;
}
