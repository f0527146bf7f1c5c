/** E_REST_HOST_STATE: raised in the script that gets new calls, whichever call has found a host in another state. */
import { type EventAttribute, raiseEvent } from '../../engine/index.ts';
import type { HostChange } from '../../rest/index.ts';
import { type Host, type RunRouting, StateKey } from '../../runtime/index.ts';
import type { EventSpec } from '../../script/index.ts';
import { shared } from '../rest-client/transfers.ts';

export const hostState = {
  name: 'E_REST_HOST_STATE',
  attributes: [
    { name: 'origin', summary: 'The host, such as `http://credit.example.org:8080`.' },
    { name: 'policy', summary: '`breaker` or `replicas`.' },
    { name: 'state', summary: '`open`, `half-open` or `closed`; of a replica `ejected` or `readmitted`.' },
    { name: 'reason', summary: 'Why the breaker is open; of a replica its host and port. Otherwise empty.' },
  ],
  summary:
    'A circuit breaker has opened, lets probes through or has closed, or a replica was ejected or readmitted. Of several processes the one raises it that has found it out.',
  source: "siprest's own",
} as const satisfies EventSpec;

/** The routing that gets new calls. */
const target = new StateKey<Host, { routing: RunRouting | null }>('rest_policy events', ({ states }) => {
  const current: { routing: RunRouting | null } = { routing: null };
  states.get(shared).states.watch((change) => {
    if (current.routing !== null) raiseEvent(current.routing, hostState.name, attributesOf(change));
  });
  return current;
});

const attributesOf = (change: HostChange): readonly EventAttribute[] =>
  hostState.attributes.map(({ name }) => ({ name, value: change[name] }));

/** Raises events in this routing as soon as it is in force. */
export function raiseHostEvents(routing: RunRouting): void {
  const current = routing.host.states.get(target);
  // startup_route runs before that
  current.routing ??= routing;
  routing.listeners.inForce.add(() => {
    current.routing = routing;
  });
  routing.listeners.closed.add(() => {
    if (current.routing === routing) current.routing = null;
  });
}
