/**
 * What policies know of hosts. It belongs to what clients share, so that it is one for all clients of a process, and a
 * reload keeps it: the key is the host and the section of its configuration, so only a changed section starts anew.
 */
import { ByteBudget } from '../../timers/index.ts';
import type { AnswerCache } from './answer-cache.ts';
import type { AuthState } from './auth-state.ts';
import type { BreakerState } from './breaker-state.ts';
import type { CookieJar } from './cookie-jar.ts';
import type { LimitState } from './limit-state.ts';
import type { ReplicaState } from './replica-state.ts';
import type { RetryBudget } from './retry-budget.ts';

/** Host names may come from SIP messages, so the number of hosts is limited. */
const MAX_HOSTS = 1_000;
/** Cached answers may take a quarter of what answers under way may. */
const CACHED = 0.25;

/** States of one kind by host, the least recently used of which is dropped for a new one beyond the limit. */
export class StateTable<State> {
  readonly #states = new Map<string, State>();
  readonly #most: number;
  readonly #drop: (state: State) => void;

  /** @param drop called with a state that is forgotten */
  constructor(most = MAX_HOSTS, drop: (state: State) => void = () => {}) {
    this.#most = most;
    this.#drop = drop;
  }

  get size(): number {
    return this.#states.size;
  }

  of(key: string, create: () => State): State {
    let state = this.#states.get(key);
    if (state === undefined) {
      state = create();
      const oldest = this.#states.size < this.#most ? undefined : this.#states.keys().next().value;
      if (oldest !== undefined) this.#forget(oldest);
    } else {
      this.#states.delete(key);
    }
    this.#states.set(key, state);
    return state;
  }

  /** Each state, with the origin that its key begins with. */
  *entries(): Generator<readonly [origin: string, state: State]> {
    for (const [key, state] of this.#states) yield [key.slice(0, key.indexOf(' ')), state];
  }

  #forget(key: string): void {
    const state = this.#states.get(key);
    this.#states.delete(key);
    if (state !== undefined) this.#drop(state);
  }
}

/** What a policy has found out about a host. */
export interface HostChange {
  /** `http://credit.example.org:8080` */
  readonly origin: string;
  /** The section of the policy: `breaker` or `replicas`. */
  readonly policy: string;
  /** `open`, `half-open` or `closed` of a breaker, `ejected` or `readmitted` of a replica. */
  readonly state: string;
  /** Why the breaker is open; the host and port of the replica. */
  readonly reason: string;
}

export class HostStates {
  readonly auth: StateTable<AuthState> = new StateTable();
  readonly breakers: StateTable<BreakerState> = new StateTable();
  readonly caches: StateTable<AnswerCache> = new StateTable(MAX_HOSTS, (cache) => cache.close());
  /** What the caches of all hosts may take together, in bytes. */
  readonly cached: ByteBudget;
  readonly cookies: StateTable<CookieJar> = new StateTable();
  readonly limits: StateTable<LimitState> = new StateTable();
  readonly replicas: StateTable<ReplicaState> = new StateTable();
  readonly retryBudgets: StateTable<RetryBudget> = new StateTable();

  readonly #watchers = new Set<(change: HostChange) => void>();

  /** Calls `changed` whenever a policy of this process has found a host in another state. */
  watch(changed: (change: HostChange) => void): void {
    this.#watchers.add(changed);
  }

  /** A policy has found a host in another state. */
  changed(change: HostChange): void {
    for (const watcher of this.#watchers) watcher(change);
  }

  /** What other processes announce, by the key of a state. */
  readonly #listeners = new Map<string, (state: string) => void>();

  /** Another process has announced the state of a host. */
  hear(key: string, state: string): void {
    this.#listeners.get(key)?.(state);
  }

  /** Calls `heard` for what is announced of a key, in place of an earlier listener. */
  listen(key: string, heard: (state: string) => void): void {
    this.#listeners.delete(key);
    this.#listeners.set(key, heard);
    const oldest = this.#listeners.keys().next().value;
    if (this.#listeners.size > MAX_HOSTS && oldest !== undefined) this.#listeners.delete(oldest);
  }

  /** What is known of hosts now, as origin, name and number. */
  *figures(): Generator<readonly [origin: string, name: string, value: number]> {
    for (const [origin, { mode }] of this.breakers.entries()) {
      yield [origin, 'open', mode === 'open' ? 1 : 0];
      yield [origin, 'half_open', mode === 'half-open' ? 1 : 0];
    }
    for (const [origin, { active, waiting }] of this.limits.entries()) {
      yield [origin, 'active', active];
      yield [origin, 'waiting', waiting];
    }
    for (const [origin, { set }] of this.replicas.entries()) {
      yield [origin, 'replicas', set.size];
      yield [origin, 'replicas_ejected', set.ejected];
    }
    for (const [origin, { bytes }] of this.caches.entries()) yield [origin, 'cached_bytes', bytes];
  }

  /** @param bodies what the bodies of answers under way may take */
  constructor(bodies: ByteBudget) {
    this.cached = new ByteBudget(Math.floor(bodies.limit * CACHED));
  }
}
