/** The parameters of load_balancer. Source: modules/load_balancer of the manual; `destination` and `db_*` are siprest's own. */
import { defineParameter, defineParameters, InvalidUse, type RowValues } from '../../script/index.ts';
import { checkProbe, replyCodes } from '../gateways/probes.ts';
import { checkTableUrl, refreshTime, tableTimeout } from '../open-table.ts';
import { nameParameter } from '../text-table.ts';
import { writtenDestination } from './destination.ts';

const inert = <const Name extends string>(name: Name, type: 'int' | 'string', why: string) =>
  defineParameter({ name, type, default: null, summary: 'Accepted without effect.', inert: why });

const noCluster = 'siprest instances do not form a cluster';
const noFreeSwitch = 'siprest has no connection to the event socket of FreeSWITCH';

export const parameters = defineParameters([
  {
    name: 'db_url',
    type: 'string',
    default: null,
    summary:
      'Where the table is: `text://FOLDER`, as of db_text, or the URL of a REST service that answers with a JSON array of rows; `{table}` in it is the name of the table.',
  },
  refreshTime,
  tableTimeout,
  nameParameter('db_table', 'load_balancer', 'The table.'),
  {
    name: 'destination',
    type: 'string',
    default: null,
    repeated: true,
    summary: 'A destination: `ID GROUP URI RESOURCE=CAPACITY;… [probe_mode=N] [attrs=TEXT]`.',
  },
  {
    name: 'probing_interval',
    type: 'int',
    default: 30,
    minimum: 0,
    maximum: 86_400,
    unit: 's',
    summary: 'How often destinations are probed that have a probe_mode; 0: never.',
  },
  { name: 'probing_method', type: 'string', default: 'OPTIONS', summary: 'The method of probes.' },
  {
    name: 'probing_from',
    type: 'string',
    default: 'sip:prober@localhost',
    summary: 'The URI in the From of probes.',
  },
  {
    name: 'probing_reply_codes',
    type: 'string',
    default: null,
    summary: 'Statuses beside 2xx that a living destination may answer, such as `404,501`.',
  },
  {
    name: 'probing_verbose',
    type: 'boolean',
    default: false,
    summary: 'Whether changes of states are logged.',
  },
  defineParameter({
    ...{ name: 'lb_define_blacklist', type: 'string', default: null, repeated: true },
    summary: 'Accepted without effect.',
    inert: 'its destinations make up no blacklist; dst_blacklist defines one',
  }),
  inert('fetch_freeswitch_stats', 'int', noFreeSwitch),
  inert('initial_freeswitch_load', 'int', noFreeSwitch),
  inert('cluster_id', 'int', noCluster),
  inert('cluster_sharing_tag', 'string', noCluster),
]);

/** Throws InvalidUse for values that cannot work. */
export function checkParameters(values: RowValues<typeof parameters>): readonly string[] {
  const { db_url, destination, probing_from: from } = values;
  if (db_url !== null) checkTableUrl(db_url, 'the parameter destination');
  for (const text of destination) {
    const one = writtenDestination(text);
    if (typeof one === 'string') throw new InvalidUse(one);
  }
  replyCodes('probing_reply_codes', values.probing_reply_codes);
  checkProbe(['probing_method', values.probing_method], ['probing_from', from]);
  return [];
}
