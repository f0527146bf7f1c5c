/**
 * Events of scripts and modules, their event_routes and subscribers. Source: the manual's Interface-Events and
 * Script-CoreFunctions, raise_event.
 */
import { Request, type RunRouting, StateKey } from '../runtime/index.ts';
import { eventWaits } from './event-waits.ts';
import { runRoute } from './run-route.ts';
import { type EventAttribute, hasSubscribers, notifySubscribers } from './subscriptions.ts';

/** The attributes of the event that an event_route runs for; empty in any other route. */
export const eventAttributes = new StateKey<Request, { list: readonly EventAttribute[] }>(
  'event attributes',
  () => ({ list: [] }),
);

/** In a route that notify_on_event() has named: the request that has called it, if it has a transaction. */
export const eventSubscriber = new StateKey<Request, { request: Request | null }>('event subscriber', () => ({
  request: null,
}));

/** Whether anybody hears an event: its attributes need not be made otherwise. */
export const isHeard = (routing: RunRouting, event: string): boolean =>
  hasSubscribers(routing, event) ||
  routing.host.states.known(eventWaits)?.hears(event) === true ||
  routing.script.find('event_route', event) !== null;

/**
 * Notifies the event's subscribers, and runs its route, if any, separately on a free worker; the script that raises the
 * event continues immediately. The route starts in the next turn of the event loop, so that a route that raises its own
 * event blocks nothing; `later` may start it as soon as what happens now is over, before the next message.
 */
export function raiseEvent(
  routing: RunRouting,
  event: string,
  attributes: readonly EventAttribute[],
  later: (act: () => void) => unknown = setImmediate,
): void {
  notifySubscribers(routing, event, attributes);
  routing.host.states.known(eventWaits)?.raise(event, attributes);
  const route = routing.script.find('event_route', event);
  if (route === null) return;
  const request = new Request(routing, null);
  request.state(eventAttributes).list = attributes;
  const parameters = attributes.map(({ value }) => value);
  routing.background.begin();
  later(() => {
    const taken = routing.submit((worker) => runRoute(worker, request, route, { parameters }));
    routing.background.end();
    if (!taken) routing.log.warning(`dropped the event ${event}: the message queue is full`);
  });
}
