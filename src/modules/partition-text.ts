/** Partitions: further tables of a module, by name, as parameters define them. */
import { InvalidUse } from '../script/index.ts';

export interface PartitionText {
  readonly name: string;
  readonly settings: ReadonlyMap<string, string>;
  /** Another partition, for `NAME: OTHER`; null otherwise. */
  readonly same: string | null;
}

/** Reads `NAME: key = value; key = value` or `NAME: OTHER`. Throws {@link InvalidUse}. */
export function parsePartition(text: string, keys: readonly string[]): PartitionText {
  const [, name, rest = ''] = /^\s*([\w.-]+)\s*(?::(.*))?$/s.exec(text) ?? [];
  if (name === undefined)
    throw new InvalidUse(`invalid partition "${text}"`, `use NAME: ${keys[0]} = VALUE; ${keys[1]} = VALUE`);
  const [, same = null] = /^\s*([\w.-]+)\s*$/.exec(rest) ?? [];
  const settings = new Map<string, string>();
  if (same === null)
    for (const part of rest.split(';').filter((setting) => setting.trim() !== '')) {
      const [, key = '', value] = /^\s*(\w+)\s*=\s*(\S+)\s*$/.exec(part) ?? [];
      if (value === undefined || !keys.includes(key))
        throw new InvalidUse(
          `invalid setting "${part.trim()}" of the partition ${name}`,
          `use ${keys.join(' or ')}`,
        );
      settings.set(key, value);
    }
  return { name, settings, same };
}
