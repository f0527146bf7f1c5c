/**
 * A map for very many short-lived entries. A full `Map` is rebuilt as a whole, which with half a million entries stops
 * the process for 100 ms each time; here only one shard is rebuilt at a time.
 */
import { Checksum } from './checksum.ts';

/** A power of two: for hundreds of thousands of entries, in shards of thousands. */
const SHARDS = 64;

export class ShardedMap<V> {
  /** Made when first used: a test needs few. */
  readonly #shards = new Array<Map<string, V> | undefined>(SHARDS).fill(undefined);
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
    for (const shard of this.#shards) if (shard !== undefined) yield* shard.values();
  }

  #shard(key: string): Map<string, V> {
    const place = new Checksum().add(key).number & (SHARDS - 1);
    let shard = this.#shards[place];
    if (shard === undefined) {
      shard = new Map();
      this.#shards[place] = shard;
    }
    return shard;
  }
}
