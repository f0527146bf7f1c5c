/**
 * What policies know of hosts. It belongs to what clients share, so that it is one for all clients of a process, and a
 * reload keeps it: the key is the host and the section of its configuration, so only a changed section starts anew.
 */
import type { BreakerState } from './breaker-state.ts';
import type { LimitState } from './limit-state.ts';
import type { ReplicaState } from './replica-state.ts';
import type { RetryBudget } from './retry-budget.ts';

/** Host names may come from SIP messages, so the number of hosts is limited. */
const MAX_HOSTS = 1_000;

/** States of one kind by host, the least recently used of which is dropped for a new one beyond the limit. */
export class StateTable<State> {
  readonly #states = new Map<string, State>();
  readonly #most: number;

  constructor(most = MAX_HOSTS) {
    this.#most = most;
  }

  get size(): number {
    return this.#states.size;
  }

  of(key: string, create: () => State): State {
    let state = this.#states.get(key);
    if (state === undefined) {
      state = create();
      const oldest = this.#states.size < this.#most ? undefined : this.#states.keys().next().value;
      if (oldest !== undefined) this.#states.delete(oldest);
    } else {
      this.#states.delete(key);
    }
    this.#states.set(key, state);
    return state;
  }
}

export class HostStates {
  readonly breakers: StateTable<BreakerState> = new StateTable();
  readonly limits: StateTable<LimitState> = new StateTable();
  readonly replicas: StateTable<ReplicaState> = new StateTable();
  readonly retryBudgets: StateTable<RetryBudget> = new StateTable();
}
