/**
 * POSIX extended regular expressions with the GNU operators (`\w \s \b \< \'` ...), as glibc's regcomp takes
 * them, for byte strings. They are translated for the engine of JavaScript; the interface leaves room for one
 * that takes linear time. What differs from POSIX: of several matches that start at the same place, the first
 * alternative wins and not the longest, which only a substitution can tell; and a back reference to a group that
 * took no part matches nothing there, where POSIX lets it fail.
 */
import { RegexSyntaxError, translateRegex } from './regex-syntax.ts';

export interface RegexOptions {
  /** ASCII letters match in both cases. */
  readonly ignoreCase?: boolean;
  /** As REG_NEWLINE: `^` and `$` match at line ends too, `.` and `[^...]` match no line end. */
  readonly newline?: boolean;
}

export interface RegexMatch {
  readonly index: number;
  readonly end: number;
  /** The whole match, then each group; undefined for one that took no part. */
  readonly groups: readonly (string | undefined)[];
}

export interface CompiledRegex {
  readonly pattern: string;
  /** How many groups it has. */
  readonly groups: number;
  test(text: string): boolean;
  /** The first match at `from` or behind it. */
  exec(text: string, from?: number): RegexMatch | null;
}

class TranslatedRegex implements CompiledRegex {
  readonly pattern: string;
  readonly groups: number;
  readonly #test: RegExp;
  readonly #find: RegExp;

  constructor(pattern: string, options: RegexOptions) {
    const { source, groups, backreference } = translateRegex(pattern, options);
    const flags = backreference && options.ignoreCase ? 'i' : '';
    this.pattern = pattern;
    this.groups = groups;
    try {
      this.#test = new RegExp(source, flags);
      this.#find = new RegExp(source, `g${flags}`);
    } catch {
      throw new RegexSyntaxError('Regular expression too big');
    }
  }

  test(text: string): boolean {
    return this.#test.test(text);
  }

  exec(text: string, from = 0): RegexMatch | null {
    this.#find.lastIndex = from;
    const match = this.#find.exec(text);
    return match && { index: match.index, end: match.index + match[0].length, groups: match };
  }
}

/** Throws {@link RegexSyntaxError}. */
export function compileRegex(pattern: string, options: RegexOptions = {}): CompiledRegex {
  return new TranslatedRegex(pattern, options);
}

/** What is wrong with a pattern, in glibc's words; null when nothing is. */
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

/** For patterns that are only known when they are used: the last 256 of each kind are kept. Null for a bad one. */
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
