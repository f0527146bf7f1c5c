/**
 * `$branch` and `$bf` of OpenSIPS 3, replaced by `$msg.branch` in 4.0: number 0 is the first added branch, not the
 * request URI. Source: Script-CoreVar of 3.4.
 */

import { type MessageBranch, messageBranches } from '../../relay/index.ts';
import { defineVariables, type Run } from '../../runtime/index.ts';
import { InvalidUse, type VariableUse } from '../../script/index.ts';
import { branchFlagNames } from '../flag-names.ts';
import { branchFields, flagAccess, joined, lastAdded } from './branches.ts';
import { subnameOf } from './subname.ts';

const source = 'Script-CoreVar of 3.4';

/** The branch with this number; `shift` is 0 if number 0 is the request URI, else 1. */
function branchAt({ index }: VariableUse<Run>, shift: 0 | 1): (run: Run) => MessageBranch | null {
  if (index === 'append')
    throw new InvalidUse('[append] is not supported', 'use append_branch() to add a branch');
  const at = typeof index === 'function' ? index : () => (typeof index === 'number' ? index : 0);
  return (run) => {
    const wanted = at(run);
    const all = run.state(messageBranches).all.slice(shift);
    return wanted === null ? null : (all.at(wanted) ?? null);
  };
}

export const formerBranchVariables = defineVariables([
  {
    name: 'branch',
    subname: 'optional',
    indexed: true,
    writable: true,
    summary:
      'Setting it without a name adds a branch with this URI. `$(branch(uri)[0])` is the URI of the first added branch; `duri`, `q`, `path`, `flags` and `socket` work alike, and `[*]` lists all branches. Use `$msg.branch` with OpenSIPS 4.0.',
    source,
    resolve: (use) => {
      if (use.subname === null) {
        return lastAdded;
      }
      const field = branchFields.find(({ name }) => name === use.subname);
      if (field === undefined)
        throw new InvalidUse(
          'unknown branch field',
          `use one of: ${branchFields.map(({ name }) => name).join(', ')}`,
        );
      const at = branchAt(use, 1);
      const all = (run: Run) => run.state(messageBranches).all.slice(1).map(field.get);
      return {
        get: (run) => {
          if (use.index === 'all') return joined(all(run)) || null;
          const branch = at(run);
          return branch === null ? null : field.get(branch);
        },
        set: (run, value) => {
          const branch = at(run);
          return branch !== null && field.set !== undefined && field.set(branch, value);
        },
        ...(use.index === 'all' ? { list: all } : {}),
      };
    },
  },
  {
    name: 'branch.flag',
    subname: 'required',
    indexed: true,
    writable: true,
    summary:
      'A flag of a branch: 1 or 0, printed as `true` or `false`. Branch 0 is the request URI, as for `setbflag()`.',
    source,
    resolve: (use) => {
      if (typeof use.subname === 'string') branchFlagNames.inVariable(use.subname);
      return flagAccess(branchAt(use, 0), subnameOf(use));
    },
  },
  {
    name: 'bf',
    summary: 'The flags of the request URI, set by `setbflag()`.',
    source,
    resolve: () => ({ get: (run) => branchFlagNames.print(run.state(messageBranches).main.flags) }),
  },
]);
