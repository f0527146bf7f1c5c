/**
 * The avpops module of OpenSIPS up to 3.5, without its database functions: scripts in the field still use it, although
 * operators and transformations have replaced it. Source: the module's documentation of 3.4.
 */

import { defineFunction, defineModule, type Run } from '../runtime/index.ts';
import { defineArgument, lowerAscii, type Status, toInteger, type Value } from '../script/index.ts';
import { cachedRegex, cachedSubstitution, globMatches, replaced, replacements } from '../text/index.ts';
import { shuffled } from './cfgutils/values.ts';

const source = 'modules/avpops of 3.4';
const why = 'siprest has no database support';

/** An AVP argument of these functions: `$avp(name)` or `$(avp(name)[2])`, optionally followed by `/flags`. */
interface AvpName {
  readonly name: string;
  /** Null if omitted. */
  readonly index: number | null;
  readonly flags: string;
}

const plain = /^\$avp\((?<name>.+)\)(?:\/(?<flags>[a-z]*))?$/is;
const indexed = /^\$\(avp\((?<name>.+)\)(?:\[(?<index>-?\d+|\*)\])?\)(?:\/(?<flags>[a-z]*))?$/is;

function avpName(run: Run, text: string): AvpName | null {
  const found = (plain.exec(text.trim()) ?? indexed.exec(text.trim()))?.groups;
  const name = found === undefined ? null : expanded(run, found['name'] ?? '');
  if (found === undefined || name === null) {
    run.complain(`invalid AVP "${text}", use $avp(name), optionally followed by /flags`);
    return null;
  }
  const { index: at, flags: letters = '' } = found;
  const index = at === undefined || at === '*' ? null : Number(at);
  const flags = `${letters}${at === '*' ? 'g' : ''}`.toLowerCase();
  return { name: name.replace(/^[si]:/, ''), index, flags };
}

/** The text with its variables expanded; null if one of them is null. */
const expanded = (run: Run, text: string) => run.routing.script.text(text)?.read(run) ?? null;

/** The selected values: one, or all with the flag g. */
function valuesOf(run: Run, { name, index, flags }: AvpName): readonly (string | number)[] {
  const { avps } = run.request;
  if (flags.includes('g')) return avps.all(name);
  const one = avps.get(name, index ?? 0);
  return one === null ? [] : [one];
}

const raw = (name: string, summary: string) => defineArgument({ name, type: 'raw', summary });

/** A function whose only argument is an AVP. */
function onAvp(name: string, summary: string, act: (run: Run, avp: AvpName) => Status) {
  return defineFunction({
    name,
    arguments: [raw('name', '`$avp(name)`, optionally followed by `/flags`.')],
    summary,
    source,
    run: (run, text) => {
      const avp = avpName(run, text);
      return avp === null ? -1 : act(run, avp);
    },
  });
}

const compare = (a: Value, b: Value, ignoreCase: boolean): number => {
  const numbers = typeof a === 'number' ? [a, toInteger(b)] : null;
  if (numbers !== null && numbers[1] !== null) return Math.sign(Number(numbers[0]) - Number(numbers[1]));
  const fold = ignoreCase ? lowerAscii : (text: string) => text;
  const [left, right] = [fold(String(a)), fold(String(b))];
  return left < right ? -1 : left > right ? 1 : 0;
};

type Check = (value: string | number, operand: string, ignoreCase: boolean) => boolean;
const bits = (change: (a: number, b: number) => number): Check => {
  return (value, operand) => change(toInteger(value) ?? 0, toInteger(operand) ?? 0) !== 0;
};

/** avp_check()'s operators. */
const checks: Readonly<Record<string, Check>> = {
  eq: (a, b, i) => compare(a, b, i) === 0,
  ne: (a, b, i) => compare(a, b, i) !== 0,
  lt: (a, b, i) => compare(a, b, i) < 0,
  le: (a, b, i) => compare(a, b, i) <= 0,
  gt: (a, b, i) => compare(a, b, i) > 0,
  ge: (a, b, i) => compare(a, b, i) >= 0,
  re: (a, b, ignoreCase) => cachedRegex(b, { ignoreCase })?.test(String(a)) ?? false,
  fm: (a, b, i) => globMatches(i ? lowerAscii(b) : b, i ? lowerAscii(String(a)) : String(a)),
  and: bits((a, b) => a & b),
  or: bits((a, b) => a | b),
  xor: bits((a, b) => a ^ b),
};

/** avp_op()'s operators; null if the result is undefined. */
const operations: Readonly<Record<string, (a: number, b: number) => number | null>> = {
  add: (a, b) => (a + b) | 0,
  sub: (a, b) => (a - b) | 0,
  mul: (a, b) => Math.imul(a, b),
  div: (a, b) => (b === 0 ? null : Math.trunc(a / b) | 0),
  mod: (a, b) => (b === 0 ? null : (a % b) | 0),
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  not: (a) => ~a,
};

/** `op/value/flags`; the flags may be left out. */
function operation(run: Run, text: string) {
  const match = /^([a-z]+)\/(.*?)(?:\/([gid]*))?$/is.exec(text);
  const operand = match === null ? null : expanded(run, match[2] ?? '');
  if (match === null || operand === null) return null;
  return { name: lowerAscii(match[1] ?? ''), operand, flags: lowerAscii(match[3] ?? '') };
}

function check(run: Run, subject: string, text: string): Status {
  const asked = operation(run, text);
  const test = asked === null ? undefined : checks[asked.name];
  if (asked === null || test === undefined) {
    run.complain(`avp_check(): invalid check "${text}", use op/value/flags`);
    return -1;
  }
  const values = checkedValues(run, subject, asked.flags);
  return values.some((value) => test(value, asked.operand, asked.flags.includes('i'))) ? 1 : -1;
}

/** The values of an AVP, or of any other variable. */
function checkedValues(run: Run, subject: string, flags: string): readonly (string | number)[] {
  if (!plain.test(subject) && !indexed.test(subject)) {
    const text = expanded(run, subject);
    return text === null ? [] : [text];
  }
  const avp = avpName(run, subject);
  return avp === null ? [] : valuesOf(run, { ...avp, flags: flags + avp.flags });
}

/** `source`, `source/flags`, `source/destination` or `source/destination/flags`. */
function sourceAndTarget(run: Run, text: string) {
  const match = /^(.*?)(?:\/(\$.*?))?(?:\/([gid]*))?$/is.exec(text);
  const from = avpName(run, match?.[1] ?? text);
  const to = match?.[2] === undefined ? from : avpName(run, match[2]);
  return from === null || to === null ? null : { from, to, flags: lowerAscii(match?.[3] ?? '') };
}

/** Stores the results in place of the values, or in another AVP; with d, removes the source values then. */
function store(
  run: Run,
  { from, to, flags }: NonNullable<ReturnType<typeof sourceAndTarget>>,
  change: (value: string | number) => string | number | null,
): Status {
  const all = run.request.avps.all(from.name);
  const chosen = flags.includes('g') ? all.map((_, i) => i) : all.length === 0 ? [] : [from.index ?? 0];
  const results = new Map<number, string | number>();
  for (const i of chosen) {
    const value = all.at(i);
    const result = value === undefined ? null : change(value);
    if (result !== null) results.set(i < 0 ? all.length + i : i, result);
  }
  if (results.size === 0) return -1;
  if (from.name === to.name) {
    run.request.avps.set(
      from.name,
      all.map((value, i) => results.get(i) ?? value),
    );
    return 1;
  }
  for (const value of [...results.values()].toReversed()) run.request.avps.push(to.name, value);
  if (flags.includes('d'))
    run.request.avps.set(
      from.name,
      all.filter((_, i) => !results.has(i)),
    );
  return 1;
}

function substitute(run: Run, names: string, text: string): Status {
  const both = sourceAndTarget(run, names);
  const rule = cachedSubstitution(text);
  if (rule === null) run.complain(`avp_subst(): invalid substitution "${text}"`);
  if (both === null || rule === null) return -1;
  return store(run, both, (value) => {
    const found = replacements(String(value), rule);
    return found.length === 0 ? null : replaced(String(value), found);
  });
}

function operate(run: Run, names: string, text: string): Status {
  const both = sourceAndTarget(run, names);
  const asked = operation(run, text);
  const apply = asked === null ? undefined : operations[asked.name];
  if (asked === null || apply === undefined)
    run.complain(`avp_op(): invalid operation "${text}", use op/value/flags`);
  if (both === null || asked === null || apply === undefined) return -1;
  const operand = toInteger(asked.operand);
  return store(run, { ...both, flags: both.flags + asked.flags }, (value) => {
    const number = toInteger(value);
    return number === null || (operand === null && asked.name !== 'not') ? null : apply(number, operand ?? 0);
  });
}

/**
 * g copies all values in order, d deletes them from the source. c, which keeps the type, has no effect: values always
 * keep it here.
 */
function copy(run: Run, first: string, second: string): Status {
  const from = avpName(run, first);
  const to = avpName(run, second);
  if (from === null || to === null) return -1;
  const flags = from.flags + to.flags;
  const values = valuesOf(run, { ...from, flags });
  if (values.length === 0) return -1;
  if (flags.includes('d')) {
    if (flags.includes('g')) run.request.avps.replace(from.name, null);
    else run.request.avps.remove(from.name, from.index ?? 0);
  }
  for (const value of values.toReversed()) run.request.avps.push(to.name, value);
  return 1;
}

/** The destinations of avp_pushto(): `$ru` and `$du`, but no headers. */
const targets: Readonly<Record<string, (run: Run, text: string) => boolean>> = {
  $ru: (run, text) => run.request.setRequestUri(text),
  $du: (run, text) => run.request.setDestinationUri(text),
};

const isType = (value: Value, flags: string): boolean => {
  if (flags.includes('e') && value !== '' && value !== 0) return false;
  if (flags.includes('n')) return typeof value === 'number';
  return flags.includes('s') ? typeof value === 'string' : true;
};

export const avpops = defineModule({
  name: 'avpops',
  summary:
    'AVP functions for scripts written for OpenSIPS up to 3.5; later versions use operators and transformations instead. The database functions are not available.',
  source,
  parameters: [
    ...['db_url', 'avp_table', 'uuid_column', 'username_column', 'domain_column', 'attribute_column'],
    ...['value_column', 'type_column', 'db_scheme'],
  ].map((name) => ({
    name,
    type: 'string' as const,
    default: null,
    repeated: true,
    summary: 'Accepted without effect.',
    inert: why,
  })),
  functions: [
    onAvp('avp_delete', 'Deletes the newest value, the one at an index, or with `/g` all.', (run, avp) => {
      if (avp.flags.includes('g')) run.request.avps.replace(avp.name, null);
      else run.request.avps.remove(avp.name, avp.index ?? 0);
      return 1;
    }),
    onAvp(
      'is_avp_set',
      'Whether the AVP has a value; with `/s` a string, with `/n` a number, with `/e` an empty value.',
      (run, avp) => (valuesOf(run, avp).some((value) => isType(value, avp.flags)) ? 1 : -1),
    ),
    onAvp('avp_shuffle', 'Shuffles the values; false if it has none.', (run, { name }) => {
      const values = run.request.avps.all(name);
      run.request.avps.set(name, shuffled(values));
      return values.length > 0 ? 1 : -1;
    }),
    {
      name: 'avp_copy',
      arguments: [
        raw('old_name', 'The AVP to copy.'),
        raw('new_name', 'Gets the values; `/g` copies all, `/d` moves them.'),
      ],
      summary: 'Copies or moves values of an AVP to another; false if it has none.',
      source,
      run: copy,
    },
    {
      name: 'avp_pushto',
      arguments: [{ name: 'destination', type: 'raw', summary: '`$ru` or `$du`.' }, raw('name', 'The AVP.')],
      summary: 'Writes the value of an AVP to the request URI or the destination; false if it has none.',
      source,
      run: (run, destination, text) => {
        const avp = avpName(run, text);
        const [value] = avp === null ? [] : valuesOf(run, avp);
        const target = targets[destination.split('/')[0]?.trim() ?? ''];
        if (target === undefined)
          run.complain(`avp_pushto(): cannot write to "${destination}", use $ru or $du`);
        return value !== undefined && target?.(run, String(value)) === true ? 1 : -1;
      },
    },
    {
      name: 'avp_check',
      arguments: [
        raw('name', 'An AVP, or any other variable.'),
        raw(
          'op_value',
          '`op/value/flags`: eq, ne, lt, le, gt, ge, re, fm, and, or, xor; `g` checks all values, `i` ignores case.',
        ),
      ],
      summary: 'Whether a value passes the check.',
      source,
      run: check,
    },
    {
      name: 'avp_subst',
      arguments: [
        raw(
          'avps',
          '`$avp(from)/$avp(to)/flags`: `g` processes all values, `d` deletes them from the source.',
        ),
        { name: 'subst', type: 'substitution', summary: '`/expression/replacement/flags`.' },
      ],
      summary: 'Applies a substitution to the values of an AVP; false if none matches.',
      source,
      run: substitute,
    },
    {
      name: 'avp_op',
      arguments: [
        raw('name', '`$avp(from)/$avp(to)`.'),
        raw(
          'op_value',
          '`op/value/flags`: add, sub, mul, div, mod, and, or, xor, not; `g` processes all values.',
        ),
      ],
      summary: 'Applies an arithmetic operation to the values of an AVP; false if one is not a number.',
      source,
      run: operate,
    },
  ],
});
