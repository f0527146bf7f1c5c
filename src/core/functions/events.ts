/** raise_event() and subscribe_event(). Source: the manual's Script-CoreFunctions; scenarios events-*. */

import { type EventAttribute, raiseEvent, subscribe } from '../../engine/index.ts';
import { defineFunctions, type Run } from '../../runtime/index.ts';
import type { Value, VariableReader } from '../../script/index.ts';

/** All values of the variable; an AVP lists its newest first. */
const valuesOf = (run: Run, variable: VariableReader<Run> | undefined): readonly Value[] =>
  variable?.list(run) ?? [];

export const eventFunctions = defineFunctions([
  {
    name: 'raise_event',
    arguments: [
      { name: 'event', type: 'string', event: true, summary: 'The name of the event.' },
      {
        name: 'attrs',
        type: 'variable',
        optional: true,
        readOnly: true,
        summary: 'An AVP with the names of the attributes; if omitted, they are positional.',
      },
      {
        name: 'vals',
        type: 'variable',
        optional: true,
        readOnly: true,
        summary: 'An AVP with their values; if omitted, the event has no attributes.',
      },
    ],
    summary:
      'Raises an event: its event_route runs on a free worker, with the attributes as `$param(name)`, and by position, the newest first, as `$param(1)` and so on; subscribers are notified. -1 if there are more values than names.',
    source: 'Script-CoreFunctions, raise_event; scenarios events-raise*',
    run: (run, event, names, values) => {
      const given = valuesOf(run, names);
      const all = valuesOf(run, values);
      if (names !== undefined && given.length < all.length) {
        run.complain(`raise_event("${event}"): ${all.length} values, but names for ${given.length}`);
        return -1;
      }
      const attributes = all.map((value, i): EventAttribute => {
        const name = given[i] ?? null;
        return { name: name === null ? null : String(name), value };
      });
      raiseEvent(run.routing, event, attributes);
      return 1;
    },
  },
  {
    name: 'subscribe_event',
    arguments: [
      { name: 'event', type: 'string', summary: 'The name of the event.' },
      {
        name: 'socket',
        type: 'string',
        summary: 'Where notifications go: `udp:127.0.0.1:8081` with the module event_datagram.',
      },
      {
        name: 'expire',
        type: 'int',
        optional: true,
        summary: 'How many seconds the subscription lasts; default: forever.',
      },
    ],
    summary:
      'Sends each event of this name to a socket. Subscribing again replaces the expiry. -1 if no loaded module can send to this socket.',
    source: 'Script-CoreFunctions, subscribe_event; scenario events-subscribe-datagram',
    run: (run, event, socket, expire = 0) => {
      const problem = subscribe(run.routing, event, socket, expire > 0 ? expire : null);
      if (problem === null) return 1;
      run.complain(`subscribe_event("${event}", "${socket}"): ${problem}`);
      return -1;
    },
  },
]);
