/** The parameters of dispatcher. Source: modules/dispatcher of the manual; `destination` and `db_*` are siprest's own. */
import { defineParameter, defineParameters, type RowValues } from '../../script/index.ts';
import { refreshTime, tableTimeout } from '../open-table.ts';
import { nameParameter } from '../text-table.ts';

const text = <const Name extends string>(name: Name, summary: string) =>
  defineParameter({ name, type: 'string', default: null, summary });

const inert = <const Name extends string>(name: Name, type: 'int' | 'string', why: string, repeated?: true) =>
  defineParameter({
    ...{ name, type, default: null, summary: 'Accepted without effect.', inert: why },
    ...(repeated === undefined ? {} : { repeated }),
  });

const noCluster = 'siprest instances do not form a cluster';
const noFreeSwitch = 'siprest has no connection to the event socket of FreeSWITCH';

export const parameters = defineParameters([
  text(
    'db_url',
    'Where the table is: `text://FOLDER`, as of db_text, or the URL of a REST service that answers with a JSON array of rows; `{table}` in it is the name of the table.',
  ),
  refreshTime,
  tableTimeout,
  {
    name: 'destination',
    type: 'string',
    default: null,
    repeated: true,
    summary:
      'A destination of the default partition: `SET URI [weight=N] [priority=N] [state=N] [probe_mode=N] [socket=SOCKET] [attrs=TEXT]`.',
  },
  {
    name: 'partition',
    type: 'string',
    default: null,
    repeated: true,
    summary:
      'Another table: `NAME: db_url = URL; table_name = TABLE; attrs_avp = $avp(NAME)`, with any of `dst_avp`, `grp_avp`, `cnt_avp`, `sock_avp`, `script_attrs_avp`, `ping_from`, `ping_method` and `persistent_state`. `default: NAME` makes one the default.',
  },
  nameParameter('table_name', 'dispatcher', 'The table.'),
  text('attrs_avp', 'The AVP that gets the attributes of the destination, such as `$avp(attrs)`.'),
  text('script_attrs_avp', 'The AVP that gets what ds_push_script_attrs() has set.'),
  text('dst_avp', 'The AVP that gets the destinations still to be tried, the present one first.'),
  text('grp_avp', 'The AVP that gets the set of the destination.'),
  text('cnt_avp', 'The AVP that gets the number of destinations to be tried.'),
  text('sock_avp', 'The AVP that gets the sockets of the destinations.'),
  {
    name: 'algo_route',
    type: 'string',
    default: null,
    routeKind: 'route',
    summary:
      'The route of algorithm 10: it runs for each destination, with its URI, attributes and script attributes as parameters, and returns a number. The lowest is tried first; a destination with a negative one is left out.',
  },
  text('hash_pvar', 'The text that algorithm 7 hashes, with variables.'),
  text('setid_pvar', 'The variable that gets the set in which ds_is_in_list() has found an address.'),
  text(
    'pvar_algo_pattern',
    'The variable with the load of a destination, for algorithm 9: `%u` is its URI, `%i` its set.',
  ),
  {
    name: 'persistent_state',
    type: 'boolean',
    default: true,
    summary:
      'Whether destinations begin with the state in the table, and keep over a restart the state that they got later.',
  },
  text('state_file', 'The file that keeps the states; empty for none. Default: beside the script.'),
  { name: 'ds_ping_method', type: 'string', default: 'OPTIONS', summary: 'The method of probes.' },
  {
    name: 'ds_ping_from',
    type: 'string',
    default: 'sip:dispatcher@localhost',
    summary: 'The URI in the From of probes.',
  },
  {
    name: 'ds_ping_interval',
    type: 'int',
    default: 0,
    minimum: 0,
    maximum: 86_400,
    unit: 's',
    summary: 'How often destinations are probed; 0: never.',
  },
  {
    name: 'ds_ping_maxfwd',
    type: 'int',
    default: null,
    minimum: 0,
    maximum: 255,
    summary: 'Max-Forwards of probes; default 70.',
  },
  text('ds_probing_sock', 'The socket that sends probes, unless the destination has one.'),
  {
    name: 'ds_probing_threshold',
    aliases: ['ds_probing_threshhold'],
    type: 'int',
    default: 3,
    minimum: 1,
    maximum: 1_000_000,
    summary: 'After so many failures a destination is no longer active, but probing.',
  },
  {
    name: 'ds_probing_mode',
    type: 'int',
    default: 0,
    minimum: 0,
    maximum: 1,
    summary: 'Whether active destinations are probed as well (1), or those only that are probing (0).',
  },
  text('ds_probing_list', 'The sets whose destinations are probed, such as `1,2`; default all.'),
  text('options_reply_codes', 'Statuses beside 2xx that a living destination may answer, such as `404,501`.'),
  nameParameter('setid_col', 'setid', 'The column of the set.'),
  nameParameter('destination_col', 'destination', 'The column of the URI.'),
  nameParameter('state_col', 'state', 'The column of the state: 0 is active, 1 inactive, 2 probing.'),
  nameParameter('weight_col', 'weight', 'The column of the weight.'),
  nameParameter('priority_col', 'priority', 'The column of the priority.'),
  nameParameter('attrs_col', 'attrs', 'The column of the attributes.'),
  nameParameter('socket_col', 'socket', 'The column of the socket that sends.'),
  nameParameter(
    'probe_mode_col',
    'probe_mode',
    'The column that says whether an active destination is probed (1).',
  ),
  {
    name: 'flags',
    type: 'int',
    default: 0,
    summary: 'In older scripts: 1 stands for the flag `u` of every call, 2 for `f`.',
  },
  {
    name: 'use_default',
    type: 'boolean',
    default: false,
    summary: 'In older scripts: the flag `d` of every call.',
  },
  inert('force_dst', 'int', 'the destination is always set'),
  inert(
    'ds_define_blacklist',
    'string',
    'its destinations make up no blacklist; dst_blacklist defines one',
    true,
  ),
  inert('fetch_freeswitch_stats', 'int', noFreeSwitch),
  inert('max_freeswitch_weight', 'int', noFreeSwitch),
  inert('cluster_id', 'int', noCluster),
  inert('cluster_sharing_tag', 'string', noCluster),
  inert('cluster_probing_mode', 'string', noCluster),
]);

export type Values = RowValues<typeof parameters>;
