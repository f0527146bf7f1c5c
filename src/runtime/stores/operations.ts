/**
 * What may be asked of a store, as plain data: operations and results cross processes and machines as JSON, and no
 * function is ever sent. An entry of {@link StoreTable} is an operation and the result that belongs to it.
 *
 * Each operation is atomic: between its reading and its writing no other one touches the same key. What one process asks
 * about a key is done in the order in which it asks. Nothing spans two keys.
 *
 * Times are in ms; null stands for "without end", as JSON has no Infinity. Keys and texts are byte strings.
 */
import type { Value } from '../../script/index.ts';

/** What an entry holds. A number is a signed 32-bit integer. */
export type EntryValue = string | number;

export interface StoreTable {
  // --- locks: held by an owner within a process, freed at the latest when the process ends ---

  /**
   * Takes a lock. `granted`: the owner has it now; `held`: another one has it, and `wait` has passed; `own`: the
   * owner has it already, and it is not `reentrant`; `full`: the store has no room. Whoever waits gets it in the
   * order of asking.
   */
  readonly lock: {
    readonly operation: {
      readonly space: string;
      readonly key: string;
      /** A number that the process gives to each of its owners. */
      readonly owner: number;
      /** Whether the owner may take it again; it then has to give it back as often. */
      readonly reentrant: boolean;
      /** How long to wait for it; 0: not at all. */
      readonly wait: number | null;
      /** It is freed after this time, if it was not given back before. */
      readonly lease: number | null;
    };
    readonly result: 'granted' | 'held' | 'own' | 'full';
  };
  /** Gives a lock back. False: the owner does not have it, and nothing changes. */
  readonly unlock: {
    readonly operation: { readonly space: string; readonly key: string; readonly owner: number };
    readonly result: boolean;
  };

  // --- permits: so many at a time over all processes; those of a process are free when it ends ---

  /**
   * Takes a permit, of `most` at a time and `rate` in any second. `none`: no permit is left. `full`: the store has no room,
   * and counts nothing.
   */
  readonly take: {
    readonly operation: { readonly key: string; readonly most: number | null; readonly rate: number | null };
    readonly result: 'taken' | 'none' | 'full';
  };
  /** Gives one back. False: the process has none. */
  readonly give: {
    readonly operation: { readonly key: string };
    readonly result: boolean;
  };

  // --- entries: values by key, in collections, for a time ---

  /** The value of a key; null for one that is absent or has expired. */
  readonly get: {
    readonly operation: { readonly collection: string; readonly key: string };
    readonly result: EntryValue | null;
  };
  /** Stores a value in place of an earlier one. `full`: the store has no room, and the earlier one stays. */
  readonly set: {
    readonly operation: {
      readonly collection: string;
      readonly key: string;
      readonly value: EntryValue;
      readonly ttl: number | null;
    };
    readonly result: 'stored' | 'full';
  };
  /** Removes a key. False: it was absent. */
  readonly delete: {
    readonly operation: { readonly collection: string; readonly key: string };
    readonly result: boolean;
  };
  /** Removes all keys that match, `*`, `?` and `[...]` as in file names: atomic for each key alone. Their number. */
  readonly 'delete-matching': {
    readonly operation: { readonly collection: string; readonly glob: string };
    readonly result: number;
  };
  /**
   * Adds to a counter and gives the sum, which wraps at 32 bits. An absent one starts at 0 and gets the `ttl`; an existing
   * one keeps its time: so what is limited to a number in a time opens again. Text of a sign and digits counts as a number.
   */
  readonly add: {
    readonly operation: {
      readonly collection: string;
      readonly key: string;
      readonly by: number;
      readonly ttl: number | null;
    };
    readonly result: number | 'not-a-number' | 'full';
  };
  /** Frees the memory of expired entries, where the store does not do so by itself. How many there were. */
  readonly sweep: {
    readonly operation: { readonly collection: string };
    readonly result: number;
  };

  // --- replicated values: every process has a copy, see ReplicatedValues ---

  /** Sets a value. The last one to set it wins, everywhere. */
  readonly 'set-value': {
    readonly operation: { readonly space: string; readonly key: string; readonly value: Value };
    readonly result: 'stored' | 'full';
  };
  /** Sets it if it is absent. */
  readonly 'initialize-value': {
    readonly operation: { readonly space: string; readonly key: string; readonly value: Value };
    readonly result: 'stored' | 'present' | 'full';
  };
  /** Adds to a value and gives the sum, which wraps at 32 bits; whatever is not a number counts as 0. */
  readonly 'add-to-value': {
    readonly operation: { readonly space: string; readonly key: string; readonly by: number };
    readonly result: number | 'full';
  };
}

export type OperationKind = keyof StoreTable;

export type StoreOperation<Kind extends OperationKind = OperationKind> = {
  readonly [K in Kind]: { readonly kind: K } & StoreTable[K]['operation'];
}[Kind];

export type StoreResult<Kind extends OperationKind = OperationKind> = StoreTable[Kind]['result'];

/** What counts as a number in an entry: a sign and digits alone, which wrap at 32 bits; null for other text. */
export function counterOf(value: EntryValue): number | null {
  if (typeof value === 'number') return value;
  return /^[+-]?\d{1,1000}$/.test(value) ? Number(BigInt.asIntN(32, BigInt(value.replace(/^\+/, '')))) : null;
}
