/**
 * `$(<request>ru)` and `$(<reply>hdr(X))`: a variable read from the request in a reply, or vice versa. Source: the
 * manual's Script-CoreVar, context.
 */

import type { Run } from '../../runtime/index.ts';
import type { VariableSpec } from '../../script/index.ts';

export function inContext(specs: readonly VariableSpec<Run>[]): VariableSpec<Run>[] {
  return specs.map((spec) => ({
    ...spec,
    resolve: (use) => {
      const access = spec.resolve(use);
      const { context } = use;
      if (context === null) return access;
      const { get, set, list, text } = access;
      return {
        get: (run) => get(run.inContext(context)),
        ...(text === undefined ? {} : { text: (run) => text(run.inContext(context)) }),
        ...(set === undefined
          ? {}
          : { set: (run, value, operator) => set(run.inContext(context), value, operator) }),
        ...(list === undefined ? {} : { list: (run) => list(run.inContext(context)) }),
      };
    },
  }));
}
