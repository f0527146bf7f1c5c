/** Records as events. Source: modules/acc of the manual; scenarios acc-evi*. */
import { raiseEvent } from '../../engine/index.ts';
import type { RunRouting } from '../../runtime/index.ts';
import type { EventSpec, Value } from '../../script/index.ts';
import { type Fields, type NamedValue, valuesOf } from './fields.ts';
import { type AccountingRecord, durationOf, lengthOf, seconds, setupTimeOf } from './record.ts';

const source = 'modules/acc';

const ofAll: EventSpec['attributes'] = [
  { name: 'method', summary: 'The method of the request.' },
  { name: 'from_tag', summary: 'The tag of From.' },
  { name: 'to_tag', summary: 'The tag of To.' },
  { name: 'callid', summary: 'The Call-ID.' },
  { name: 'sip_code', summary: 'The status of the reply.' },
  { name: 'sip_reason', summary: 'Its reason phrase.' },
  {
    name: 'time',
    summary: 'When it was sent, or for a CDR when the call was answered, in seconds since 1970.',
  },
];

const ofCalls: EventSpec['attributes'] = [
  {
    name: 'setuptime',
    summary: 'How many seconds passed until it was answered or failed; meaningful with `cdr`.',
  },
  { name: 'created', summary: 'When it began, in seconds since 1970; 0 without `cdr`.' },
];

const event = (name: string, summary: string, more: EventSpec['attributes'] = []): EventSpec => ({
  name,
  attributes: [...ofAll, ...more],
  summary: `${summary} After these attributes come those of \`extra_fields\` and \`leg_fields\`.`,
  source,
});

export const events = [
  event('E_ACC_CDR', 'A call has ended that is accounted to `evi` with `cdr`.', [
    { name: 'duration', summary: 'How long it has lasted, in seconds.' },
    { name: 'ms_duration', summary: 'The same in milliseconds.' },
    ...ofCalls,
  ]),
  event('E_ACC_EVENT', 'A transaction that is accounted to `evi` was answered.'),
  event('E_ACC_MISSED_EVENT', 'A call has failed that is accounted to `evi` with `missed`.', ofCalls),
];

/** The event of a record. */
export function eventOf(record: AccountingRecord): string {
  if (record.kind === 'ended') return 'E_ACC_CDR';
  const isMissed = record.kind === 'request' ? !/^[12]/.test(record.code) : record.kind === 'missed';
  return isMissed ? 'E_ACC_MISSED_EVENT' : 'E_ACC_EVENT';
}

const named = (name: string, value: Value): NamedValue => ({ name, value });

/** The attributes of a record, with further values where they belong. */
export function attributesOf(
  record: AccountingRecord,
  further: readonly NamedValue[],
): readonly NamedValue[] {
  return [
    named('method', record.method),
    named('from_tag', record.fromTag),
    named('to_tag', record.toTag || null),
    named('callid', record.callId),
    named('sip_code', record.code || null),
    named('sip_reason', record.reason),
    named('time', seconds(record.kind === 'ended' ? record.started : record.at)),
    ...further.map(({ name, value }) => named(name, value === null ? null : String(value))),
    ...(record.kind === 'ended'
      ? [named('duration', durationOf(record)), named('ms_duration', lengthOf(record))]
      : []),
    ...(eventOf(record) === 'E_ACC_EVENT'
      ? []
      : [named('setuptime', setupTimeOf(record)), named('created', seconds(record.created ?? 0))]),
  ];
}

/** Raises one event, or one for each leg of the call. */
export function raiseRecord(routing: RunRouting, record: AccountingRecord, extra: Fields, leg: Fields): void {
  const values = valuesOf(extra, 'evi', record.values);
  const legs = leg.has('evi') ? record.legs.map((one) => valuesOf(leg, 'evi', one)) : [[]];
  for (const one of legs) raiseEvent(routing, eventOf(record), attributesOf(record, [...values, ...one]));
}
