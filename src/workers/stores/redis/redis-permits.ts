/** Permits over several servers: so many at a time, and so many in any second. */
import type { StoreOperation, StoreResult } from '../../../runtime/index.ts';
import { isFull, type Place } from './place.ts';
import { Polling } from './polling.ts';
import { givePermit, takePermit } from './scripts.ts';

interface Count {
  held: number;
  /** Asked for, without an answer yet. */
  asked: number;
  /** Whether the store may count others than are held. */
  isUncertain: boolean;
}

export class RedisPermits {
  readonly #place: Place;
  readonly #polling: Polling;
  readonly #counts = new Map<string, Count>();

  constructor(place: Place) {
    this.#place = place;
    this.#polling = new Polling(place.clock);
  }

  async take({ key, most, rate, wait }: StoreOperation<'take'>): Promise<StoreResult<'take'>> {
    const count = this.#count(key);
    const ask = async (): Promise<boolean> => {
      const { redis, member } = this.#place;
      const args = [member, this.#place.key('member', ''), String(most ?? ''), String(rate ?? '')];
      count.asked++;
      try {
        const isTaken = (await redis.evaluate(takePermit, this.#keys(key), args)) === 1;
        if (isTaken) count.held++;
        return isTaken;
      } catch (error) {
        count.isUncertain = true;
        throw error;
      } finally {
        count.asked--;
        this.#correct(key, count);
      }
    };
    try {
      return (await this.#polling.until(key, wait, ask)) ? 'taken' : 'none';
    } catch (error) {
      if (isFull(error)) return 'full';
      throw error;
    }
  }

  /** False: this process has none of the store. */
  give(key: string): boolean {
    const count = this.#counts.get(key);
    if (count === undefined || count.held === 0) return false;
    count.held--;
    const { redis, member } = this.#place;
    redis.evaluate(givePermit, this.#keys(key).slice(0, 1), [member]).then(
      () => this.#correct(key, count),
      () => {
        count.isUncertain = true;
        this.#correct(key, count);
      },
    );
    return true;
  }

  /** The store may have lost its counts, or have others. */
  restore(): void {
    for (const [key, count] of this.#counts) {
      count.isUncertain = true;
      this.#correct(key, count);
    }
  }

  #count(key: string): Count {
    let count = this.#counts.get(key);
    if (count === undefined) {
      count = { held: 0, asked: 0, isUncertain: false };
      this.#counts.set(key, count);
    }
    return count;
  }

  #keys(key: string): readonly string[] {
    return [this.#place.key('permits', key), this.#place.key('rate', key)];
  }

  /** Tells the store how many are held, once nothing is under way; while it cannot be reached, {@link restore} does. */
  #correct(key: string, count: Count): void {
    const { redis, member } = this.#place;
    if (!count.isUncertain || count.asked > 0 || redis.failure !== null) return;
    count.isUncertain = false;
    const [name = ''] = this.#keys(key);
    const command = count.held === 0 ? ['HDEL', name, member] : ['HSET', name, member, String(count.held)];
    redis.send(command).catch(() => {
      count.isUncertain = true;
    });
  }
}
