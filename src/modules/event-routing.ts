/** The module event_routing: scripts that wait for events. Source: modules/event_routing of the manual. */
import {
  type EventAttribute,
  type EventFilter,
  eventSubscriber,
  eventWaits,
  runRoute,
} from '../engine/index.ts';
import { defineModule, Request, type Run, type RunRouting } from '../runtime/index.ts';
import { type Completion, defineArgument, type Value } from '../script/index.ts';

const source = 'modules/event_routing';

const event = defineArgument({ name: 'event', type: 'string', summary: 'The name of the event.' });
const filter = defineArgument({
  name: 'filter',
  type: 'variable',
  readOnly: true,
  summary:
    'An AVP with filters, `attribute=value`, all of which have to match; a value may have the wildcards of a shell. Without a value there is no filter; one for an attribute that the event lacks matches.',
});
const timeout = (summary: string) => defineArgument({ name: 'timeout', type: 'int', summary });

/** The longest wait, in seconds. */
const longest = 86_400;

/** The attributes of the event, as AVPs. */
function store({ avps }: Request, attributes: readonly EventAttribute[]): void {
  for (const { name, value } of attributes) if (name !== null) avps.replace(name, value);
}

/** A filter of another form is left out, with a line in the log. */
function filtersIn(run: Run, caller: string, values: readonly Value[]): readonly EventFilter[] {
  return values.flatMap((value): readonly EventFilter[] => {
    const [, attribute, pattern = ''] = /^\s*([^=\s]+)\s*=(.*)$/s.exec(String(value ?? '')) ?? [];
    if (attribute === undefined && value !== null)
      run.complain(`${caller}(): left out the filter "${value}": expected attribute=value`);
    return attribute === undefined ? [] : [[attribute, pattern]];
  });
}

function invalid(run: Run, name: string, seconds: number): boolean {
  if (seconds <= longest) return false;
  run.complain(`${name}(): a timeout of more than ${longest} seconds`);
  return true;
}

const refused = (run: Run, name: string) => run.complain(`${name}(): too many scripts wait for events`);

/** Runs a route for an event, without a message. */
function notify(
  routing: RunRouting,
  name: string,
  subscriber: Request | null,
  attributes: readonly EventAttribute[],
): void {
  const route = routing.script.find('route', name);
  if (route === null) return;
  const request = new Request(routing, null);
  store(request, attributes);
  request.state(eventSubscriber).request = subscriber;
  if (!routing.submit((worker) => runRoute(worker, request, route)))
    routing.log.warning(`route[${name}] did not run for an event: the queue is full`);
}

export const eventRouting = defineModule({
  name: 'event_routing',
  summary: 'Scripts that wait for events, such as the registration of a phone that is being called.',
  source,
  start: ({ host }) => {
    host.states.get(eventWaits);
  },
  functions: [
    {
      name: 'notify_on_event',
      arguments: [
        event,
        filter,
        {
          name: 'route',
          type: 'route',
          routeKind: 'route',
          summary: 'The name of the route, which gets the attributes of the event as AVPs.',
        },
        timeout('How long events are waited for, in seconds; 0: a day.'),
      ],
      routes: ['route'],
      summary:
        'Runs a route for each event of this name, without a message. If the request has a transaction, t_inject_branches() adds branches to it there.',
      source,
      run: (run, name, filters, route, seconds) => {
        const { routing, request } = run;
        if (invalid(run, 'notify_on_event', seconds)) return -1;
        const subscriber = request.transaction === null ? null : request;
        const isWaiting = routing.host.states
          .get(eventWaits)
          .wait(
            name,
            filtersIn(run, 'notify_on_event', filters.list(run)),
            1000 * (seconds > 0 ? seconds : longest),
            {
              notified: (attributes) => notify(routing, route, subscriber, attributes),
              over: () => routing.kept.end(),
            },
          );
        if (isWaiting === null) refused(run, 'notify_on_event');
        else routing.kept.begin();
        return isWaiting === null ? -1 : 1;
      },
    },
    {
      name: 'wait_for_event',
      arguments: [event, filter, timeout('How long to wait, in seconds.')],
      summary:
        'Waits for an event, whose attributes are then AVPs. -2 if there was none in time, -1 for an error. With async() no worker waits.',
      source,
      start: ({ run }, name, filters, seconds) => {
        if (seconds <= 0 || invalid(run, 'wait_for_event', seconds)) return () => -1;
        const { states } = run.routing.host;
        return new Promise<Completion<Run>>((resolve) => {
          const end = states
            .get(eventWaits)
            .wait(name, filtersIn(run, 'wait_for_event', filters.list(run)), 1000 * seconds, {
              notified: (attributes) => {
                end?.();
                resolve((later) => {
                  store(later.request, attributes);
                  return 1;
                });
              },
              over: () => resolve(() => -2),
            });
          if (end !== null) return;
          refused(run, 'wait_for_event');
          resolve(() => -1);
        });
      },
    },
  ],
});
