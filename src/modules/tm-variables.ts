/** Variables of the tm module. Source: modules/tm of the manual. */
import { relaying } from '../runtime/relay.ts';
import type { Run } from '../runtime/run.ts';
import { toInteger, type VariableSpec } from '../script/index.ts';
import { replyCode } from './tm.ts';

function timeout(
  name: string,
  field: 'frTimeout' | 'frInvTimeout',
  parameter: string,
  summary: string,
): VariableSpec<Run> {
  return {
    name,
    writable: true,
    summary,
    source: 'modules/tm; vector routes-silent-timeout',
    resolve: () => ({
      get: (run) => run.state(relaying)[field] ?? Number(run.server.parameters('tm')[parameter] ?? 0),
      set: (run, value) => {
        const seconds = value === null ? null : toInteger(value);
        if (value !== null && (seconds === null || seconds <= 0)) return false;
        const state = run.state(relaying);
        state[field] = seconds;
        if (state.proxy !== null)
          state.proxy[field] = 1000 * (seconds ?? Number(run.server.parameters('tm')[parameter]));
        return true;
      },
    }),
  };
}

export const tmVariables: readonly VariableSpec<Run>[] = [
  {
    name: 'T_reply_code',
    summary: 'The status of the reply, of the failure, or of the last reply sent; 0 where there is none.',
    source: 'modules/tm',
    resolve: () => ({ get: replyCode }),
  },
  timeout(
    'T_fr_timeout',
    'frTimeout',
    'fr_timeout',
    'Seconds that a branch of this transaction may stay without an answer.',
  ),
  timeout(
    'T_fr_inv_timeout',
    'frInvTimeout',
    'fr_inv_timeout',
    'Seconds that an INVITE of this transaction may ring.',
  ),
  {
    name: 'T_branch_idx',
    summary: 'The number of the branch, from 0; null outside of branch, reply and failure routes.',
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
    summary: 'The last status that the branch has received.',
    source: 'modules/tm',
    resolve: () => ({ get: (run) => run.subject.branch?.lastReceivedStatus || null }),
  },
  {
    name: 'T_id',
    summary: 'What identifies the transaction; null where there is none.',
    source: 'modules/tm',
    resolve: () => ({ get: (run) => run.request.transaction?.toTag ?? null }),
  },
];
