/** A Redis server as a storage of the cache functions. */
import type { CacheStore } from '../../core/index.ts';
import type { Redis, RedisReply } from '../../redis/index.ts';
import { counterOf, type EntryValue, StoreError, type StoreResult } from '../../runtime/index.ts';

export class RedisCache implements CacheStore {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  async store(key: string, value: EntryValue, seconds: number): Promise<StoreResult<'set'>> {
    const expiry = seconds > 0 ? ['EX', String(seconds)] : [];
    await this.#redis.send(['SET', key, String(value), ...expiry]);
    return 'stored';
  }

  async fetch(key: string): Promise<EntryValue | null> {
    const reply = await this.#redis.send(['GET', key]);
    return typeof reply === 'object' ? null : reply;
  }

  async remove(key: string): Promise<boolean> {
    return (await this.#redis.send(['DEL', key])) === 1;
  }

  async add(key: string, increment: number, seconds: number): Promise<StoreResult<'add'>> {
    const added = this.#redis.send(['INCRBY', key, String(increment)]);
    // sent with it
    const expiry = seconds > 0 ? this.#redis.send(['EXPIRE', key, String(seconds)]) : null;
    const [sum] = await Promise.all([added, expiry]).catch((error: unknown) => {
      if (error instanceof StoreError && error.message.includes('not an integer'))
        return ['not-a-number' as const];
      throw error;
    });
    return typeof sum === 'number' ? (counterOf(String(sum)) ?? 0) : 'not-a-number';
  }

  async query(words: readonly string[]): Promise<readonly EntryValue[] | null> {
    const reply = await this.#redis.send(words);
    return reply === null ? null : flat(reply);
  }
}

/** The values of an answer, those of lists in lists as well. A missing one among others is empty, and keeps its place. */
function flat(reply: RedisReply): readonly EntryValue[] {
  if (reply === null) return [''];
  if (typeof reply === 'object') return reply.flatMap(flat);
  return [typeof reply === 'number' ? (counterOf(String(reply)) ?? 0) : reply];
}
