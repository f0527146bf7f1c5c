/** Where records go, by their type. */
import { type Routing, type RunRouting, StateKey } from '../../runtime/index.ts';
import { raiseRecord } from './events.ts';
import { type Fields, readFields } from './fields.ts';
import { writeLine } from './log-lines.ts';
import { parameters } from './parameters.ts';
import type { AccountingRecord } from './record.ts';
import { queueRecord } from './rest-records.ts';
import type { RecordType } from './selection.ts';

const fieldsOf = new StateKey<Routing, { readonly extra: Fields; readonly leg: Fields }>(
  'accounting fields',
  (routing) => {
    const { extra_fields, leg_fields } = routing.parameters(parameters);
    return { extra: readFields(extra_fields), leg: readFields(leg_fields) };
  },
);

type Writer = (routing: RunRouting, record: AccountingRecord, extra: Fields, leg: Fields) => void;

const nowhere: Writer = () => {};

const writers: Readonly<Record<RecordType, Writer>> = {
  log: writeLine,
  evi: raiseRecord,
  db: nowhere,
  aaa: nowhere,
  rest: queueRecord,
};

export function write(routing: RunRouting, types: readonly RecordType[], record: AccountingRecord): void {
  const { extra, leg } = routing.states.get(fieldsOf);
  for (const type of types) writers[type](routing, record, extra, leg);
}
