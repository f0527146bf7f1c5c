/** raise_event(). Source: the manual's Script-CoreFunctions. */

import { type EventAttribute, raiseEvent } from '../../engine/index.ts';
import { defineFunctions, type Run } from '../../runtime/index.ts';
import type { Value, VariableReader } from '../../script/index.ts';

/** All values of the variable, oldest first; an AVP lists its newest first. */
function valuesOf(run: Run, variable: VariableReader<Run> | undefined): readonly Value[] {
  return variable === undefined ? [] : variable.list(run).toReversed();
}

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
      'Raises an event: its event_route runs on a free worker, with the attributes as `$param(name)`, and by position as `$param(1)` and so on.',
    source: 'Script-CoreFunctions, raise_event',
    run: (run, event, names, values) => {
      const given = valuesOf(run, names);
      const attributes = valuesOf(run, values).map((value, i): EventAttribute => {
        const name = given[i] ?? null;
        return { name: name === null ? null : String(name), value };
      });
      raiseEvent(run.routing, event, attributes);
      return 1;
    },
  },
]);
