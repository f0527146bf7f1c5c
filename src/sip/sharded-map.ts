/**
 * A map of very many entries that come and go. A `Map` that is full is built anew at once, and with half a million
 * entries that stops the process for a tenth of a second, again and again; of this one only a part is.
 */
import { Checksum } from './checksum.ts';

/** A power of two: entries by the hundred thousand, in parts of some thousands. */
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

  /** In no order that means anything. */
  *values(): IterableIterator<V> {
    for (const shard of this.#shards) yield* shard.values();
  }

  #shard(key: string): Map<string, V> {
    return this.#shards[new Checksum().add(key).number & (SHARDS - 1)] as Map<string, V>;
  }
}
