/**
 * A map for very many short-lived entries. A full `Map` is rebuilt as a whole, which with half a million entries stops
 * the process for 100 ms each time; here only one shard is rebuilt at a time.
 */
import { Checksum } from './checksum.ts';

/** A power of two: for hundreds of thousands of entries, in shards of thousands. */
const SHARDS = 64;

export class ShardedMap<V> {
  readonly #shards: readonly Map<string, V>[] = Array.from({ length: SHARDS }, () => new Map<string, V>());
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: string): V | undefined {
    return this.#shard(key).get(key);
  }

  set(key: string, value: V): this {
    const shard = this.#shard(key);
    const before = shard.size;
    shard.set(key, value);
    this.#size += shard.size - before;
    return this;
  }

  delete(key: string): boolean {
    const wasThere = this.#shard(key).delete(key);
    if (wasThere) this.#size--;
    return wasThere;
  }

  /** In no particular order. */
  *values(): IterableIterator<V> {
    for (const shard of this.#shards) yield* shard.values();
  }

  #shard(key: string): Map<string, V> {
    return this.#shards[new Checksum().add(key).number & (SHARDS - 1)] as Map<string, V>;
  }
}
