/** Records as lines of the log, in the form of the reference. Source: scenarios acc-*. */
import type { RunRouting } from '../../runtime/index.ts';
import { type Fields, type NamedValue, valuesOf } from './fields.ts';
import { parameters } from './parameters.ts';
import { type AccountingRecord, durationOf, lengthOf, seconds, setupTimeOf } from './record.ts';

const titles: Readonly<Record<AccountingRecord['kind'], string>> = {
  answered: 'transaction answered',
  missed: 'call missed',
  request: 'request accounted',
  ended: 'call ended',
};

type Item = readonly [name: string, value: string | number];

function times(record: AccountingRecord): readonly Item[] {
  if (record.kind === 'ended')
    return [
      ['created', seconds(record.created)],
      ['call_start_time', seconds(record.started)],
      ['duration', durationOf(record)],
      ['ms_duration', lengthOf(record)],
      ['setuptime', setupTimeOf(record)],
    ];
  const timestamp: Item = ['timestamp', seconds(record.at)];
  // without a call these two mean nothing, but programs that read the log expect them
  return record.created === null
    ? [timestamp]
    : [timestamp, ['created', seconds(record.created)], ['setuptime', setupTimeOf(record)]];
}

const items = (values: readonly NamedValue[]): readonly Item[] =>
  values.map(({ name, value }) => [name, value ?? '']);

/** `transaction answered: timestamp=1764340000;created=0;...` */
export function logLine(record: AccountingRecord, extra: Fields, leg: Fields): string {
  const all: readonly Item[] = [
    ...times(record),
    ['method', record.method],
    ['from_tag', record.fromTag],
    ['to_tag', record.toTag],
    ['call_id', record.callId],
    ['code', record.code],
    ['reason', record.reason],
    ...items(valuesOf(extra, 'log', record.values)),
    ...record.legs.flatMap((values) => items(valuesOf(leg, 'log', values))),
  ];
  return `ACC: ${titles[record.kind]}: ${all.map(([name, value]) => `${name}=${value}`).join(';')}`;
}

export function writeLine(routing: RunRouting, record: AccountingRecord, extra: Fields, leg: Fields): void {
  const { log_level, log_facility } = routing.parameters(parameters);
  const { log } = routing;
  log.record(log_level, logLine(record, extra, leg), {
    facility: log_facility,
    fields: { call_id: record.callId, method: record.method },
  });
}
