/** Substitutions as in sed: `{re.subst,/expression/replacement/flags}` (trans-re-subst-*, field-subst-*). */

import { defineTransformation, type Run } from '../../runtime/index.ts';
import { InvalidUse, type TransformationSpec } from '../../script/index.ts';
import {
  cachedSubstitution,
  parseSubstitution,
  replaced,
  replacements,
  type Substitution,
  SubstitutionSyntaxError,
} from '../../text/index.ts';
import { rememberLast } from './parts.ts';

interface Rules {
  /** Throws {@link SubstitutionSyntaxError}. */
  readonly parse: (text: string) => Substitution;
  /** The same for a text that is only known at run time; null if it is invalid. */
  readonly cached: (text: string) => Substitution | null;
}

/** A transformation that substitutes by these rules. */
export const substituting = (
  facts: Pick<TransformationSpec<Run>, 'name' | 'summary' | 'source' | 'example'>,
  { parse, cached }: Rules,
): TransformationSpec<Run> =>
  defineTransformation({
    ...facts,
    arguments: [{ name: 'substitution', type: 'raw' }],
    prepare: ([constant]) => {
      if (constant !== null) {
        const substitution = parsed(unbraced(constant), parse);
        return (value, _, run) => (isEmpty(value) ? null : apply(String(value), substitution, run));
      }
      const read = rememberLast((text) => cached(unbraced(text)));
      return (value, [text], run) => {
        const substitution = isEmpty(value) ? null : read(text);
        return isEmpty(value) || substitution === null ? null : apply(String(value), substitution, run);
      };
    },
  });

export const substitutionTransformations = [
  substituting(
    {
      name: 're.subst',
      summary:
        'Replaces matches of a POSIX extended regular expression; `\\1` to `\\9` are its groups, `\\0` the match. Flags: ' +
        '`i` ignores case, `g` replaces all, `s` treats lines as one text. Braces need a backslash: `[0-9]\\{3\\}` is three ' +
        'digits, `\\\\\\{` a brace. Variables in the replacement are expanded, even if the argument comes from a ' +
        'variable; those in the expression are not. Null if the text is empty.',
      example: ['abc', '{re.subst,/(b)(c)/\\2\\1/}', 'acb'],
    },
    { parse: parseSubstitution, cached: cachedSubstitution },
  ),
];

/** @throws InvalidUse */
function parsed(text: string, parse: Rules['parse']): Substitution {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof SubstitutionSyntaxError) throw new InvalidUse(error.message, error.help);
    throw error;
  }
}

const isEmpty = (value: string | number | null): value is null | '' => value === null || value === '';

/** Removes the backslash before braces, which only keeps them from ending the transformation. */
const unbraced = (text: string) => text.replace(/\\([{}])/g, '$1');

/** Null if the replacement names an unknown variable. */
function apply(text: string, substitution: Substitution, run: Run): string | null {
  const { replacement } = substitution;
  if (!replacement.some(hasVariables)) return replaced(text, replacements(text, substitution));
  const filled: (string | number)[] = [];
  for (const part of replacement) {
    const value = hasVariables(part) ? run.routing.script.text(part)?.fill(run) : part;
    if (value === undefined) return null;
    filled.push(value);
  }
  return replaced(text, replacements(text, { ...substitution, replacement: filled }));
}

const hasVariables = (part: string | number): part is string =>
  typeof part === 'string' && part.includes('$');
