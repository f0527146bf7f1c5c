/**
 * Locks over several servers. Whoever wants one first gets it among the processes of its server, by the server's own
 * store, which keeps the order and knows the owners; then the server gets it among the others.
 */
import type { Store, StoreOperation, StoreResult } from '../../../runtime/index.ts';
import type { Place } from './place.ts';
import { Polling } from './polling.ts';
import { releaseLock, takeLock } from './scripts.ts';

/** Of a lock without a lease, in ms: it is free before if its member shows no sign of life. */
const longestLease = 86_400_000;

interface Held {
  readonly owner: number;
  holds: number;
}

export class RedisLocks {
  readonly #place: Place;
  readonly #local: Store;
  readonly #polling: Polling;
  /** Those that this process has among all servers. */
  readonly #held = new Map<string, Held>();

  constructor(place: Place, local: Store) {
    this.#place = place;
    this.#local = local;
    this.#polling = new Polling(place.clock);
  }

  async take(operation: StoreOperation<'lock'>): Promise<StoreResult<'lock'>> {
    const { clock } = this.#place;
    const { wait, owner } = operation;
    const since = clock.now();
    const result = await this.#local.ask(operation);
    if (result !== 'granted') return result;
    const key = this.#key(operation);
    const held = this.#held.get(key);
    if (held?.owner === owner && operation.reentrant) {
      held.holds++;
      return 'granted';
    }
    const left = wait === null ? null : Math.max(0, wait - (clock.now() - since));
    try {
      if (await this.#polling.until(key, left, () => this.#ask(key, operation.lease))) {
        this.#held.set(key, { owner, holds: 1 });
        return 'granted';
      }
    } catch (error) {
      // it may have been granted
      this.#give(key);
      this.#giveLocally(operation);
      throw error;
    }
    this.#giveLocally(operation);
    return 'held';
  }

  release(operation: StoreOperation<'unlock'>): StoreResult<'unlock'> | Promise<StoreResult<'unlock'>> {
    const key = this.#key(operation);
    const held = this.#held.get(key);
    if (held?.owner === operation.owner && --held.holds === 0) {
      this.#held.delete(key);
      this.#give(key);
    }
    return this.#local.ask(operation);
  }

  #key({ space, key }: { readonly space: string; readonly key: string }): string {
    return this.#place.key('lock', space, key);
  }

  async #ask(key: string, lease: number | null): Promise<boolean> {
    const { redis, member } = this.#place;
    const args = [member, this.#place.key('member', ''), String(Math.ceil(lease ?? longestLease))];
    return (await redis.evaluate(takeLock, [key], args)) === 1;
  }

  /** One that cannot be given back is free when its lease ends. */
  #give(key: string): void {
    const { redis, member } = this.#place;
    redis.evaluate(releaseLock, [key], [member]).catch(() => undefined);
  }

  #giveLocally({ space, key, owner }: StoreOperation<'lock'>): void {
    this.#local.tell({ kind: 'unlock', space, key, owner });
  }
}
