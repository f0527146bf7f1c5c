/** Substitutions as in sed, `/expression/replacement/flags`: for `{re.subst}` and functions of textops and avpops. */
import { cachedPerlRegex } from './perl-regex.ts';
import { type CompiledRegex, cachedRegex, compileRegex, RegexSyntaxError } from './regex.ts';
import type { RegexMatch } from './regex-linear.ts';

/** An invalid substitution; `help` is a valid form. */
export class SubstitutionSyntaxError extends Error {
  readonly help: string | undefined;
  constructor(message: string, help?: string) {
    super(message);
    this.name = 'SubstitutionSyntaxError';
    this.help = help;
  }
}

export interface Substitution {
  readonly regex: Pick<CompiledRegex, 'exec'>;
  /** Literal texts, and numbers of groups. */
  readonly replacement: readonly (string | number)[];
  readonly everywhere: boolean;
}

/** A replacement for the text between two offsets. */
export interface Replacement {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** For a substitution that is only known at run time; null if it is invalid. */
export function cachedSubstitution(text: string): Substitution | null {
  try {
    return parseSubstitution(text, (pattern, options) => {
      const regex = cachedRegex(pattern, options);
      if (regex === null) throw new RegexSyntaxError('bad pattern');
      return regex;
    });
  } catch (error) {
    if (error instanceof SubstitutionSyntaxError) return null;
    throw error;
  }
}

const shape = 'use /expression/replacement/flags';

/** How expressions and flags are read. */
interface SubstitutionRules {
  /** Letters. */
  readonly flags: string;
  /** Throws {@link RegexSyntaxError}. */
  readonly compile: (pattern: string, flags: string) => Substitution['regex'];
  /** What a letter after a backslash stands for in the replacement. */
  readonly escapes: Readonly<Record<string, string>>;
}

const controls: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

const perlRules: SubstitutionRules = {
  flags: 'igsmx',
  compile: (pattern, flags) => {
    const regex = cachedPerlRegex(pattern, {
      ignoreCase: flags.includes('i'),
      dotAll: flags.includes('s'),
      multiline: flags.includes('m'),
      extended: flags.includes('x'),
    });
    if (typeof regex === 'string') throw new RegexSyntaxError(regex);
    return regex;
  },
  escapes: { ...controls, u: '$ru' },
};

const posixRules = (compile: typeof compileRegex): SubstitutionRules => ({
  flags: 'igs',
  compile: (pattern, flags) =>
    compile(pattern, { ignoreCase: flags.includes('i'), newline: !flags.includes('s') }),
  escapes: controls,
});

/** Throws {@link SubstitutionSyntaxError}. */
export const parseSubstitution = (text: string, compile: typeof compileRegex = compileRegex): Substitution =>
  parseSubstitutionBy(posixRules(compile), text);

/** The same in Perl's syntax, with `\u` for the request URI. Throws {@link SubstitutionSyntaxError}. */
export const parsePerlSubstitution = (text: string): Substitution => parseSubstitutionBy(perlRules, text);

function parseSubstitutionBy(rules: SubstitutionRules, text: string): Substitution {
  const delimiter = text.charAt(0);
  if (delimiter === '' || delimiter === '\\')
    throw new SubstitutionSyntaxError(`invalid substitution "${text}"`, shape);
  const middle = findDelimiter(text, delimiter, 1);
  const end = middle < 0 ? -1 : findDelimiter(text, delimiter, middle + 1);
  if (end < 0) throw new SubstitutionSyntaxError(`invalid substitution "${text}"`, shape);
  const flags = text.slice(end + 1);
  if ([...flags].some((flag) => !rules.flags.includes(flag)))
    throw new SubstitutionSyntaxError(
      `invalid flags "${flags}" of a substitution`,
      `use the flags ${[...rules.flags].join(', ')}`,
    );
  const pattern = text.slice(1, middle);
  try {
    const regex = rules.compile(pattern, flags);
    const replacement = parseReplacement(text.slice(middle + 1, end), delimiter, rules.escapes);
    return { regex, replacement, everywhere: flags.includes('g') };
  } catch (error) {
    if (error instanceof RegexSyntaxError)
      throw new SubstitutionSyntaxError(`the regular expression "${pattern}": ${error.message}`);
    throw error;
  }
}

/** The next unescaped delimiter. */
function findDelimiter(text: string, delimiter: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === delimiter) return at;
  }
  return -1;
}

function parseReplacement(
  text: string,
  delimiter: string,
  escapes: SubstitutionRules['escapes'],
): readonly (string | number)[] {
  const parts: (string | number)[] = [];
  let literal = '';
  for (let at = 0; at < text.length; at++) {
    const c = text.charAt(at);
    const next = text.charAt(at + 1);
    if (c !== '\\' || next === '') {
      literal += c;
      continue;
    }
    at++;
    if (next >= '0' && next <= '9') {
      parts.push(literal, Number(next));
      literal = '';
    } else literal += next === delimiter ? next : (escapes[next] ?? next);
  }
  parts.push(literal);
  return parts.filter((part) => part !== '');
}

/** The replacements of a substitution in a text, in order. */
export function replacements(
  text: string,
  { regex, replacement, everywhere }: Substitution,
): readonly Replacement[] {
  const list: Replacement[] = [];
  for (let from = 0; from <= text.length; ) {
    const match = regex.exec(text, from);
    if (match === null) break;
    list.push({ from: match.index, to: match.end, text: filled(replacement, match) });
    if (!everywhere) break;
    // after an empty match, skip one byte
    from = match.end > match.index ? match.end : match.end + 1;
  }
  return list;
}

/** Applies replacements, which are in order and do not overlap. */
export function replaced(text: string, list: readonly Replacement[]): string {
  let output = '';
  let copied = 0;
  for (const { from, to, text: inserted } of list) {
    output += text.slice(copied, from) + inserted;
    copied = to;
  }
  return output + text.slice(copied);
}

function filled(replacement: readonly (string | number)[], match: RegexMatch): string {
  let text = '';
  for (const part of replacement) text += typeof part === 'string' ? part : (match.groups[part] ?? '');
  return text;
}
