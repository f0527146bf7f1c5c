/**
 * The parameters of the module tm. They are here because the runtime creates transactions and the relay forwards them.
 * Source: modules/tm of the manual.
 */
import { defineParameter, defineParameters, type ParameterSpec } from '../script/index.ts';
import { DEFAULT_PROXY_TIMEOUTS, RFC_TIMERS } from '../sip/index.ts';

const inert = (name: string, value: number | string | null, why: string): ParameterSpec => ({
  name,
  type: typeof value === 'number' ? 'int' : 'string',
  default: value,
  summary: 'Accepted without effect.',
  inert: why,
});

const milliseconds = <const Name extends string>(name: Name, value: number, summary: string) =>
  defineParameter({
    name,
    type: 'int',
    default: value,
    minimum: 10,
    maximum: 60_000,
    unit: 'ms',
    summary,
    source: 'modules/tm',
  });

const seconds = <const Name extends string>(name: Name, value: number, summary: string) =>
  defineParameter({
    name,
    type: 'int',
    default: value,
    minimum: 1,
    maximum: 86_400,
    unit: 's',
    summary,
    source: 'modules/tm',
  });

const localRoute = <const Name extends string>(name: Name, what: string, more: string) =>
  defineParameter({
    name,
    type: 'string',
    default: null,
    routeKind: 'route',
    summary: `A route that sees each ${what} that siprest itself makes, and changes nothing. ${more}`,
    source: 'modules/tm',
  });

export const tmParameters = defineParameters([
  {
    name: 'auto_100trying',
    type: 'boolean',
    default: true,
    summary: 'Whether an INVITE is answered 100 at once when its transaction is made.',
  },
  {
    ...seconds(
      'fr_timeout',
      DEFAULT_PROXY_TIMEOUTS.frTimeout / 1000,
      'How long a branch may stay without any answer.',
    ),
    aliases: ['fr_timer'],
  },
  {
    ...seconds('fr_inv_timeout', DEFAULT_PROXY_TIMEOUTS.frInvTimeout / 1000, 'How long an INVITE may ring.'),
    aliases: ['fr_inv_timer'],
  },
  {
    name: 'restart_fr_on_each_reply',
    type: 'boolean',
    default: true,
    summary: 'Whether each provisional answer starts fr_inv_timeout anew.',
  },
  {
    name: 'onreply_avp_mode',
    type: 'int',
    default: 0,
    minimum: 0,
    maximum: 1,
    summary: '0: a reply route has AVPs of its own; 1: it has those of the transaction.',
    source: 'modules/tm',
  },
  {
    name: 'disable_6xx_block',
    type: 'boolean',
    default: false,
    summary: 'Whether a 6xx is like any other refusal; else it ends the search (RFC 3261, 16.7).',
    source: 'modules/tm',
  },
  {
    name: 'minor_branch_flag',
    type: 'string',
    default: null,
    summary:
      'A branch flag: a branch that has it is not waited for; it is cancelled when all others have failed.',
    source: 'modules/tm',
  },
  localRoute('local_request_route', 'request', 'Runs after local_route.'),
  localRoute('local_reply_route', 'reply', 'Of replies of transactions, no relayed ones.'),
  inert('wt_timer', 5, 'transactions end by the timers of RFC 3261'),
  inert('delete_timer', 2, 'a transaction leaves memory when its last timer has ended'),
  milliseconds(
    'T1_timer',
    RFC_TIMERS.t1,
    'The first interval of retransmissions; what RFC 3261 has as 64 T1 follows it.',
  ),
  milliseconds('T2_timer', RFC_TIMERS.t2, 'The longest interval of retransmissions.'),
  inert('ruri_matching', 1, 'transactions are matched as RFC 3261, 17.2.3 says'),
  inert('via1_matching', 1, 'transactions are matched as RFC 3261, 17.2.3 says'),
  inert('unix_tx_timeout', 2, 'siprest has no transactions for a Unix socket'),
  inert('tw_append', null, 'siprest has no t_write_unix() and t_write_req()'),
  inert('pass_provisional_replies', 0, 'reply routes see every reply'),
  inert('syn_branch', 1, 'the branch parameter of a Via is always unpredictable'),
  inert('enable_stats', 1, 'figures are always counted'),
  inert('timer_partitions', 1, 'one timer wheel serves all transactions of a process'),
  inert('tm_replication_cluster', 0, 'siprest instances do not talk to each other'),
  inert('cluster_param', null, 'siprest instances do not talk to each other'),
  inert('cluster_auto_cancel', 1, 'siprest instances do not talk to each other'),
]);
