/** The parameters of acc. Source: modules/acc of the manual. */
import { facilityNames } from '../../runtime/index.ts';
import { defineParameter, defineParameters, InvalidUse } from '../../script/index.ts';
import { isServiceUrl } from '../rest-queue/events.ts';
import { readFields } from './fields.ts';
import { noAaa, noDatabase } from './reasons.ts';

const flag = <const Name extends string>(name: Name, summary: string) =>
  defineParameter({ name, type: 'boolean', default: false, summary });

const inert = <const Name extends string>(name: Name, type: 'int' | 'string', why: string) =>
  defineParameter({ name, type, default: null, summary: 'Accepted without effect.', inert: why });

export const parameters = defineParameters([
  flag('early_media', 'Whether provisional replies with a body are accounted as well.'),
  flag('report_cancels', 'Whether do_accounting() accounts CANCELs.'),
  flag(
    'detect_direction',
    'Whether the tags of requests from the callee are swapped, so that from_tag is always that of the caller. Needs append_fromtag of rr.',
  ),
  {
    name: 'extra_fields',
    type: 'string',
    default: null,
    repeated: true,
    summary:
      'Values that records have in addition, by type: `log: caller; callee->Callee`. `$acc_extra(callee)` sets the one printed as `Callee`.',
  },
  {
    name: 'leg_fields',
    type: 'string',
    default: null,
    repeated: true,
    summary: 'Values of the legs of a call, in the same form; `$acc_leg(name)` sets them.',
  },
  {
    name: 'log_level',
    type: 'int',
    default: 2,
    minimum: -3,
    maximum: 4,
    summary: 'The level of records in the log.',
  },
  {
    name: 'log_facility',
    type: 'string',
    default: 'LOG_DAEMON',
    summary: 'The facility of records in syslog.',
  },
  {
    name: 'rest_url',
    type: 'string',
    default: '',
    summary: 'Where records of the type `rest` go: a POST with JSON for each. Needs the module rest_queue.',
    source: "siprest's own",
  },
  inert('db_url', 'string', noDatabase),
  inert('db_table_acc', 'string', noDatabase),
  inert('db_table_missed_calls', 'string', noDatabase),
  inert('acc_method_column', 'string', noDatabase),
  inert('acc_from_tag_column', 'string', noDatabase),
  inert('acc_to_tag_column', 'string', noDatabase),
  inert('acc_callid_column', 'string', noDatabase),
  inert('acc_sip_code_column', 'string', noDatabase),
  inert('acc_sip_reason_column', 'string', noDatabase),
  inert('acc_time_column', 'string', noDatabase),
  inert('aaa_url', 'string', noAaa),
  inert('service_type', 'int', noAaa),
]);

/** Throws InvalidUse for values that no record could have. */
export function checkParameters(values: {
  readonly extra_fields: readonly string[];
  readonly leg_fields: readonly string[];
  readonly log_facility: string;
  readonly rest_url: string;
}): readonly string[] {
  readFields(values.extra_fields);
  readFields(values.leg_fields);
  if (!facilityNames.includes(values.log_facility))
    throw new InvalidUse(
      `log_facility has the unknown facility "${values.log_facility}"`,
      `use one of: ${facilityNames.join(', ')}`,
    );
  if (values.rest_url !== '' && !isServiceUrl(values.rest_url))
    throw new InvalidUse(`rest_url must be an http or https URL, not "${values.rest_url}"`);
  return [];
}
