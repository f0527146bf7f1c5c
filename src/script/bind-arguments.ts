import type { ExpressionNode } from './ast.ts';
import type { ArgumentSpec } from './catalog.ts';

/**
 * The written arguments in the places of the table: a leading optional one (`xlog([level,] text)`) is left
 * out when only as many are given as are mandatory. Missing ones at the end are undefined.
 */
export function bindArguments(
  specs: readonly ArgumentSpec[],
  given: readonly (ExpressionNode | null)[],
): readonly (ExpressionNode | null)[] {
  if (specs[0]?.leading !== true) return given;
  const mandatory = specs.filter((spec) => !spec.optional).length;
  return given.length <= mandatory ? [null, ...given] : given;
}
