/** The messages between processes and the supervisor's store, as plain data. */
import type { StoreErrorCode, StoreOperation, StoreResult } from '../../runtime/index.ts';
import type { Value } from '../../script/index.ts';

/** An operation. One without an `id` gets no answer. */
export interface StoreRequest {
  readonly id?: number;
  readonly operation: StoreOperation;
}

export type StoreAnswer =
  | { readonly id: number; readonly result: StoreResult }
  | { readonly id: number; readonly error: { readonly code: StoreErrorCode; readonly message: string } };

/** A replicated value in the store; without a value it was removed, or refused. */
export interface ValueChange {
  readonly space: string;
  readonly key: string;
  readonly value?: Value;
}
