import type { ExpressionNode, StringNode } from './ast.ts';
import type { ArgumentSpec } from './function-spec.ts';

/**
 * Maps the arguments of a call to the rows of the table: a leading optional one (`xlog([level,] text)`) is skipped if
 * only the mandatory ones are given. A string that older scripts write for two arguments becomes two. Missing trailing
 * arguments are undefined.
 */
export function bindArguments(
  specs: readonly ArgumentSpec[],
  given: readonly (ExpressionNode | null)[],
): readonly (ExpressionNode | null)[] {
  const pair = specs.findIndex(({ isPair }) => isPair === true);
  if (pair > 0 && given[0]?.kind === 'string') return withoutPair(given, pair);
  if (specs[0]?.leading !== true) return given;
  const mandatory = specs.filter((spec) => !spec.optional).length;
  return given.length <= mandatory ? [null, ...given] : given;
}

/** `"$rU/$var(out)"` as `"$rU"` and `"$var(out)"`. */
function withoutPair(
  given: readonly (ExpressionNode | null)[],
  at: number,
): readonly (ExpressionNode | null)[] {
  const node = given[at];
  const middle = node?.kind === 'string' ? node.value.lastIndexOf('/$') : -1;
  if (node?.kind !== 'string' || middle <= 0) return given;
  return given.toSpliced(at, 1, part(node, 0, middle), part(node, middle + 1, node.value.length));
}

/** The part of a string between two indexes. */
function part(node: StringNode, from: number, to: number): StringNode {
  const begin = node.origins.findLast(([index]) => index <= from) ?? [0, node.span.start];
  return {
    ...node,
    value: node.value.slice(from, to),
    origins: [
      [0, begin[1] + from - begin[0]],
      ...node.origins
        .filter(([index]) => index > from)
        .map(([index, offset]) => [index - from, offset] as const),
    ],
  };
}
