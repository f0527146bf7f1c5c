/** Stores of several servers on one Redis, as their processes have them. */
import { randomUUID } from 'node:crypto';
import { ByteBudget, systemClock } from '../../src/timers/index.ts';
import { MemoryStore } from '../../src/workers/stores/memory-store.ts';
import { RedisStore } from '../../src/workers/stores/redis/redis-store.ts';
import { readStoreUrl } from '../../src/workers/stores/redis/store-url.ts';
import { closeLater } from './close-later.ts';

export interface OpenedStore {
  readonly store: RedisStore;
  /** What became of the connection, in order. */
  readonly states: (string | null)[];
}

export async function openStore(url: string): Promise<OpenedStore> {
  const states: (string | null)[] = [];
  const store = closeLater(
    new RedisStore(readStoreUrl(url), {
      local: new MemoryStore(),
      clock: systemClock,
      memory: new ByteBudget(Number.POSITIVE_INFINITY),
      server: randomUUID(),
      about: { version: 'test' },
      changed: (failure) => states.push(failure),
    }),
  );
  await store.tried;
  return { store, states };
}
