/** Message flags and branch flags. Source: the manual's Script-Flags. */

import { messageBranches } from '../../relay/index.ts';
import { defineFunctions, type Run } from '../../runtime/index.ts';
import { defineArgument } from '../../script/index.ts';
import { branchFlagNames, messageFlagNames } from '../flag-names.ts';

const flag = defineArgument({ name: 'flag', type: 'static', summary: 'Any name; it need not be declared.' });
const branchIndex = defineArgument({
  name: 'branch_idx',
  type: 'int',
  optional: true,
  summary: 'The number of the branch; default 0: the request URI.',
});

/**
 * The flags of a branch; in a branch or reply route, 0 is the current branch. Undefined if the branch does not exist.
 */
function ofBranch(run: Run, index: number): Set<string> | undefined {
  const { relayed, response } = run.subject;
  if (index === 0 && response !== undefined && relayed !== undefined)
    return relayed.request.state(messageBranches).main.flags;
  return run.state(messageBranches).all[index]?.flags;
}

export const flagFunctions = defineFunctions([
  {
    name: 'setflag',
    alwaysTrue: true,
    arguments: [flag],
    summary: 'Sets a flag of the message.',
    run: (run, name) => {
      messageFlagNames.inFunction(name);
      run.request.flags.add(name);
      return 1;
    },
  },
  {
    name: 'resetflag',
    alwaysTrue: true,
    arguments: [flag],
    summary: 'Clears a flag of the message.',
    run: (run, name) => {
      run.request.flags.delete(name);
      return 1;
    },
  },
  {
    name: 'isflagset',
    arguments: [flag],
    summary: 'Whether a flag of the message is set.',
    run: (run, name) => (run.request.flags.has(name) ? 1 : -1),
  },
  {
    name: 'setbflag',
    arguments: [flag, branchIndex],
    summary: 'Sets a flag of a branch.',
    run: (run, name, index = 0) => {
      branchFlagNames.inFunction(name);
      return ofBranch(run, index)?.add(name) === undefined ? -1 : 1;
    },
  },
  {
    name: 'resetbflag',
    arguments: [flag, branchIndex],
    summary: 'Clears a flag of a branch.',
    run: (run, name, index = 0) => {
      const flags = ofBranch(run, index);
      flags?.delete(name);
      return flags === undefined ? -1 : 1;
    },
  },
  {
    name: 'isbflagset',
    arguments: [flag, branchIndex],
    summary: 'Whether a flag of a branch is set.',
    run: (run, name, index = 0) => (ofBranch(run, index)?.has(name) === true ? 1 : -1),
  },
]);
