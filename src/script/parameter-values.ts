/** Converts the values of parameters to the types in their tables. */
import type { SettingValueNode } from './ast.ts';
import { numberOfWord } from './number-words.ts';
import type { ParameterValue } from './parameter-spec.ts';

export interface ValueFacts {
  readonly type: 'int' | 'string' | 'boolean' | 'seconds' | 'socket' | 'any';
  readonly unit?: string;
  readonly minimum?: number;
  /** For a `boolean`: the largest number that means yes; default 1. */
  readonly maximum?: number;
  readonly zero?: number;
}

export type Conversion = { readonly value: number | string | boolean } | { readonly wrong: string };

/** `wrong` follows the name of the parameter in a message. */
export function convertValue(node: SettingValueNode, spec: ValueFacts): Conversion {
  const { value } = node;
  switch (spec.type) {
    case 'string':
    case 'socket':
    case 'any':
      return { value: String(value) };
    case 'boolean': {
      const flag = typeof value === 'number' ? value : (numberOfWord(value) ?? decimal(value, false));
      return flag !== null && flag >= 0 && flag <= (spec.maximum ?? 1)
        ? { value: flag !== 0 }
        : { wrong: `must be yes or no (1 or 0), not "${value}"` };
    }
    case 'int':
    case 'seconds': {
      const number = typeof value === 'number' ? value : decimal(value, spec.type === 'seconds');
      if (number === null) return { wrong: `must be a number${unit(spec)}, not "${value}"` };
      return inRange(number, spec);
    }
  }
}

function inRange(number: number, spec: ValueFacts): Conversion {
  const { minimum = -0x80000000, maximum = 0x7fffffff } = spec;
  if (number >= minimum && number <= maximum) return { value: number === 0 ? (spec.zero ?? 0) : number };
  if (spec.maximum === undefined && number < minimum)
    return { wrong: `must be at least ${minimum}${unit(spec)}, not ${number}` };
  if (spec.minimum === undefined && number > maximum)
    return { wrong: `must be at most ${maximum}${unit(spec)}, not ${number}` };
  return { wrong: `must be from ${minimum} to ${maximum}${unit(spec)}, not ${number}` };
}

/** ` (s)` */
function unit(spec: ValueFacts): string {
  return spec.unit === undefined ? '' : ` (${spec.unit})`;
}

/** A quoted number, as in older scripts; null for anything else. */
function decimal(text: string, fraction: boolean): number | null {
  const pattern = fraction ? /^[+-]?(?:[0-9]{1,10}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})$/ : /^[+-]?[0-9]{1,10}$/;
  return pattern.test(text) ? Number(text) : null;
}

export function defaultValue(value: number | string | boolean | null, repeated: boolean): ParameterValue {
  if (!repeated) return value;
  return value === null || value === '' ? [] : [typeof value === 'boolean' ? Number(value) : value];
}
