/**
 * How a transformation is written here: as a function of text and arguments. A null input gives null (the
 * manual: so that they can be chained), a number stands for its decimal text.
 */

import type { Run } from '../../runtime/index.ts';
import type {
  PlainTransformationSpec,
  Transform,
  TransformationArgument,
  TransformationSpec,
  TransformationValues,
  Value,
} from '../../script/index.ts';

export type Specification = TransformationSpec<Run>;
type Prepare = PlainTransformationSpec<Run>['prepare'];
export type Arguments = TransformationValues;

/** The longest text that a transformation makes out of nothing (`s.fill.left`, `s.width`): 1 MiB. */
export const longestFill = 1_048_576;

/** Of the text alone. */
export function ofText(apply: (text: string) => Value): Prepare {
  const transform: Transform<Run> = (value) => (value === null ? null : apply(asText(value)));
  return () => transform;
}

/** Of the text and one string argument. */
export function ofTextAndString(apply: (text: string, argument: string) => Value): Prepare {
  const transform: Transform<Run> = (value, args) =>
    value === null ? null : apply(asText(value), stringAt(args, 0));
  return () => transform;
}

/** Of the text and one number; an argument that is no number gives null. */
export function ofTextAndNumber(apply: (text: string, argument: number) => Value): Prepare {
  const transform: Transform<Run> = (value, args) => {
    const number = args[0];
    return value === null || typeof number !== 'number' ? null : apply(asText(value), number);
  };
  return () => transform;
}

/** Of the text and several arguments. */
export function ofTextAndArguments(apply: (text: string, args: Arguments) => Value): Prepare {
  const transform: Transform<Run> = (value, args) => (value === null ? null : apply(asText(value), args));
  return () => transform;
}

export function asText(value: string | number): string {
  return typeof value === 'number' ? String(value) : value;
}

export function stringAt(args: Arguments, position: number): string {
  const value = args[position];
  return value === undefined || value === null ? '' : asText(value);
}

/** An integer result: a number where 32 bits hold it, else its decimal text. */
export function integer(value: number | bigint): Value {
  const number = Number(value);
  return number === (number | 0) ? number | 0 : String(value);
}

/** The list's element at an index, negative ones from its end; undefined outside. */
export function elementAt<T>(list: readonly T[], index: number): T | undefined {
  return list[index < 0 ? list.length + index : index];
}

/** Keeps the last result: chains and loops ask the same text again and again. */
export function rememberLast<T>(parse: (text: string) => T): (text: string) => T {
  let last: { readonly text: string; readonly result: T } | null = null;
  return (text) => {
    if (last === null || last.text !== text) last = { text, result: parse(text) };
    return last.result;
  };
}

/** One transformation of a family, each of which gives a part of the same parsed text. */
export interface Part<T> {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** Of the family's example. */
  readonly output: Value;
  readonly get: (parsed: T) => Value;
}

/** Null for a text that `parse` makes nothing of. */
export function partsOf<T>(
  parse: (text: string) => T | null,
  example: string,
  parts: readonly Part<T>[],
): readonly Specification[] {
  return parts.map(({ name, aliases, summary, output, get }) => ({
    name,
    ...(aliases && { aliases }),
    summary,
    example: [example, `{${name}}`, output],
    prepare: ofText((text) => {
      const parsed = parse(text);
      return parsed === null ? null : get(parsed);
    }),
  }));
}

export const argument = {
  string: (name: string): TransformationArgument => ({ name, type: 'string' }),
  int: (name: string): TransformationArgument => ({ name, type: 'int' }),
  optionalInt: (name: string): TransformationArgument => ({ name, type: 'int', optional: true }),
  rest: (name: string): TransformationArgument => ({ name, type: 'rest' }),
  raw: (name: string): TransformationArgument => ({ name, type: 'raw' }),
};
