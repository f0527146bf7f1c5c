/** What is known of the replicas of a host. */
import type { Names } from '../../net/index.ts';
import type { Clock } from '../../timers/index.ts';
import { ReplicaDiscovery } from './replica-discovery.ts';
import { ReplicaProbes } from './replica-probes.ts';
import { ReplicaSet, type ReplicaSettings } from './replica-set.ts';
import { RetryBudget } from './retry-budget.ts';

/** Most hedges, as a share of the requests. */
const HEDGES = 0.1;

export class ReplicaState {
  readonly set: ReplicaSet;
  readonly discovery: ReplicaDiscovery;
  readonly probes: ReplicaProbes;
  readonly hedges: RetryBudget = new RetryBudget(HEDGES);

  constructor(settings: ReplicaSettings, names: Names, clock: Clock) {
    this.set = new ReplicaSet(settings);
    this.discovery = new ReplicaDiscovery(settings, this.set, names, clock);
    this.probes = new ReplicaProbes(settings, this.set, clock);
  }
}
