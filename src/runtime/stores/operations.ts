/**
 * The operations of a store as plain data: operations and results cross processes and machines as JSON, functions are
 * never sent. An entry of {@link StoreTable} is an operation and its result.
 *
 * Each operation is atomic: no other one touches the same key in between. The operations of one process on a key run in
 * order. None spans two keys.
 *
 * Times are in ms; null stands for "without end", since JSON lacks Infinity. Keys and texts are byte strings.
 */
import type { Value } from '../../script/index.ts';

/** What became of the file in which a space is to be kept. */
export type KeptValues =
  | {
      readonly state: 'kept';
      /** Records that were read. */
      readonly records: number;
      /** Bytes of an incomplete record at the end, which were cut off. */
      readonly cut: number;
      /** Damaged bytes elsewhere, which were left out. */
      readonly skipped: number;
    }
  /** The reason is null in a simulation, which keeps nothing. */
  | { readonly state: 'unkept'; readonly reason: string | null };

/** The value of an entry. Numbers are signed 32-bit integers. */
export type EntryValue = string | number;

export interface StoreTable {
  // --- locks: held by an owner within a process, and released when the process ends ---

  /**
   * Takes a lock. `granted`: the owner has it now; `held`: another owner has it, and `wait` has passed; `own`: the
   * owner has it already, and it is not `reentrant`; `full`: the store is full. Waiting owners get it in the order of
   * asking.
   */
  readonly lock: {
    readonly operation: {
      readonly space: string;
      readonly key: string;
      /** Identifies an owner within the process. */
      readonly owner: number;
      /** Whether the owner may take it several times, and then has to release it as often. */
      readonly reentrant: boolean;
      /** How long to wait for it; 0: not at all. */
      readonly wait: number | null;
      /** It is released after this time at the latest. */
      readonly lease: number | null;
    };
    readonly result: 'granted' | 'held' | 'own' | 'full';
  };
  /** Releases a lock. False if the owner does not have it. */
  readonly unlock: {
    readonly operation: { readonly space: string; readonly key: string; readonly owner: number };
    readonly result: boolean;
  };

  // --- permits: so many at a time over all processes; those of a process are free when it ends ---

  /**
   * Takes a permit, of `most` at a time and `rate` in any second. `none`: no permit is left, and none became free within
   * `wait`; those who wait get one in the order of asking. `full`: the store has no room, and counts nothing.
   */
  readonly take: {
    readonly operation: {
      readonly key: string;
      readonly most: number | null;
      readonly rate: number | null;
      /** How long to wait for it; 0: not at all. */
      readonly wait: number;
    };
    readonly result: 'taken' | 'none' | 'full';
  };
  /** Gives one back. False: the process has none. */
  readonly give: {
    readonly operation: { readonly key: string };
    readonly result: boolean;
  };

  // --- entries: values by key, in collections, for a time ---

  /** The value of a key; null if absent or expired. */
  readonly get: {
    readonly operation: { readonly collection: string; readonly key: string };
    readonly result: EntryValue | null;
  };
  /** Stores a value, replacing an earlier one. `full`: the store is full, and the earlier one remains. */
  readonly set: {
    readonly operation: {
      readonly collection: string;
      readonly key: string;
      readonly value: EntryValue;
      readonly ttl: number | null;
    };
    readonly result: 'stored' | 'full';
  };
  /** Removes a key. False if it was absent. */
  readonly delete: {
    readonly operation: { readonly collection: string; readonly key: string };
    readonly result: boolean;
  };
  /** The entries whose keys match `*`, `?` and `[...]` as in file names, at most `most` of them. */
  readonly 'get-matching': {
    readonly operation: { readonly collection: string; readonly glob: string; readonly most: number };
    readonly result: readonly (readonly [key: string, value: EntryValue])[];
  };
  /**
   * Removes all keys that match `*`, `?` and `[...]` as in file names, and returns their number. Atomic only for each
   * key.
   */
  readonly 'delete-matching': {
    readonly operation: { readonly collection: string; readonly glob: string };
    readonly result: number;
  };
  /**
   * Adds to a counter and returns the sum, which wraps at 32 bits. An absent counter starts at 0 and gets the `ttl`; an
   * existing one keeps its expiry, so that a limit of a number per time recovers. Text of a sign and digits counts as a
   * number.
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
  /**
   * Adds 1 to a counter of the last `window` ms, in slots of `slot` ms, unless it has `most` already. Returns the sum with
   * it: more than `most` means that it was not added.
   */
  readonly 'add-to-window': {
    readonly operation: {
      readonly collection: string;
      readonly key: string;
      readonly window: number;
      readonly slot: number;
      readonly most: number;
    };
    readonly result: number | 'full';
  };
  /** Frees the memory of expired entries, if the store does not do so by itself. Returns their number. */
  readonly sweep: {
    readonly operation: { readonly collection: string };
    readonly result: number;
  };

  // --- replicated values: every process has a copy, see ReplicatedValues ---

  /** Sets a value; the last write wins in all processes. */
  readonly 'set-value': {
    readonly operation: { readonly space: string; readonly key: string; readonly value: Value };
    readonly result: 'stored' | 'full';
  };
  /** Sets a value if absent. */
  readonly 'initialize-value': {
    readonly operation: { readonly space: string; readonly key: string; readonly value: Value };
    readonly result: 'stored' | 'present' | 'full';
  };
  /** Removes a value in all processes. False if it was absent. */
  readonly 'delete-value': {
    readonly operation: { readonly space: string; readonly key: string };
    readonly result: boolean;
  };
  /** Adds to a value and returns the sum, which wraps at 32 bits; a value that is not a number counts as 0. */
  readonly 'add-to-value': {
    readonly operation: { readonly space: string; readonly key: string; readonly by: number };
    readonly result: number | 'full';
  };
  /**
   * Sets a text, or deletes it with null, if its value is still `before`; without `before` in any case. `changed`: it is
   * another one, and stays. In a space that is kept the answer comes when the change is in the file; `unwritten`: the
   * file cannot be written now, and the change is in memory only.
   */
  readonly 'replace-value': {
    readonly operation: {
      readonly space: string;
      readonly key: string;
      readonly before?: string | null;
      readonly value: string | null;
    };
    readonly result: 'stored' | 'unwritten' | 'changed' | 'full';
  };

  // --- files: the texts of a space survive the server ---

  /**
   * Reads the texts of a file, and writes each `replace-value` of the space to it from then on; `sync`: to the disk, which
   * survives a loss of power.
   */
  readonly 'keep-values': {
    readonly operation: { readonly space: string; readonly file: string; readonly sync: boolean };
    readonly result: KeptValues;
  };
  /** How the file of a space does: its size in bytes, and why it is not up to date, if so. Null for a space without one. */
  readonly 'kept-state': {
    readonly operation: { readonly space: string };
    readonly result: { readonly bytes: number; readonly failure: string | null } | null;
  };
}

export type OperationKind = keyof StoreTable;

export type StoreOperation<Kind extends OperationKind = OperationKind> = {
  readonly [K in Kind]: { readonly kind: K } & StoreTable[K]['operation'];
}[Kind];

export type StoreResult<Kind extends OperationKind = OperationKind> = StoreTable[Kind]['result'];

/** An entry as a number: only a sign and digits, which wrap at 32 bits; null for other text. */
export function counterOf(value: EntryValue): number | null {
  if (typeof value === 'number') return value;
  return /^[+-]?\d{1,1000}$/.test(value) ? Number(BigInt.asIntN(32, BigInt(value.replace(/^\+/, '')))) : null;
}
