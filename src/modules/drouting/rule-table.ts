/** Rules by group and prefix: the longest prefix of a number first, and of its rules the one with the highest priority. */
import { matchesRecurrence } from '../cfgutils/time-recurrence.ts';
import { PrefixTree } from './prefix-tree.ts';
import type { Rule } from './records.ts';

export interface Sought {
  readonly group: number;
  readonly number: string;
  /** Whether the prefix must be the whole number. */
  readonly isWhole: boolean;
  /** Unix time in seconds. */
  readonly time: number;
}

export class RuleTable {
  readonly #groups: ReadonlyMap<number, PrefixTree>;

  constructor(rules: readonly Rule[]) {
    const groups = new Map<number, Rule[]>();
    for (const rule of rules.toSorted((a, b) => b.priority - a.priority))
      for (const number of new Set(rule.groups)) {
        const group = groups.get(number);
        if (group === undefined) groups.set(number, [rule]);
        else group.push(rule);
      }
    this.#groups = new Map([...groups].map(([number, own]) => [number, new PrefixTree(own)]));
  }

  /** The first rule that applies, or the next one after `last`; null if there is none. */
  find({ group, number, isWhole, time }: Sought, last: Rule | null = null): Rule | null {
    const tree = this.#groups.get(group);
    if (tree === undefined) return null;
    if (last === null && !isWhole) {
      // mostly the longest prefix has a rule that always applies
      const [first] = tree.longest(number) ?? [];
      if (first === undefined || first.recurrence === null) return first ?? null;
    }
    let isAfter = last === null;
    for (const rules of tree.along(number, isWhole))
      for (const rule of rules) {
        if (isAfter && (rule.recurrence === null || matchesRecurrence(rule.recurrence, time) === true))
          return rule;
        if (rule === last) isAfter = true;
      }
    return null;
  }
}
