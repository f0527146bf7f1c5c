/** What a process knows of REST services. */
import type { ConnectionCounts, HostCounts } from '../../rest/index.ts';
import { type FigureSpec, type HistogramFigures, type Host, labelled } from '../../runtime/index.ts';
import { latencyBounds } from '../../timers/index.ts';
import { clients, shared } from './transfers.ts';

/** The values of all hosts, with the host before each label. */
function* perHost(
  host: Host,
  values: (counts: HostCounts) => Iterable<readonly [label: string | number, value: number]>,
): Generator<readonly [label: string, value: number]> {
  for (const [name, counts] of host.states.get(shared).transfers)
    for (const [label, value] of values(counts)) yield [`${name} ${label}`, value];
}

function times(host: Host): HistogramFigures {
  const all = [...host.states.get(shared).transfers.times].flatMap(([name, phases]) =>
    [...phases.entries()].map(([phase, figure]) => [`${name} ${phase}`, figure] as const),
  );
  return Object.fromEntries(all);
}

/** The names of return codes, see {@link Outcome}. */
const kinds: ReadonlyMap<number, string> = new Map([
  [1, 'response'],
  [-1, 'refused'],
  [-2, 'connect-timeout'],
  [-3, 'timeout'],
  [-4, 'locked'],
  [-5, 'blocked'],
  [-10, 'error'],
]);

export const figures: readonly FigureSpec<Host>[] = [
  {
    name: 'rest_transfers',
    kind: 'counter',
    unit: 'transfers',
    labels: ['host', 'rc'],
    summary: 'Finished REST transfers by host and return code; hosts beyond the first 1,000 share one label.',
    read: (host) => labelled(perHost(host, (counts) => counts.entries())),
  },
  {
    name: 'rest_outcomes',
    kind: 'counter',
    unit: 'transfers',
    labels: ['host', 'kind'],
    summary:
      'The same by kind: `response` (whatever its status), `refused`, `connect-timeout`, `timeout`, `locked`, `blocked` (by a policy), `error`.',
    read: (host) =>
      labelled(
        perHost(host, (counts) => [...counts.entries()].map(([rc, count]) => [kinds.get(rc) ?? rc, count])),
      ),
  },
  {
    name: 'rest_answers',
    kind: 'counter',
    unit: 'transfers',
    labels: ['host', 'class'],
    summary: 'Complete answers of REST services by the class of their status.',
    read: (host) => labelled(perHost(host, (counts) => counts.answers())),
  },
  {
    name: 'rest_time',
    kind: 'histogram',
    unit: 's',
    labels: ['host', 'phase'],
    bounds: latencyBounds,
    summary:
      'How long REST transfers took, by phase: `lookup`, `connect`, `tls`, `first_byte` (from the connection to the header of the answer, or the timeout), and `total`; each attempt counts. Hosts beyond the first 100 share one label.',
    read: times,
  },
  {
    name: 'rest_policies',
    kind: 'counter',
    unit: 'calls',
    labels: ['host', 'act'],
    summary:
      'Actions of policies, by host: `retries`, `failovers`, `hedges`, `cache_hits`, `stale_answers`, and requests refused by the circuit breaker, limits or authentication.',
    read: (host) => labelled(perHost(host, ({ acts }) => Object.entries(acts))),
  },
  {
    name: 'rest_hosts',
    kind: 'gauge',
    unit: '',
    labels: ['host', 'state'],
    summary:
      'The state of hosts: `open` and `half_open`, the number of processes with the circuit breaker in this state; `active` and `waiting` requests under limits; `replicas`, and `replicas_ejected` among them; `cached_bytes`.',
    read: ({ states }) =>
      labelled(
        [...states.get(shared).states.figures()].map(
          ([origin, name, value]) => [`${origin.replace(/^https?:\/\//, '')} ${name}`, value] as const,
        ),
      ),
  },
  {
    name: 'rest_connections',
    kind: 'gauge',
    unit: 'connections',
    labels: ['host', 'state'],
    summary: 'Connections to REST services: `connecting`, `busy` with a request, and `idle`.',
    read: ({ states }) => {
      const byHost = new Map<string, ConnectionCounts>();
      for (const client of states.get(clients)) client.addConnections(byHost);
      return labelled(
        [...byHost].flatMap(([host, counts]) =>
          Object.entries(counts).map(([state, count]) => [`${host} ${state}`, count] as const),
        ),
      );
    },
  },
];
