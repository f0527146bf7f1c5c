/** Functions on lists of values and on times. */
import { defineFunctions, type Run } from '../../runtime/index.ts';
import type { Value, VariableReference } from '../../script/index.ts';
import { matchesRecurrence } from './time-recurrence.ts';

type Reference = VariableReference<Run>;
const source = 'modules/cfgutils';

/** Shuffles the list (Fisher-Yates). */
export function shuffled<T>(list: readonly T[]): T[] {
  const result = [...list];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [result[i], result[j]] = [result[j] as T, result[i] as T];
  }
  return result;
}

/** Replaces the values of the variable, in this order. */
function replaceAll(run: Run, variable: Reference, values: readonly Value[]): boolean {
  let good = variable.set(run, null, ':=');
  // a new value is added at the front
  for (const value of values.toReversed()) good = variable.set(run, value, '=') && good;
  return good;
}

/** A random index, with probability proportional to its weight; null if all weights are 0. */
function rouletteIndex(weights: readonly number[], random: number): number | null {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let left = random * total;
  for (const [index, weight] of weights.entries()) {
    if (left < weight) return index;
    left -= weight;
  }
  return null;
}

const microseconds = 1_000_000n;

export const valueFunctions = defineFunctions([
  {
    name: 'set_count',
    arguments: [
      { name: 'var_to_count', type: 'variable', readOnly: true, summary: 'An AVP or header.' },
      { name: 'ret_var', type: 'variable', summary: 'Gets the number.' },
    ],
    summary: 'Counts the values of a variable.',
    source,
    run: (run, counted, result) => (result.set(run, counted.list(run).length) ? 1 : -1),
  },
  {
    name: 'set_select_weight',
    arguments: [
      {
        name: 'int_list_var',
        type: 'variable',
        readOnly: true,
        summary: 'An AVP whose values are the weights.',
      },
    ],
    summary:
      'Picks a value at random, with probability proportional to its size, and returns its index. Index 0 ends the script, like any return code of 0.',
    source,
    run: (run, list) => {
      const weights: number[] = [];
      for (const value of list.list(run)) {
        if (typeof value !== 'number') {
          run.complain(`set_select_weight(): ${list.text} contains a value that is not a number`);
          return -1;
        }
        weights.push(Math.max(0, value));
      }
      return rouletteIndex(weights, Math.random()) ?? -1;
    },
  },
  {
    name: 'ts_usec_delta',
    arguments: [
      { name: 't1_sec', type: 'int', summary: 'The first time: seconds.' },
      { name: 't1_usec', type: 'int', summary: 'Microseconds of it.' },
      { name: 't2_sec', type: 'int', summary: 'The second time: seconds.' },
      { name: 't2_usec', type: 'int', summary: 'Microseconds of it.' },
      { name: 'delta_str', type: 'variable', optional: true, summary: 'Gets the difference as text.' },
      {
        name: 'delta_int',
        type: 'variable',
        optional: true,
        summary: 'Gets the difference as a number; -1 if it does not fit 32 bits.',
      },
    ],
    summary: 'Computes the difference of two times in microseconds.',
    source,
    run: (run, sec1, usec1, sec2, usec2, text, number) => {
      const delta = BigInt(sec1 - sec2) * microseconds + BigInt(usec1 - usec2);
      const distance = delta < 0n ? -delta : delta;
      if (text?.set(run, String(distance)) === false) return -1;
      if (number === undefined) return 1;
      return distance <= 0x7fff_ffffn && number.set(run, Number(distance)) ? 1 : -1;
    },
  },
  {
    name: 'check_time_rec',
    arguments: [
      {
        name: 'time_string',
        type: 'string',
        summary:
          '`timezone|dtstart|dtend|duration|freq|until|interval|byday|bymday|byyday|byweekno|bymonth` (RFC 2445); leading and trailing fields are optional. Combine several with `&`, `/`, `!` and parentheses.',
      },
      { name: 'timestamp', type: 'string', optional: true, summary: 'A Unix time; default: now.' },
    ],
    summary: 'Whether a time recurrence matches: 1 yes, -1 no, -2 invalid.',
    source,
    run: (run, text, timestamp) => {
      if (text === '') return -1;
      const time =
        timestamp === undefined ? Math.floor(run.routing.host.clock.date() / 1000) : toSeconds(timestamp);
      const matched = time === null ? null : matchesRecurrence(text, time);
      if (matched !== null) return matched ? 1 : -1;
      run.complain(`check_time_rec(): invalid time recurrence "${text}" or timestamp`);
      return -2;
    },
  },
  {
    name: 'shuffle_avps',
    arguments: [{ name: 'name', type: 'variable', summary: 'The AVP.' }],
    summary: 'Shuffles the values of an AVP.',
    source,
    run: (run, list) => {
      const values = list.list(run);
      return values.length === 0 || replaceAll(run, list, shuffled(values)) ? 1 : -1;
    },
  },
]);

const toSeconds = (text: string) => (/^\s*\d{1,12}\s*$/.test(text) ? Number(text) : null);
