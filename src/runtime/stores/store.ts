/**
 * What all workers of a server share, in however many processes they run: locks, caches, counters. The store may be this
 * process, the supervisor of several, or a database: whoever asks cannot tell, but by whether it gets a promise.
 */

import type { Value } from '../../script/index.ts';
import type { Awaitable } from '../../timers/index.ts';
import type { OperationKind, StoreOperation, StoreResult } from './operations.ts';

/** Why a store did not do what it was asked. */
export type StoreErrorCode =
  /** It is not connected. */
  | 'unreachable'
  /** No answer in time. It may have done it. */
  | 'timeout'
  /** Too much waits to be sent to it. It has not done it. */
  | 'overloaded'
  /** It does not know the operation: it is of another version. */
  | 'invalid';

export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A store, as one process sees it: the locks that were taken through it are free when the process ends. */
export interface Store {
  /**
   * Does the operation. A store in this process answers at once, with no promise, unless a lock has to be waited for. The
   * promise of another one rejects with a {@link StoreError} and nothing else; nothing throws.
   */
  ask<Kind extends OperationKind>(operation: StoreOperation<Kind>): Awaitable<StoreResult<Kind>>;
  /** As `ask`, where nobody waits for the result: what gives something back. It is refused for no lack of room. */
  tell(operation: StoreOperation): void;
  /** The replicated values of a space. */
  values(space: string): ReplicatedValues;
}

/**
 * Values by key that every process reads at once, from its own copy; a change reaches the other copies a moment later.
 * What sets one here is sent to the store as an operation.
 */
export interface ReplicatedValues {
  get(key: string): Value | undefined;
  /** Sets it here at once; between processes the last one to set it wins, everywhere. False: there is no room. */
  set(key: string, value: Value): boolean;
  /** Sets it if it is absent. False: there is no room. */
  initialize(key: string, value: Value): boolean;
  /** Adds to a number, 0 if absent; done when the sum, which wraps at 32 bits, is in this copy. */
  add(key: string, by: number): Awaitable<StoreResult<'add-to-value'>>;
  keys(): Iterable<string>;
  /** Calls `changed` for each value that is set from now on, here or elsewhere, as long as the process lives. */
  watch(changed: (key: string) => void): void;
}
