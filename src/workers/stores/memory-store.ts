/** A store in this process, which answers synchronously. */

import type {
  OperationKind,
  ReplicatedValues,
  Store,
  StoreOperation,
  StoreResult,
} from '../../runtime/index.ts';
import type { Awaitable } from '../../timers/index.ts';
import { StoreState } from './store-state.ts';

export class MemoryStore implements Store {
  readonly cluster = null;
  readonly #state: StoreState;
  readonly #session: number;

  /** @param session distinguishes owners of locks if several sessions share a state */
  constructor(state = new StoreState(), session = 0) {
    this.#state = state;
    this.#session = session;
  }

  ask<Kind extends OperationKind>(operation: StoreOperation<Kind>): Awaitable<StoreResult<Kind>> {
    return this.#state.perform(operation, this.#session);
  }

  tell(operation: StoreOperation): void {
    void this.#state.perform(operation, this.#session);
  }

  /** Closes the files of the store. */
  close(): Promise<void> {
    return this.#state.close();
  }

  values(space: string): ReplicatedValues {
    return this.#state.values(space);
  }
}
