/** Families of transformations that each return one part of a parsed text. */

import { defineTransformation } from '../../runtime/index.ts';
import type { Value } from '../../script/index.ts';

/** The element at an index, negative: from the end; undefined if out of range. */
export function elementAt<T>(list: readonly T[], index: number): T | undefined {
  return list[index < 0 ? list.length + index : index];
}

/** Caches the last result, since chains and loops parse the same text repeatedly. */
export function rememberLast<T>(parse: (text: string) => T): (text: string) => T {
  let last: { readonly text: string; readonly result: T } | null = null;
  return (text) => {
    if (last === null || last.text !== text) last = { text, result: parse(text) };
    return last.result;
  };
}

/** One member of such a family. */
export interface Part<T> {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** The result for the family's example. */
  readonly output: Value;
  readonly get: (parsed: T) => Value;
}

/** Null if `parse` rejects the text. */
export const partsOf = <T>(parse: (text: string) => T | null, example: string, parts: readonly Part<T>[]) =>
  parts.map(({ name, aliases, summary, output, get }) =>
    defineTransformation({
      name,
      arguments: [],
      ...(aliases && { aliases }),
      summary,
      example: [example, `{${name}}`, output],
      apply: (text) => {
        const parsed = parse(text);
        return parsed === null ? null : get(parsed);
      },
    }),
  );
