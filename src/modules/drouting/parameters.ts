/** The parameters of drouting. Source: modules/drouting of the manual. */
import { defineParameter, defineParameters, type RowValues } from '../../script/index.ts';
import { refreshTime, tableTimeout } from '../open-table.ts';
import { nameParameter } from '../text-table.ts';

const noCluster = 'siprest instances do not form a cluster';
const inMemory = 'states live as long as the server; the column state is where they begin';

/** A parameter that names an AVP. */
const avp = <const Name extends string, const Default extends string | null>(
  name: Name,
  standard: Default,
  what: string,
) => defineParameter({ name, type: 'string', default: standard, summary: `The AVP that gets ${what}.` });

const inert = <const Name extends string, const Default extends string | number | boolean | null>(
  name: Name,
  standard: Default,
  why: string,
) =>
  defineParameter({
    name,
    type: typeof standard === 'number' ? 'int' : typeof standard === 'boolean' ? 'boolean' : 'string',
    default: standard,
    summary: 'Accepted for older scripts.',
    inert: why,
  });

export const parameters = defineParameters([
  {
    name: 'db_url',
    type: 'string',
    default: null,
    summary:
      'Where the tables are: `text://FOLDER`, as of db_text, or the URL of a REST service with `{table}`, which answers a JSON array of rows.',
  },
  refreshTime,
  tableTimeout,
  nameParameter('drd_table', 'dr_gateways', 'The table of gateways.'),
  nameParameter('drr_table', 'dr_rules', 'The table of rules.'),
  nameParameter('drc_table', 'dr_carriers', 'The table of carriers.'),
  nameParameter('drg_table', 'dr_groups', 'The table of groups of users.'),
  avp('ruri_avp', '$avp(___dr_ruri__)', 'the request URIs of the gateways that are left'),
  avp('gw_id_avp', '$avp(___dr_gw_id__)', 'the gateway, and those that are left'),
  avp('gw_priprefix_avp', null, 'the prefix of the gateway'),
  avp('gw_sock_avp', '$avp(___dr_sock__)', 'the sockets of the gateways that are left'),
  avp('rule_id_avp', null, 'the number of the rule'),
  avp('rule_prefix_avp', null, 'the prefix of the rule'),
  avp('carrier_id_avp', null, 'the carrier'),
  {
    name: 'default_group',
    type: 'int',
    default: null,
    summary: 'The group of users that the table of groups does not have; default: none.',
  },
  {
    name: 'use_domain',
    type: 'boolean',
    default: true,
    summary: 'Whether the table of groups is looked up by user and domain, or by user only.',
  },
  nameParameter('drg_user_col', 'username', 'The column of the user, in the table of groups.'),
  nameParameter('drg_domain_col', 'domain', 'The column of the domain.'),
  nameParameter('drg_grpid_col', 'groupid', 'The column of the group.'),
  {
    name: 'gw_socket_filter_mode',
    type: 'string',
    default: 'all',
    summary:
      'What becomes of a gateway whose socket is not open: `all` uses it without one, `ignore` uses all without theirs, `matched-only` leaves it out.',
  },
  {
    name: 'probing_interval',
    type: 'int',
    default: 30,
    minimum: 0,
    unit: 's',
    summary: 'How often gateways are probed; 0: never.',
  },
  { name: 'probing_method', type: 'string', default: 'OPTIONS', summary: 'The method of probes.' },
  {
    name: 'probing_from',
    type: 'string',
    default: 'sip:prober@localhost',
    summary: 'The URI in From of probes.',
  },
  {
    name: 'probing_reply_codes',
    type: 'string',
    default: null,
    summary: 'Answers to probes that are as good as 200, separated by commas.',
  },
  {
    name: 'probing_socket',
    type: 'string',
    default: null,
    summary: 'The socket that probes leave by, unless the gateway has one.',
  },
  {
    name: 'use_partitions',
    type: 'boolean',
    default: false,
    summary: 'Whether the table of partitions says where the other tables are.',
  },
  {
    name: 'db_partitions_url',
    type: 'string',
    default: null,
    summary: 'Where the table of partitions is: `text://FOLDER`.',
  },
  nameParameter('db_partitions_table', 'dr_partitions', 'The table of partitions.'),
  {
    name: 'partition_id_pvar',
    type: 'string',
    default: null,
    summary: 'The variable that gets the name of the partition that was found for `*`.',
  },
  {
    name: 'extra_prefix_chars',
    type: 'string',
    default: null,
    summary: 'Characters that prefixes may have beside digits.',
  },
  {
    name: 'extra_id_chars',
    type: 'string',
    default: '_-.',
    summary: 'Characters that the names of gateways and carriers may have beside letters and digits.',
  },
  {
    name: 'no_concurrent_reload',
    type: 'boolean',
    default: false,
    summary: 'Whether a reload is refused while another one is under way.',
  },
  {
    name: 'define_blacklist',
    type: 'string',
    default: null,
    repeated: true,
    summary: 'Addresses of gateways that others may not be reached at.',
    inert: 'the addresses of gateways are not put on blacklists',
  },
  {
    name: 'rule_tables_query',
    type: 'string',
    default: null,
    repeated: true,
    summary: 'Tables of rules to be joined.',
    inert: 'siprest reads tables, and asks no database',
  },
  inert('force_dns', true, 'names of gateways are resolved in the background, for is_from_gw() and the like'),
  inert('persistent_state', 1, inMemory),
  inert('enable_restart_persistency', 0, inMemory),
  inert('generate_data_checksum', 0, 'no checksum is shown'),
  inert('cluster_id', 0, noCluster),
  inert('cluster_sharing_tag', null, noCluster),
  inert('cluster_probing_mode', 'all', noCluster),
]);

export type Values = RowValues<typeof parameters>;
