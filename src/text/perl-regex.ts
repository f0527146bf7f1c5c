/**
 * Regular expressions in Perl's syntax, in time that is linear in the text, by RE2. What needs backtracking, such as
 * look-around, back references and possessive quantifiers, is an error.
 */
import { createRequire } from 'node:module';
import type * as Re2 from 're2js';
import { posixForm } from './perl-as-posix.ts';
import { type CompiledRegex, cachedRegex } from './regex.ts';
import type { RegexMatch } from './regex-linear.ts';

export interface PerlOptions {
  readonly ignoreCase?: boolean;
  /** `^` and `$` match at line breaks. */
  readonly multiline?: boolean;
  /** `.` matches a line break. */
  readonly dotAll?: boolean;
  /** Blanks and comments in the pattern are ignored. */
  readonly extended?: boolean;
}

const require = createRequire(import.meta.url);

export class PerlRegex {
  readonly #regex: Re2.RE2JS;
  /** The same as a POSIX expression, if it has such a form: ten times as fast for most texts. */
  readonly #posix: CompiledRegex | null;

  /** Throws an error whose message says what is wrong with the pattern. */
  constructor(pattern: string, options: PerlOptions = {}) {
    const { RE2JS } = require('re2js') as typeof Re2;
    let flags = 0;
    if (options.ignoreCase) flags |= RE2JS.CASE_INSENSITIVE;
    if (options.multiline) flags |= RE2JS.MULTILINE;
    if (options.dotAll) flags |= RE2JS.DOTALL;
    this.#regex = RE2JS.compile(options.extended ? withoutBlanks(pattern) : pattern, flags);
    const isPlain = !options.extended && !options.multiline;
    const form = isPlain ? posixForm(pattern) : null;
    this.#posix = form === null ? null : cachedRegex(form, { ignoreCase: options.ignoreCase === true });
  }

  /** Number of groups. */
  get groups(): number {
    return this.#regex.groupCount();
  }

  test(text: string): boolean {
    return this.#faster(text)?.test(text) ?? this.#regex.test(text);
  }

  #faster(text: string): CompiledRegex | null {
    return this.#posix === null || text.includes('\n') ? null : this.#posix;
  }

  /** The first match at or after `from`. */
  exec(text: string, from = 0): RegexMatch | null {
    const faster = this.#faster(text);
    if (faster !== null) return faster.exec(text, from);
    const matcher = this.#regex.matcher(text);
    if (!matcher.find(from)) return null;
    const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, i) => matcher.group(i) ?? undefined);
    return { index: matcher.start(), end: matcher.end(), groups };
  }
}

/** Removes blanks and comments outside of character classes. */
const withoutBlanks = (pattern: string) =>
  pattern.replace(
    /(\\[^]|\[\^?\]?(?:\\[^]|[^\]\\])*\])|#[^\n]*(?:\n|$)|[ \t\n\f\r]+/g,
    (_, kept: string | undefined) => kept ?? '',
  );

const cacheSize = 256;
const cache = new Map<string, PerlRegex | string>();

/** Caches the last 256. A string for an invalid pattern: what is wrong. */
export function cachedPerlRegex(pattern: string, options: PerlOptions = {}): PerlRegex | string {
  const { ignoreCase, multiline, dotAll, extended } = options;
  const key = `${Number(ignoreCase)}${Number(multiline)}${Number(dotAll)}${Number(extended)}${pattern}`;
  let known = cache.get(key);
  if (known === undefined) {
    try {
      known = new PerlRegex(pattern, options);
    } catch (error) {
      known = error instanceof Error ? error.message : String(error);
    }
    if (cache.size >= cacheSize) for (const oldest of cache.keys()) if (cache.delete(oldest)) break;
    cache.set(key, known);
  }
  return known;
}
