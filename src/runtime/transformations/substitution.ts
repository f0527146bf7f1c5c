/** `{re.subst,/expression/replacement/flags}` (trans-re-subst-*). */
import {
  cachedSubstitution,
  parseSubstitution,
  replaced,
  replacements,
  type Substitution,
} from '../substitution.ts';
import { argument, asText, rememberLast, type Specification } from './define.ts';

export const substitutionTransformations: readonly Specification[] = [
  {
    name: 're.subst',
    arguments: [argument.rest('substitution')],
    summary:
      'Matches of a POSIX extended regular expression replaced; `\\1` to `\\9` are its groups, `\\0` the match. Flags: ' +
      '`i` ignores case, `g` replaces all, `s` treats lines as one text.',
    example: ['abc', '{re.subst,/(b)(c)/\\2\\1/}', 'acb'],
    prepare: ([constant]) => {
      if (typeof constant === 'string') {
        const substitution = parseSubstitution(constant);
        return (value) => (value === null ? null : apply(asText(value), substitution));
      }
      const read = rememberLast(cachedSubstitution);
      return (value, args) => {
        const substitution = value === null ? null : read(asText(args[0] ?? ''));
        return value === null || substitution === null ? null : apply(asText(value), substitution);
      };
    },
  },
];

const apply = (text: string, substitution: Substitution) => replaced(text, replacements(text, substitution));
