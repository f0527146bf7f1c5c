/** Events that a script raises, and the event_route of each. Source: the manual's Interface-Events and Script-CoreFunctions, raise_event. */
import type { CompiledRoute, Value } from '../script/index.ts';
import { Request } from './request.ts';
import { type Run, runRoute } from './run.ts';
import { StateKey } from './state.ts';
import type { Server } from './worker.ts';

export interface EventAttribute {
  /** Null for a positional one. */
  readonly name: string | null;
  readonly value: Value;
}

/** The attributes of the event that an event_route runs for; empty in any other route. */
export const eventAttributes = new StateKey<Request, { list: readonly EventAttribute[] }>(
  'event attributes',
  () => ({ list: [] }),
);

const eventRoutes = new StateKey<Server, ReadonlyMap<string, CompiledRoute<Run>>>(
  'event routes',
  (server) =>
    new Map(
      server.script.routes.flatMap((route) =>
        route.kind === 'event_route' ? [[route.name, route] as const] : [],
      ),
    ),
);

/**
 * Runs the event's route, if it has one, on a worker that is free, as its own script run: whoever raises it goes
 * on at once. It waits for a turn of the event loop, so that a route which raises its own event stops nothing else.
 */
export function raiseEvent(server: Server, event: string, attributes: readonly EventAttribute[]): void {
  const route = server.states.get(eventRoutes).get(event);
  if (route === undefined) return;
  const request = new Request(server, null);
  request.state(eventAttributes).list = attributes;
  const parameters = attributes.map(({ value }) => value);
  server.background.begin();
  setImmediate(() => {
    const taken = server.submit((worker) => runRoute(worker, request, route, { parameters }));
    server.background.end();
    if (!taken) server.log.warning(`the queue of messages is full, so the event ${event} is dropped`);
  });
}
