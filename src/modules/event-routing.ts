/** The module event_routing: scripts that wait for events. Source: modules/event_routing of the manual. */
import { type EventAttribute, eventSubscriber, eventWaits, runRoute } from '../engine/index.ts';
import { defineModule, Request, type Run, type RunRouting } from '../runtime/index.ts';
import { type Completion, defineArgument, type Value } from '../script/index.ts';

const source = 'modules/event_routing';

const event = defineArgument({ name: 'event', type: 'string', summary: 'The name of the event.' });
const filter = defineArgument({
  name: 'filter',
  type: 'variable',
  optional: true,
  readOnly: true,
  summary:
    'An AVP with filters, `attribute=value`, all of which have to match; a value may have the wildcards of a shell.',
});
const timeout = (summary: string) => defineArgument({ name: 'timeout', type: 'int', summary });

/** The longest wait, in seconds. */
const longest = 86_400;

/** The attributes of the event, as AVPs; those without a name by their position. */
function store({ avps }: Request, attributes: readonly EventAttribute[]): void {
  for (const [i, { name, value }] of attributes.entries()) avps.replace(name ?? String(i + 1), value);
}

const textsOf = (values: readonly Value[] | undefined): readonly string[] =>
  (values ?? []).filter((value) => value !== null).map(String);

function invalid(run: Run, name: string, seconds: number): boolean {
  if (seconds > 0 && seconds <= longest) return false;
  run.complain(`${name}(): expected a timeout of 1 to ${longest} seconds`);
  return true;
}

const refused = (run: Run, name: string) =>
  run.complain(`${name}(): expected filters "attribute=value"; or too many scripts wait for events`);

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
        timeout('How long events are waited for, in seconds.'),
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
          .wait(name, textsOf(filters?.list(run)), 1000 * seconds, {
            notified: (attributes) => notify(routing, route, subscriber, attributes),
            over: () => routing.kept.end(),
          });
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
        if (invalid(run, 'wait_for_event', seconds)) return () => -1;
        const { states } = run.routing.host;
        return new Promise<Completion<Run>>((resolve) => {
          const end = states.get(eventWaits).wait(name, textsOf(filters?.list(run)), 1000 * seconds, {
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
