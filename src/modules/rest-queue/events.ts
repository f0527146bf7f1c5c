/** Events for REST services: `subscribe_event("E_X", "rest:https://host.example/path")`. */
import type { EventAttribute, EventTransport } from '../../engine/index.ts';
import type { Host } from '../../runtime/index.ts';
import { delivery } from './delivery.ts';

/** Attributes by which events arrive in order: those of a call, of an address of record. */
const orderedBy = ['callid', 'call_id', 'aor'];

const keyOf = (event: string, attributes: readonly EventAttribute[]): string => {
  const found = attributes.find(({ name }) => name !== null && orderedBy.includes(name));
  return found?.value == null ? event : String(found.value);
};

/** Attributes are byte strings; bytes that are not UTF-8 become U+FFFD. */
export const textOf = (value: EventAttribute['value']) =>
  typeof value === 'string' ? Buffer.from(value, 'latin1').toString('utf8') : value;

/** Named attributes as an object, others as a list. */
function paramsOf(attributes: readonly EventAttribute[]): unknown {
  if (attributes.every(({ name }) => name === null)) return attributes.map(({ value }) => textOf(value));
  return Object.fromEntries(attributes.map(({ name, value }, i) => [name ?? String(i + 1), textOf(value)]));
}

/** Whether messages can be sent to this URL. */
export const isServiceUrl = (text: string): boolean => /^https?:\/\//i.test(text) && URL.canParse(text);

export const restEvents = (host: Host): EventTransport => ({
  refuses: (address) =>
    isServiceUrl(address) ? null : 'invalid socket; use rest:URL, as in rest:https://host.example/events',
  notify: (url, event, attributes) => {
    host.states.get(delivery).current?.post(url, keyOf(event, attributes), {
      event,
      time: host.clock.date() / 1000,
      params: paramsOf(attributes),
    });
  },
});
