/** The tm module: transactions. Source: modules/tm of the manual; vectors pvar-provisional, async-retransmission-absorbed. */
import type { Module } from '../runtime/module.ts';
import type { Run } from '../runtime/run.ts';
import type { ParameterSpec } from '../script/index.ts';
import { code, isReplyCode, reason } from './replies.ts';

const noBranches = 'siprest sends no requests on so far';

const inert = (name: string, value: number | string | null, why: string): ParameterSpec => ({
  name,
  type: typeof value === 'number' ? 'int' : 'string',
  default: value,
  summary: 'Accepted without effect.',
  inert: why,
});

/** A reply by the transaction, which is made where there is none yet; 0 where it turns out to be a retransmission. */
function reply(run: Run, name: string, status: number, phrase: string, body?: string): 1 | 0 | -1 {
  if (!isReplyCode(run, name, status)) return -1;
  const outcome = run.request.createTransaction();
  if (outcome === 'absorbed') return 0;
  return outcome !== 'refused' && run.request.reply(status, phrase, body) ? 1 : -1;
}

export const tm: Module = {
  name: 'tm',
  summary: 'Transactions: retransmissions absorbed, replies repeated.',
  source: 'modules/tm',
  parameters: [
    {
      name: 'auto_100trying',
      type: 'boolean',
      default: true,
      summary: 'Whether t_newtran() answers an INVITE with 100 at once.',
    },
    inert('fr_timeout', 30, noBranches),
    inert('fr_inv_timeout', 120, noBranches),
    inert('wt_timer', 5, 'transactions end by the timers of RFC 3261'),
    inert('delete_timer', 2, 'nothing waits to be deleted'),
    inert('T1_timer', 500, 'timers are those of RFC 3261'),
    inert('T2_timer', 4000, 'timers are those of RFC 3261'),
    inert('ruri_matching', 1, 'transactions are matched as RFC 3261, 17.2.3 says'),
    inert('via1_matching', 1, 'transactions are matched as RFC 3261, 17.2.3 says'),
    inert('unix_tx_timeout', 2, 'there is no such socket'),
    inert('restart_fr_on_each_reply', 1, noBranches),
    inert('tw_append', null, 'there is no such interface'),
    inert('pass_provisional_replies', 0, noBranches),
    inert('syn_branch', 1, noBranches),
    inert('onreply_avp_mode', 0, noBranches),
    inert('disable_6xx_block', 0, noBranches),
    inert('enable_stats', 1, 'figures are always counted'),
    inert('minor_branch_flag', null, noBranches),
    inert('timer_partitions', 1, 'one timer wheel serves all transactions'),
    inert('tm_replication_cluster', 0, 'there is no cluster'),
    inert('cluster_param', null, 'there is no cluster'),
    inert('cluster_auto_cancel', 1, 'there is no cluster'),
  ],
  functions: [
    {
      name: 't_newtran',
      arguments: [],
      routes: ['route'],
      summary:
        'Makes a transaction for the request; a retransmission, or the ACK to its reply, ends the script here.',
      source: 'modules/tm; vectors pvar-provisional, routes-newtran-provisional',
      run: (run) => {
        switch (run.request.createTransaction()) {
          case 'created':
            return 1;
          case 'absorbed':
            return 0;
          case 'exists':
            run.complain('t_newtran(): the request has a transaction already');
            return -1;
          case 'refused':
            return -1;
        }
      },
    },
    {
      name: 't_reply',
      arguments: [code, { ...reason, name: 'reason_phrase' }],
      routes: ['route', 'failure_route'],
      summary: 'Sends a reply by the transaction; makes one, as t_newtran() does, where there is none.',
      source: 'modules/tm',
      run: (run, status: number, phrase: string) => reply(run, 't_reply', status, phrase),
    },
    {
      name: 't_reply_with_body',
      arguments: [
        code,
        { ...reason, name: 'reason_phrase' },
        {
          name: 'body',
          type: 'string',
          summary: 'The body; its Content-Type is added with append_to_reply().',
        },
      ],
      routes: ['route', 'failure_route'],
      summary: 'As t_reply(), with a body.',
      source: 'modules/tm',
      run: (run, status: number, phrase: string, text: string) =>
        reply(run, 't_reply_with_body', status, phrase, text),
    },
    {
      name: 't_check_trans',
      arguments: [],
      routes: ['route'],
      summary:
        'Whether the request belongs to a transaction: a retransmission ends the script here; true for a CANCEL of one and for the ACK to its negative reply, -2 for the ACK to a 2xx.',
      source: 'modules/tm',
      run: (run) => run.request.checkTransaction(),
    },
  ],
};
