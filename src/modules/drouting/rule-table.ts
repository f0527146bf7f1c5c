/** Rules by group and prefix: the longest prefix of a number first, and of its rules the one with the highest priority. */
import { matchesRecurrence } from '../cfgutils/time-recurrence.ts';
import type { Rule } from './records.ts';

/** The rules of one group. */
interface Group {
  readonly byPrefix: Map<string, Rule[]>;
  /** The lengths of its prefixes, the longest first. */
  lengths: readonly number[];
}

export interface Sought {
  readonly group: number;
  readonly number: string;
  /** Whether the prefix must be the whole number. */
  readonly isWhole: boolean;
  /** Unix time in seconds. */
  readonly time: number;
}

export class RuleTable {
  readonly #groups = new Map<number, Group>();

  constructor(rules: readonly Rule[]) {
    for (const rule of rules.toSorted((a, b) => b.priority - a.priority))
      for (const number of new Set(rule.groups)) {
        let group = this.#groups.get(number);
        if (group === undefined) this.#groups.set(number, (group = { byPrefix: new Map(), lengths: [] }));
        const same = group.byPrefix.get(rule.prefix);
        if (same === undefined) group.byPrefix.set(rule.prefix, [rule]);
        else same.push(rule);
      }
    for (const group of this.#groups.values()) {
      const lengths = new Set<number>();
      for (const prefix of group.byPrefix.keys()) lengths.add(prefix.length);
      group.lengths = [...lengths].sort((a, b) => b - a);
    }
  }

  /** The first rule that applies, or the next one after `last`; null if there is none. */
  find({ group: wanted, number, isWhole, time }: Sought, last: Rule | null = null): Rule | null {
    const group = this.#groups.get(wanted);
    if (group === undefined) return null;
    let isAfter = last === null;
    for (const length of group.lengths) {
      if (length > number.length || (isWhole && length < number.length)) continue;
      const rules = group.byPrefix.get(length === number.length ? number : number.slice(0, length));
      if (rules === undefined) continue;
      for (const rule of rules) {
        if (isAfter && (rule.recurrence === null || matchesRecurrence(rule.recurrence, time) === true))
          return rule;
        if (rule === last) isAfter = true;
      }
    }
    return null;
  }
}
