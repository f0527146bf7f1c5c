/** What a process counts of dispatcher. */
import { type FigureSpec, type Host, labelled, type Routing, StateKey } from '../../runtime/index.ts';
import { InForce } from '../in-force.ts';
import type { Partition } from './partition.ts';
import { dispatcherProbes } from './probing.ts';

/** The partitions of the policy in force. */
const shown = new StateKey<Host, { partitions: readonly Partition[]; readonly inForce: InForce }>(
  'dispatcher figures',
  () => ({ partitions: [], inForce: new InForce() }),
);

/** From the time on when the policy is in force, figures are about these partitions. */
export function showFigures(routing: Routing, partitions: readonly Partition[]): void {
  const state = routing.host.states.get(shown);
  state.inForce.follow(routing, () => {
    state.partitions = partitions;
    return () => {
      state.partitions = [];
    };
  });
}

export const dispatcherFigures: readonly FigureSpec<Host>[] = [
  {
    name: 'dispatcher_probes',
    kind: 'counter',
    unit: 'transactions',
    labels: ['result'],
    summary: 'Probes of destinations of `dispatcher`, by result: `answered` or `failed`.',
    read: (host) => ({ ...host.states.get(dispatcherProbes).counts }),
  },
  {
    name: 'dispatcher_destinations',
    kind: 'gauge',
    unit: '',
    over: 'max',
    labels: ['state'],
    summary: 'Destinations of `dispatcher` by state: `active`, `inactive`, `probing`.',
    read: (host) => ({
      ...{ active: 0, inactive: 0, probing: 0 },
      ...labelled(
        host.states
          .get(shown)
          .partitions.flatMap((partition) =>
            partition.destinations.map((one) => [partition.stateOf(one), 1] as const),
          ),
      ),
    }),
  },
];
