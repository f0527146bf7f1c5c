/** The contents of a store in this process's memory, which performs the operations of all sessions one by one. */
import type { OperationKind, StoreOperation, StoreResult } from '../../runtime/index.ts';
import { type Awaitable, andThen, ByteBudget, type Clock, systemClock } from '../../timers/index.ts';
import { Entries } from './entries.ts';
import { KeptSpaces } from './kept-spaces.ts';
import { Locks } from './locks.ts';
import { PermitTable } from './permits.ts';
import { ValueSpace } from './value-space.ts';

export interface StoreStateOptions {
  /** For expiries, leases and waits. Default: the system's clock. */
  readonly clock?: Clock;
  /** Budget of keys, values and waiters. Default: unlimited. */
  readonly memory?: ByteBudget;
  /** Whether spaces may be kept in files. Default true. */
  readonly keepsFiles?: boolean;
  /** Called when a space has been read from its file. */
  readonly loaded?: (space: string) => void;
}

type Performers = {
  readonly [Kind in OperationKind]: (
    operation: StoreOperation<Kind>,
    session: number,
  ) => Awaitable<StoreResult<Kind>>;
};

export class StoreState {
  readonly #memory: ByteBudget;
  readonly #locks: Locks;
  readonly #permits: PermitTable;
  readonly #spaces = new Map<string, ValueSpace>();
  readonly #kept: KeptSpaces;
  readonly #performers: Performers;

  constructor({
    clock = systemClock,
    memory = new ByteBudget(Number.POSITIVE_INFINITY),
    keepsFiles = true,
    loaded = () => undefined,
  }: StoreStateOptions = {}) {
    const locks = new Locks(clock, memory);
    const entries = new Entries(clock, memory);
    this.#memory = memory;
    this.#locks = locks;
    const permits = new PermitTable(clock, memory);
    this.#permits = permits;
    const kept = new KeptSpaces(clock);
    this.#kept = kept;
    this.#performers = {
      lock: (operation, session) => locks.take(operation, session),
      unlock: (operation, session) => locks.release(operation, session),
      take: (operation, session) => permits.take(operation, session),
      give: (operation, session) => permits.give(operation, session),
      get: (operation) => entries.get(operation),
      set: (operation) => entries.set(operation),
      delete: (operation) => entries.delete(operation),
      'get-matching': (operation) => entries.getMatching(operation),
      'delete-matching': (operation) => entries.deleteMatching(operation),
      add: (operation) => entries.add(operation),
      'add-to-window': (operation) => entries.addToWindow(operation),
      sweep: (operation) => entries.sweep(operation),
      'set-value': ({ space, key, value }) => (this.values(space).set(key, value) ? 'stored' : 'full'),
      'initialize-value': ({ space, key, value }) => {
        const values = this.values(space);
        if (values.get(key) !== undefined) return 'present';
        return values.set(key, value) ? 'stored' : 'full';
      },
      'delete-value': ({ space, key }) => this.values(space).delete(key),
      'add-to-value': ({ space, key, by }) => this.values(space).add(key, by),
      'replace-value': ({ space, key, before, value }) => {
        const { result, written } = this.values(space).replace(key, before, value);
        if (result !== 'stored') return result;
        return andThen(written, (isWritten) => (isWritten ? 'stored' : 'unwritten'));
      },
      'keep-values': (operation) =>
        keepsFiles
          ? kept.keep(operation, this.values(operation.space), () => loaded(operation.space))
          : { state: 'unkept', reason: null },
      'kept-state': ({ space }) => kept.state(space),
    };
  }

  perform<Kind extends OperationKind>(
    operation: StoreOperation<Kind>,
    session: number,
  ): Awaitable<StoreResult<Kind>> {
    const perform: Performers[Kind] = this.#performers[operation.kind];
    return perform(operation, session);
  }

  values(space: string): ValueSpace {
    let values = this.#spaces.get(space);
    if (values === undefined) {
      values = new ValueSpace(this.#memory);
      this.#spaces.set(space, values);
    }
    return values;
  }

  /** The spaces in use. */
  get spaces(): Iterable<readonly [name: string, values: ValueSpace]> {
    return this.#spaces;
  }

  /** Called when the process of a session has ended. */
  end(session: number): void {
    this.#locks.end(session);
    this.#permits.end(session);
  }

  /** Writes what waits, and closes the files. */
  close(): Promise<void> {
    return this.#kept.close();
  }
}
