/**
 * Failed authentications, counted over all processes. Who has failed too often is slowed: most further attempts fail
 * without a look at the password.
 */
import { type Host, type ReplicatedValues, type Routing, type Run, StateKey } from '../../runtime/index.ts';
import { andThen, every, isPending } from '../../timers/index.ts';
import { InForce } from '../in-force.ts';
import { parameters } from './parameters.ts';

interface Attempt {
  readonly address: string;
  readonly user: string;
}

const collection = 'auth failures';
/** In what time failures are counted, in ms. */
const period = 60_000;
/** How many times as many failures an address may have for all its users together. */
const users = 10;
/** How often entries that are over are removed, in ms. */
const sweepPeriod = 10_000;

const keysOf = ({ address, user }: Attempt) => [`${address} ${user}`, address] as const;

class FailedAttempts {
  readonly counts = { 'wrong password': 0, 'unknown user': 0, slowed: 0 };
  readonly inForce = new InForce();
  readonly #host: Host;
  /** Until when attempts fail, in milliseconds since 1970, as text. */
  readonly #slowed: ReplicatedValues;

  constructor(host: Host) {
    this.#host = host;
    this.#slowed = host.store.values(collection);
  }

  /** Whether an attempt fails unseen. */
  isSlowed(attempt: Attempt): boolean {
    if (this.#slowed.size === 0) return false;
    const now = this.#host.clock.date();
    const isIt = keysOf(attempt).some((key) => Number(this.#slowed.get(key) ?? 0) > now);
    if (isIt) this.counts.slowed++;
    return isIt;
  }

  failed(run: Run, attempt: Attempt, reason: 'wrong password' | 'unknown user'): void {
    this.counts[reason]++;
    const { max_failures: most, failure_pause: pause } = run.parameters(parameters);
    if (most === 0) return;
    const { store, clock } = this.#host;
    for (const [i, key] of keysOf(attempt).entries()) {
      const added = store.ask({ kind: 'add', collection, key, by: 1, ttl: period });
      const slow = andThen(added, (count) => {
        const limit = i === 0 ? most : users * most;
        if (typeof count !== 'number' || count < limit) return;
        if (count === limit)
          run.routing.log.warning(
            `auth: ${count} authentications failed within ${period / 1000} s from ${attempt.address}${i === 0 ? `, user "${attempt.user}"` : ''}: further ones are slowed`,
          );
        this.#slowed.set(key, String(Math.ceil(clock.date() + 1000 * pause)));
      });
      // a store that cannot be reached slows nobody
      if (isPending(slow)) slow.catch(() => undefined);
    }
  }

  /** Removes what is over; one of the processes does it. */
  sweep(): void {
    const now = this.#host.clock.date();
    for (const key of [...this.#slowed.keys()]) {
      const until = this.#slowed.get(key);
      if (typeof until !== 'string' || Number(until) > now) continue;
      const removed = this.#slowed.replace(key, until, null).result;
      if (isPending(removed)) removed.catch(() => undefined);
    }
    this.#host.store.tell({ kind: 'sweep', collection });
  }
}

export const failedAttempts = new StateKey<Host, FailedAttempts>(
  'auth failures',
  (host) => new FailedAttempts(host),
);

export function sweepFailures(routing: Routing): void {
  const { host } = routing;
  if (host.number !== 0) return;
  const attempts = host.states.get(failedAttempts);
  attempts.inForce.follow(routing, () => {
    const timer = every(host.clock, sweepPeriod, () => attempts.sweep());
    return () => timer.stop();
  });
}
