/** Transformations that give the parts of a text that was parsed. */

import { defineTransformation } from '../../runtime/index.ts';
import type { Value } from '../../script/index.ts';

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
