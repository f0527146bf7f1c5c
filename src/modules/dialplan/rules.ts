/** Translation rules: which one a text matches, and what it becomes. Source: modules/dialplan of the manual. */
import { lowerAscii } from '../../script/index.ts';
import { cachedPerlRegex, type PerlRegex } from '../../text/index.ts';
import { matchesRecurrence } from '../cfgutils/time-recurrence.ts';
import { wholeNumber } from '../row-fields.ts';

export interface Rule {
  readonly id: number;
  /** The rules with the same number are tried together. */
  readonly dialplan: number;
  /** The least is the first. */
  readonly priority: number;
  readonly expression: string;
  readonly ignoresCase: boolean;
  /** Null for a text that must be equal. */
  readonly regex: PerlRegex | null;
  /** What the groups of the replacement are of; null if it has none. */
  readonly substitution: PerlRegex | null;
  /** Texts, which may contain variables, and numbers of groups; without a substitution one text as it is. Null: there is no output. */
  readonly replacement: readonly (string | number)[] | null;
  /** When it applies; null: always. */
  readonly recurrence: string | null;
  /** '' for none. */
  readonly attributes: string;
}

/** The fields of a row. */
export type RuleFields = Readonly<
  Record<
    | 'id'
    | 'dialplan'
    | 'priority'
    | 'operator'
    | 'expression'
    | 'flags'
    | 'substitution'
    | 'replacement'
    | 'recurrence'
    | 'attributes',
    string | null
  >
>;

/** Bit of the flags. */
const caseless = 1;

/** A rule; what is wrong with it, if anything. */
export function ruleOf(fields: RuleFields): Rule | string {
  const id = wholeNumber(fields.id) ?? 0;
  const dialplan = wholeNumber(fields.dialplan);
  if (dialplan === null) return `the dialplan must be a number, not "${fields.dialplan}"`;
  const priority = wholeNumber(fields.priority);
  if (priority === null) return `the priority must be a number, not "${fields.priority}"`;
  const { expression, operator, recurrence } = fields;
  if (operator !== '0' && operator !== '1')
    return `the operator must be 0 (equal) or 1 (regular expression), not "${operator}"`;
  if (expression === null || (expression === '' && operator === '1')) return 'the expression is empty';
  if (recurrence && matchesRecurrence(recurrence, 0) === null)
    return `invalid time recurrence "${recurrence}"`;
  const ignoresCase = ((wholeNumber(fields.flags) ?? 0) & caseless) !== 0;
  const regex = operator === '1' ? cachedPerlRegex(expression, { ignoreCase: ignoresCase }) : null;
  if (typeof regex === 'string') return `invalid regular expression "${expression}": ${regex}`;
  const substitution = fields.substitution
    ? cachedPerlRegex(fields.substitution, { ignoreCase: ignoresCase })
    : null;
  if (typeof substitution === 'string')
    return `invalid regular expression "${fields.substitution}": ${substitution}`;
  const written = fields.replacement || null;
  const replacement = written === null ? null : substitution === null ? [written] : replacementOf(written);
  const groups = substitution?.groups ?? 0;
  const unknown = replacement?.find((part) => typeof part === 'number' && part > groups);
  if (unknown !== undefined)
    return `the replacement "${written}" has a group ${unknown}, the substitution only ${groups}`;
  return {
    id,
    dialplan,
    priority,
    expression,
    ignoresCase,
    regex,
    substitution,
    replacement,
    recurrence: recurrence || null,
    attributes: fields.attributes ?? '',
  };
}

/** `40\2` */
function replacementOf(text: string): readonly (string | number)[] {
  const parts: (string | number)[] = [];
  for (const [whole, group, escaped] of text.matchAll(/\\(\d)|\\(.)|[^\\]+|\\$/gs))
    parts.push(group === undefined ? (escaped ?? whole) : Number(group));
  return parts;
}

/** The rules of one dialplan. */
export class RuleSet {
  /** By their texts in lower case. */
  readonly #texts = new Map<string, Rule[]>();
  readonly #patterns: readonly Rule[];

  constructor(rules: readonly Rule[]) {
    // those of equal priority stay in the order of the table
    const sorted = rules.toSorted((a, b) => a.priority - b.priority);
    this.#patterns = sorted.filter(({ regex }) => regex !== null);
    for (const rule of sorted) {
      if (rule.regex !== null) continue;
      const key = lowerAscii(rule.expression);
      const same = this.#texts.get(key);
      if (same === undefined) this.#texts.set(key, [rule]);
      else same.push(rule);
    }
  }

  /** The first rule that matches at a Unix time in seconds. */
  find(text: string, time: number): Rule | null {
    const isNow = ({ recurrence }: Rule) =>
      recurrence === null || matchesRecurrence(recurrence, time) === true;
    const equal = this.#texts
      .get(lowerAscii(text))
      ?.find((rule) => (rule.ignoresCase || rule.expression === text) && isNow(rule));
    for (const rule of this.#patterns) {
      if (equal !== undefined && isBefore(equal, rule)) break;
      if (rule.regex?.test(text) === true && isNow(rule)) return rule;
    }
    return equal ?? null;
  }
}

/** Whether a text counts before an expression that matches as well. */
const isBefore = (text: Rule, pattern: Rule) =>
  text.priority < pattern.priority || (text.priority === pattern.priority && text.id < pattern.id);

/**
 * The replacement of a rule for a text that it matches, with the groups of the substitution; null if the substitution
 * does not match, or `expanded` gives null for a part with variables.
 */
export function translated(
  { substitution, replacement }: Rule,
  text: string,
  expanded: (part: string) => string | null,
): string | null {
  if (substitution === null) return replacement?.join('') ?? null;
  const match = substitution.exec(text);
  if (match === null) return null;
  let output = '';
  for (const part of replacement ?? []) {
    const isText = typeof part === 'string';
    const piece = isText ? (part.includes('$') ? expanded(part) : part) : (match.groups[part] ?? '');
    if (piece === null) return null;
    output += piece;
  }
  return output;
}
