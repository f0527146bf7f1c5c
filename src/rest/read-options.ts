/** Reads options by their tables: complete values, or an error that names the option. */
import { invalidOption, RestOptionError, unknownOption } from './errors.ts';
import type { OptionSpec, OptionTable, OptionUnit, ValuesOf } from './options.ts';

/** A copy of an object whose members are all known. @throws RestOptionError */
export function objectOf(
  name: string,
  value: unknown,
  known: ReadonlySet<string>,
  owner: string,
): Readonly<Record<string, unknown>> {
  if (value === null || typeof value !== 'object') throw invalidOption(name, value, 'an object');
  const given: Record<string, unknown> = { ...value };
  for (const key of Object.keys(given)) if (!known.has(key)) throw unknownOption(key, owner, known);
  return given;
}

/** @throws RestOptionError */
export function readTable<Table extends OptionTable>(
  table: Table,
  given: Readonly<Record<string, unknown>>,
  prefix: string,
): ValuesOf<Table> {
  const read: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(table)) {
    const value = given[name];
    read[name] = value === undefined ? spec.default : checkOption(prefix + name, spec, value);
  }
  // each value was checked against its row, which determines its type
  return read as ValuesOf<Table>;
}

/** @throws RestOptionError that names the option, the value and what is expected */
export function checkOption(name: string, spec: OptionSpec, value: unknown): unknown {
  switch (spec.type) {
    case 'number': {
      const { unit, min, max } = spec;
      if (typeof value !== 'number' || Number.isNaN(value))
        throw invalidOption(name, value, `a number${UNITS[unit]}`);
      if (value < min || value > max) {
        const range = max === Number.POSITIVE_INFINITY ? `at least ${min}` : `${min} to ${max}`;
        throw invalidOption(name, value, `${range}${unit === 'count' ? '' : ` ${unit}`}`, 'out-of-range');
      }
      return value;
    }
    case 'boolean':
      if (typeof value !== 'boolean') throw invalidOption(name, value, 'true or false');
      return value;
    case 'string':
      if (typeof value !== 'string' || value.includes('\0')) {
        if (spec.secret !== true) throw invalidOption(name, value, 'a string');
        throw new RestOptionError('wrong-type', name, `invalid ${name}; expected a string`);
      }
      return value;
    case 'choice':
      if (typeof value !== 'string' || !spec.choices.includes(value)) {
        throw invalidOption(name, value, oneOf(spec.choices));
      }
      return value;
    case 'choices':
      for (const one of listOf(name, value, spec.choices.length)) {
        if (typeof one !== 'string' || !spec.choices.includes(one)) {
          throw invalidOption(name, one, oneOf(spec.choices));
        }
      }
      return value;
    case 'numbers': {
      const { min, max, most } = spec;
      for (const one of listOf(name, value, most)) {
        if (typeof one !== 'number' || !Number.isInteger(one) || one < min || one > max) {
          throw invalidOption(name, one, `whole numbers from ${min} to ${max}`);
        }
      }
      return value;
    }
    case 'strings':
      for (const one of listOf(name, value, spec.most)) {
        if (typeof one !== 'string' || one === '' || one.includes('\0')) {
          throw invalidOption(name, one, 'strings that are not empty');
        }
      }
      return value;
  }
}

function listOf(name: string, value: unknown, most: number): readonly unknown[] {
  if (!Array.isArray(value)) throw invalidOption(name, value, 'a list');
  if (value.length > most) {
    throw invalidOption(name, value, `at most ${most} entries, not ${value.length}`, 'out-of-range');
  }
  return value;
}

const oneOf = (choices: readonly string[]): string =>
  choices
    .map((choice) => `'${choice}'`)
    .join(', ')
    .replace(/, ([^,]*)$/, ' or $1');

const UNITS: Readonly<Record<OptionUnit, string>> = {
  ms: ' of milliseconds',
  bytes: ' of bytes',
  count: '',
  'per second': ' per second',
  '%': ', in percent',
};
