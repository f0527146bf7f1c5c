/**
 * POSIX extended regular expressions with the GNU operators (`\w \s \b \< \'` ...), as in glibc's regcomp, for byte
 * strings. What differs from POSIX: of several matches at the same position, the first alternative wins and not the
 * longest, which only affects substitutions; and a back reference to a group that did not participate matches the
 * empty string, where POSIX fails.
 *
 * Two engines run them. JavaScript's own is the fastest for typical patterns, but it backtracks, and text from the
 * network could keep it busy for minutes. So the cost of each pattern is bounded (regex-cost.ts): up to the length at
 * which the bound stays below {@link mostSteps} JavaScript's engine runs, for longer texts RE2's, which takes linear
 * time. `^sip:[^@]+@` never needs RE2; `foo.*bar` does from 1,400 bytes on, `(a+)+$` from 12.
 */
import { regexCost } from './regex-cost.ts';
import { LinearRegex, type RegexMatch } from './regex-linear.ts';
import { javascriptSource } from './regex-source.ts';
import { parseRegex, type RegexNode, type RegexOptions, RegexSyntaxError } from './regex-syntax.ts';

export interface CompiledRegex {
  readonly pattern: string;
  /** Number of groups. */
  readonly groups: number;
  /** Longer texts, in bytes, are matched by the linear-time engine. */
  readonly limit: number;
  test(text: string): boolean;
  /** The first match at or after `from`. */
  exec(text: string, from?: number): RegexMatch | null;
}

/** A few milliseconds. */
const mostSteps = 2e6;
/** Text length at which any pattern is safe: without a bound, the ways double or triple with each byte. */
const sureLength = 12;

function longestText(root: RegexNode): number {
  const { factor, degree } = regexCost(root);
  if (degree === 1 && factor < 100) return Number.POSITIVE_INFINITY;
  return Math.max(sureLength, (mostSteps / factor) ** (1 / degree));
}

class TranslatedRegex implements CompiledRegex {
  readonly pattern: string;
  readonly groups: number;
  readonly #test: RegExp;
  readonly #root: RegexNode;
  #find: RegExp | undefined;
  #limit: number | undefined;
  #linear: LinearRegex | null | undefined;

  constructor(pattern: string, options: RegexOptions) {
    const { root, groups, backreference } = parseRegex(pattern, options);
    const flags = backreference && options.ignoreCase ? 'i' : '';
    this.pattern = pattern;
    this.groups = groups;
    this.#root = root;
    try {
      this.#test = new RegExp(javascriptSource(root), flags);
    } catch {
      throw new RegexSyntaxError('Regular expression too big');
    }
  }

  get limit(): number {
    this.#limit ??= longestText(this.#root);
    return this.#limit;
  }

  test(text: string): boolean {
    if (text.length > sureLength && text.length > this.limit) return this.#others()?.test(text) ?? false;
    return this.#test.test(text);
  }

  exec(text: string, from = 0): RegexMatch | null {
    if (text.length > sureLength && text.length > this.limit) return this.#others()?.exec(text, from) ?? null;
    this.#find ??= new RegExp(this.#test.source, `g${this.#test.flags}`);
    this.#find.lastIndex = from;
    const match = this.#find.exec(text);
    return match && { index: match.index, end: match.index + match[0].length, groups: match };
  }

  /** Null for a back reference, which RE2 cannot express: such a pattern matches no text beyond the limit. */
  #others(): LinearRegex | null {
    if (this.#linear === undefined) this.#linear = LinearRegex.of(this.#root);
    return this.#linear;
  }
}

/** Throws {@link RegexSyntaxError}. */
export function compileRegex(pattern: string, options: RegexOptions = {}): CompiledRegex {
  return new TranslatedRegex(pattern, options);
}

/** The error in a pattern, in glibc's words; null if it is valid. */
export function regexError(pattern: string, options: RegexOptions = {}): string | null {
  try {
    compileRegex(pattern, options);
    return null;
  } catch (error) {
    if (error instanceof RegexSyntaxError) return error.message;
    throw error;
  }
}

const cacheSize = 256;
const caches = new Map<string, Map<string, CompiledRegex | null>>();

/** For patterns that are only known at run time: caches the last 256 of each kind. Null for an invalid one. */
export function cachedRegex(pattern: string, options: RegexOptions = {}): CompiledRegex | null {
  const kind = `${options.ignoreCase ? 'i' : ''}${options.newline ? 'n' : ''}`;
  let cache = caches.get(kind);
  if (cache === undefined) {
    cache = new Map();
    caches.set(kind, cache);
  }
  let regex = cache.get(pattern);
  if (regex === undefined) {
    regex = compileOrNull(pattern, options);
    const oldest = cache.size >= cacheSize ? cache.keys().next().value : undefined;
    if (oldest !== undefined) cache.delete(oldest);
  } else {
    // back to the young end
    cache.delete(pattern);
  }
  cache.set(pattern, regex);
  return regex;
}

function compileOrNull(pattern: string, options: RegexOptions): CompiledRegex | null {
  try {
    return compileRegex(pattern, options);
  } catch (error) {
    if (error instanceof RegexSyntaxError) return null;
    throw error;
  }
}

export { RegexSyntaxError };
