/** The supervisor's side of the shared store: performs operations, and reports changed values to all processes. */

import type { StoreOperation } from '../../runtime/index.ts';
import { isPending } from '../../timers/index.ts';
import type { StoreAnswer, StoreRequest, ValueChange } from './messages.ts';
import { StoreState, type StoreStateOptions } from './store-state.ts';

export interface KeeperHooks {
  /** Answers one process, after the changes that it has made. */
  readonly answer: (process: number, answers: readonly StoreAnswer[]) => void;
  /** Reports changes to all processes. */
  readonly announce: (changes: readonly ValueChange[]) => void;
}

export class StoreKeeper {
  readonly #state: StoreState;
  readonly #hooks: KeeperHooks;

  constructor(hooks: KeeperHooks, options: StoreStateOptions = {}) {
    this.#hooks = hooks;
    this.#state = new StoreState(options);
  }

  receive(process: number, requests: readonly StoreRequest[]): void {
    const changes: ValueChange[] = [];
    const answers: StoreAnswer[] = [];
    for (const { id, operation } of requests) {
      const answer = this.#perform(process, id, operation);
      if (answer !== null) answers.push(answer);
      // a refused value too: the copy of the asking process has it already
      if ('space' in operation && isOfValues(operation))
        changes.push(this.#change(operation.space, operation.key));
    }
    if (changes.length > 0) this.#hooks.announce(changes);
    if (answers.length > 0) this.#hooks.answer(process, answers);
  }

  /** All values, for a starting process. */
  get snapshot(): readonly ValueChange[] {
    return [...this.#state.spaces].flatMap(([space, values]) =>
      [...values.keys()].map((key) => this.#change(space, key)),
    );
  }

  /** Called when a process has ended: releases its locks. */
  end(process: number): void {
    this.#state.end(process);
  }

  /** Null if the answer comes later, or is not wanted. */
  #perform(process: number, id: number | undefined, operation: StoreOperation): StoreAnswer | null {
    try {
      const result = this.#state.perform(operation, process);
      if (id === undefined) return null;
      if (!isPending(result)) return { id, result };
      void result.then((later) => this.#hooks.answer(process, [{ id, result: later }]));
      return null;
    } catch {
      const message = `the store does not know the operation "${operation.kind}"`;
      return id === undefined ? null : { id, error: { code: 'invalid', message } };
    }
  }

  #change(space: string, key: string): ValueChange {
    const value = this.#state.values(space).get(key);
    return value === undefined ? { space, key } : { space, key, value };
  }
}

const kindsOfValues: ReadonlySet<string> = new Set<StoreOperation['kind']>([
  'set-value',
  'initialize-value',
  'add-to-value',
]);

const isOfValues = ({ kind }: StoreOperation) => kindsOfValues.has(kind);
