/** Regular expressions in time that is linear in the text, by RE2 (re2js), which is loaded when the first one is needed. */
import { createRequire } from 'node:module';
import type * as Re2 from 're2js';
import { re2Source } from './regex-source.ts';
import type { RegexNode } from './regex-syntax.ts';

export interface RegexMatch {
  readonly index: number;
  readonly end: number;
  /** The whole match, then each group; undefined for one that did not participate. */
  readonly groups: readonly (string | undefined)[];
}

const require = createRequire(import.meta.url);

export class LinearRegex {
  readonly #regex: Re2.RE2JS;

  private constructor(regex: Re2.RE2JS) {
    this.#regex = regex;
  }

  /** Null for what RE2 cannot express. */
  static of(root: RegexNode): LinearRegex | null {
    const source = re2Source(root);
    if (source === null) return null;
    const { RE2JS } = require('re2js') as typeof Re2;
    try {
      return new LinearRegex(RE2JS.compile(source));
    } catch {
      return null;
    }
  }

  test(text: string): boolean {
    return this.#regex.test(text);
  }

  exec(text: string, from: number): RegexMatch | null {
    const matcher = this.#regex.matcher(text);
    if (from > text.length || !matcher.find(from)) return null;
    const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, i) => matcher.group(i) ?? undefined);
    return { index: matcher.start(), end: matcher.end(), groups };
  }
}
