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

/** Most values of a message. */
const slice = 2000;

export class StoreKeeper {
  readonly #state: StoreState;
  readonly #hooks: KeeperHooks;

  constructor(hooks: KeeperHooks, options: StoreStateOptions = {}) {
    this.#hooks = hooks;
    this.#state = new StoreState({ ...options, loaded: (space) => this.#announce(space) });
  }

  receive(process: number, requests: readonly StoreRequest[]): void {
    const changes: ValueChange[] = [];
    const answers: StoreAnswer[] = [];
    for (const { id, operation } of requests) {
      const answer = this.#perform(process, id, operation);
      if (answer !== null) answers.push(answer);
      // a refused value too: the copy of the asking process has it already
      if (isOfValues(operation)) changes.push(this.#change(operation.space, operation.key));
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

  /** Writes what waits, and closes the files of the store. */
  close(): Promise<void> {
    return this.#state.close();
  }

  /** Reports all values of a space, not all in one message. */
  #announce(space: string): void {
    const keys = [...this.#state.values(space).keys()];
    for (let at = 0; at < keys.length; at += slice)
      this.#hooks.announce(keys.slice(at, at + slice).map((key) => this.#change(space, key)));
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

const kindsOfValues = [
  'set-value',
  'initialize-value',
  'delete-value',
  'add-to-value',
  'replace-value',
] as const;

const isOfValues = (operation: StoreOperation): operation is StoreOperation<(typeof kindsOfValues)[number]> =>
  kindsOfValues.some((kind) => kind === operation.kind);
