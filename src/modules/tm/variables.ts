/** Variables of the tm module. Source: modules/tm of the manual. */
import { branchFlagNames, subnameOf } from '../../core/index.ts';
import { messageBranches, relaying } from '../../relay/index.ts';
import {
  defineVariable,
  defineVariables,
  type RelayedBranch,
  type Run,
  tmParameters,
} from '../../runtime/index.ts';
import { InvalidUse, toInteger, type Value, type VariableUse } from '../../script/index.ts';
import { type Branch, transportName } from '../../sip/index.ts';

/** The status for t_check_status() and $T_reply_code: of the reply, the failure, or the last reply sent. */
export function replyCode(run: Run): number {
  const { failure } = run.subject;
  if (run.isAboutReply) return run.draft.status ?? 0;
  return failure?.status ?? run.request.transaction?.lastStatus ?? 0;
}

function timeout(
  name: string,
  field: 'frTimeout' | 'frInvTimeout',
  parameter: 'fr_timeout' | 'fr_inv_timeout',
  summary: string,
) {
  return defineVariable({
    name,
    writable: true,
    summary,
    source: 'modules/tm; vector routes-silent-timeout',
    resolve: () => ({
      get: (run) => run.state(relaying)[field] ?? run.parameters(tmParameters)[parameter],
      set: (run, value) => {
        const seconds = value === null ? null : toInteger(value);
        if (value !== null && (seconds === null || seconds <= 0)) return false;
        const state = run.state(relaying);
        state[field] = seconds;
        if (state.proxy !== null)
          state.proxy[field] = 1000 * (seconds ?? run.parameters(tmParameters)[parameter]);
        return true;
      },
    }),
  });
}

type RelayedBranches = readonly Branch<RelayedBranch>[];

type At = (run: Run) => Branch<RelayedBranch> | undefined;

/** The branch of the transaction at an index; without one, the branch that the route runs for. */
function branchAt({ index }: VariableUse<Run>): At {
  if (index === 'all' || index === 'append')
    throw new InvalidUse(`[${index === 'all' ? '*' : index}] is not supported`);
  const at = typeof index === 'function' ? index : () => index;
  return (run) => {
    const i = at(run);
    const branches: RelayedBranches = run.state(relaying).proxy?.branches ?? [];
    return i === null ? run.subject.branch : branches.at(i);
  };
}

/** `$tm.branch.uri[i]`: all branches of the transaction, including ended ones; without an index, the current one. */
function ofBranch(name: string, summary: string, read: (branch: Branch<RelayedBranch>) => Value) {
  return defineVariable({
    name: `tm.branch.${name}`,
    indexed: true,
    summary,
    source: 'modules/tm',
    resolve: (use) => {
      const at = branchAt(use);
      return {
        get: (run) => {
          const branch = at(run);
          return branch === undefined ? null : read(branch);
        },
      };
    },
  });
}

/** `$tm.branch.attr(name)[i]`: in a branch route, also of the branch being created. */
function namedOfBranch(
  name: string,
  summary: string,
  read: (data: RelayedBranch, key: string) => Value,
  write: (data: RelayedBranch, key: string, value: Value) => void,
) {
  return defineVariable({
    name: `tm.branch.${name}`,
    subname: 'required',
    indexed: true,
    writable: true,
    summary,
    source: 'modules/tm',
    resolve: (use) => {
      const at = branchAt(use);
      const key = subnameOf(use);
      const data = (run: Run) => (use.index === null ? run.subject.relayed : at(run)?.spec.data);
      return {
        get: (run) => {
          const branch = data(run);
          return branch === undefined ? null : read(branch, key(run));
        },
        set: (run, value) => {
          const branch = data(run);
          if (branch !== undefined) write(branch, key(run), value);
          return branch !== undefined;
        },
      };
    },
  });
}

const own = ({ spec }: Branch<RelayedBranch>) => spec.data.request.state(messageBranches).main;
const flagsOf = ({ request }: RelayedBranch) => request.state(messageBranches).main.flags;

const tmBranchVariables = defineVariables([
  ofBranch('uri', 'The request URI of a branch.', ({ spec }) => spec.data.request.requestUri),
  ofBranch('duri', 'The destination URI of a branch.', ({ spec }) => spec.data.request.destinationUri),
  ofBranch('flags', 'The flags of a branch.', (branch) => branchFlagNames.print(own(branch).flags) || null),
  ofBranch(
    'last_received',
    'The last status that a branch has received; null before the first reply.',
    ({ lastReceivedStatus }) => lastReceivedStatus || null,
  ),
  ofBranch('q', 'The q of a branch.', (branch) => own(branch).q),
  ofBranch('path', 'The Path of a branch.', (branch) => own(branch).path),
  ofBranch('socket', 'The socket that sent a branch.', ({ spec }) =>
    spec.socket == null ? null : transportName(spec.socket.transport),
  ),
  ofBranch('type', 'Always `sip`.', () => 'sip'),
  namedOfBranch(
    'flag',
    'A flag of a branch: 1 or 0.',
    (data, name) => (flagsOf(data).has(name) ? 1 : 0),
    (data, name, value) => {
      if (value === null || value === 0 || value === '0') flagsOf(data).delete(name);
      else flagsOf(data).add(name);
    },
  ),
  namedOfBranch(
    'attr',
    'An attribute of a branch, with any name.',
    ({ attributes }, name) => attributes.get(name) ?? null,
    ({ attributes }, name, value) => {
      if (value === null) attributes.delete(name);
      else attributes.set(name, value);
    },
  ),
]);

export const tmVariables = defineVariables([
  {
    name: 'T_reply_code',
    summary: 'The status of the reply, of the failure, or of the last reply sent; 0 if there is none.',
    source: 'modules/tm',
    resolve: () => ({ get: replyCode }),
  },
  timeout(
    'T_fr_timeout',
    'frTimeout',
    'fr_timeout',
    'How long a branch of this transaction may stay unanswered, in seconds.',
  ),
  timeout(
    'T_fr_inv_timeout',
    'frInvTimeout',
    'fr_inv_timeout',
    'How long an INVITE of this transaction may ring, in seconds.',
  ),
  {
    name: 'T_branch_idx',
    summary: 'The number of the branch, from 0; null outside branch, reply and failure routes.',
    source: 'modules/tm',
    resolve: () => ({ get: (run) => run.subject.branch?.index ?? run.subject.branchIndex ?? null }),
  },
  {
    name: 'T_ruri',
    summary: 'The request URI of the branch.',
    source: 'modules/tm',
    resolve: () => ({ get: (run) => run.subject.relayed?.request.requestUri ?? null }),
  },
  {
    name: 'T_branch_last_reply_code',
    subname: 'optional',
    summary:
      'The last status that the branch has received; the number in the parentheses selects another branch.',
    source: 'modules/tm',
    resolve: ({ subname }) => ({
      get: (run) => {
        if (subname === null) return run.subject.branch?.lastReceivedStatus || null;
        const index = Number(typeof subname === 'function' ? subname(run) : subname);
        return run.state(relaying).proxy?.branches.at(index)?.lastReceivedStatus || null;
      },
    }),
  },
  {
    name: 'T_id',
    summary: 'The ID of the transaction; null if there is none.',
    source: 'modules/tm',
    resolve: () => ({ get: (run) => run.request.transaction?.toTag ?? null }),
  },
  {
    name: 'bavp',
    subname: 'required',
    writable: true,
    summary: 'An attribute of the branch; null outside branch, reply and failure routes.',
    source: 'modules/tm',
    resolve: (use) => {
      const name = subnameOf(use);
      return {
        get: (run) => run.subject.relayed?.avps.get(name(run)) ?? null,
        set: (run, value, operator) => {
          const avps = run.subject.relayed?.avps;
          if (operator === ':=') avps?.replace(name(run), value);
          else avps?.push(name(run), value);
          return avps !== undefined;
        },
      };
    },
  },
  ...tmBranchVariables,
]);
