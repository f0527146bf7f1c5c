import type { ExpressionNode } from './ast.ts';
import type { ArgumentSpec } from './function-spec.ts';

/**
 * Maps the arguments of a call to the rows of the table: a leading optional one (`xlog([level,] text)`) is skipped if
 * only the mandatory ones are given. Missing trailing arguments are undefined.
 */
export function bindArguments(
  specs: readonly ArgumentSpec[],
  given: readonly (ExpressionNode | null)[],
): readonly (ExpressionNode | null)[] {
  if (specs[0]?.leading !== true) return given;
  const mandatory = specs.filter((spec) => !spec.optional).length;
  return given.length <= mandatory ? [null, ...given] : given;
}
