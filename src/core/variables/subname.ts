/** The subname of a variable, `name` in `$var(name)`, where it may have variables in it. */

import type { Run } from '../../runtime/index.ts';
import type { VariableUse } from '../../script/index.ts';

/** Reads it for each run; '' where there is none. */
export const subnameOf = ({ subname }: VariableUse<Run>): ((run: Run) => string) =>
  typeof subname === 'function' ? subname : () => subname ?? '';
