/**
 * The state that all workers of a server share, across processes: locks, caches, counters. The store may be this
 * process, the supervisor of several, or a database; the only difference is whether a result is a promise.
 */

import type { Value } from '../../script/index.ts';
import type { Awaitable } from '../../timers/index.ts';
import type { OperationKind, StoreOperation, StoreResult } from './operations.ts';

/** Why a store did not perform an operation. */
export type StoreErrorCode =
  /** The store is not connected. */
  | 'unreachable'
  /** No answer in time; it may have been performed. */
  | 'timeout'
  /** Too much is queued for the store; it was not performed. */
  | 'overloaded'
  /** The store answered with an error, which the message shows. */
  | 'refused'
  /** The store, of another version, does not know the operation. */
  | 'invalid';

export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The processes of several servers that share a store, as one of them sees the others. */
export interface Cluster {
  /** The name of this process. */
  readonly member: string;
  /** Whether a process is alive, as far as is known, and one of another server. */
  isElsewhere(member: string): boolean;
  /** Whether a process has shown no sign of life for so long that nothing of it is kept. */
  isGone(member: string): boolean;
  /** Calls `changed` when processes have come or gone, for the life of this process. */
  watch(changed: () => void): void;
}

/** A store, as one process sees it. Its locks are released when the process ends. */
export interface Store {
  /** The servers that use it; null unless several may. */
  readonly cluster: Cluster | null;
  /**
   * Performs an operation. A store in this process answers synchronously, except when waiting for a lock. The promise
   * of any other store rejects only with a {@link StoreError}; nothing throws.
   */
  ask<Kind extends OperationKind>(operation: StoreOperation<Kind>): Awaitable<StoreResult<Kind>>;
  /** Like `ask`, for releases, whose results are not needed. Never refused for lack of room. */
  tell(operation: StoreOperation): void;
  /** The replicated values of a space. */
  values(space: string): ReplicatedValues;
}

/** What becomes of a text that is replaced. */
export interface Replacement {
  /** Completes when this copy has it. `changed`: it was another one than `before`, and stays. */
  readonly result: Awaitable<'stored' | 'changed' | 'full'>;
  /** Whether the file of the space has it, once that is known; true for a space without a file. Never rejects. */
  readonly written: Awaitable<boolean>;
}

/**
 * Values by key, of which every process has a copy and reads it synchronously; changes reach other copies a moment
 * later. Setting one sends an operation to the store.
 */
export interface ReplicatedValues {
  get(key: string): Value | undefined;
  /** Sets a value here at once; the last write wins in all processes. False if the store is full. */
  set(key: string, value: Value): boolean;
  /** Sets a value if absent. False if the store is full. */
  initialize(key: string, value: Value): boolean;
  /** Removes a value. */
  delete(key: string): void;
  /** Adds to a number, 0 if absent; completes when this copy has the sum, which wraps at 32 bits. */
  add(key: string, by: number): Awaitable<StoreResult<'add-to-value'>>;
  /** Sets a text, or deletes it with null, if it is still `before`. */
  replace(key: string, before: string | null, value: string | null): Replacement;
  keys(): Iterable<string>;
  readonly size: number;
  /** Calls `changed` for each value set or removed later, here or elsewhere, for the life of the process. */
  watch(changed: (key: string) => void): void;
}
