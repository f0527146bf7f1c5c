/** The subname of a variable, `name` in `$var(name)`, where it may have variables in it. */

import type { Run } from '../../runtime/index.ts';
import type { RuledUse } from '../../script/index.ts';

/** The subname of a variable that has to have one. */
export type Named = RuledUse<Run, 'required'>;

/** Reads it for each run. */
export const subnameOf = ({ subname }: Named): ((run: Run) => string) =>
  typeof subname === 'function' ? subname : () => subname;
