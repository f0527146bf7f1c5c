/** Records for a REST service, in the form of events for one: `{ id, event, time, params }`. */
import type { RunRouting } from '../../runtime/index.ts';
import { delivery } from '../rest-queue/delivery.ts';
import { textOf } from '../rest-queue/events.ts';
import { attributesOf, eventOf } from './events.ts';
import { type Fields, type NamedValue, valuesOf } from './fields.ts';
import { writeLine } from './log-lines.ts';
import { parameters } from './parameters.ts';
import type { AccountingRecord } from './record.ts';

const members = (values: readonly NamedValue[]) =>
  Object.fromEntries(values.map(({ name, value }) => [name, textOf(value)]));

/** A record that cannot be queued goes to the log instead. */
export function queueRecord(routing: RunRouting, record: AccountingRecord, extra: Fields, leg: Fields): void {
  const { host } = routing;
  const { rest_url } = routing.parameters(parameters);
  const legs = leg.has('rest') ? { legs: record.legs.map((one) => members(valuesOf(leg, 'rest', one))) } : {};
  const content = {
    event: eventOf(record),
    time: record.at / 1000,
    params: { ...members(attributesOf(record, valuesOf(extra, 'rest', record.values))), ...legs },
  };
  const isQueued = host.states.get(delivery).current?.post(rest_url, record.callId, content) === true;
  if (!isQueued) writeLine(routing, record, extra, leg);
}
