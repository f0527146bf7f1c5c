/** The supervisor's side of what all processes share: it runs their calls, one after another, and tells all of what has changed. */
import { catalog } from '../modules/index.ts';
import { LocalValues, SharedObjects } from '../runtime/index.ts';
import type { SharedAnswer, SharedCall, SharedChange } from './remote-shared.ts';

export interface KeeperHooks {
  /** To one process; `changes` come first. */
  readonly answer: (process: number, answers: readonly SharedAnswer[]) => void;
  /** To all of them. */
  readonly announce: (changes: readonly SharedChange[]) => void;
}

export class SharedKeeper {
  readonly #objects = new SharedObjects();
  readonly #values = new Map<string, LocalValues>();
  readonly #hooks: KeeperHooks;

  constructor(hooks: KeeperHooks) {
    this.#hooks = hooks;
    for (const { shared = [] } of catalog.modules) for (const kind of shared) this.#objects.know(kind);
  }

  receive(process: number, calls: readonly SharedCall[]): void {
    const changes: SharedChange[] = [];
    const answers: SharedAnswer[] = [];
    for (const call of calls) {
      if ('kind' in call) this.#call(process, call, answers);
      else {
        const values = this.#of(call.values);
        if ('add' in call) values.add(call.key, call.add);
        else if ('set' in call) values.set(call.key, call.set);
        else values.initialize(call.key, call.initialize);
        changes.push({ values: call.values, key: call.key, value: values.get(call.key) ?? null });
        if ('add' in call) answers.push({ id: call.id });
      }
    }
    if (changes.length > 0) this.#hooks.announce(changes);
    if (answers.length > 0) this.#hooks.answer(process, answers);
  }

  /** All values, for a process that starts. */
  get snapshot(): readonly SharedChange[] {
    return [...this.#values].flatMap(([values, all]) =>
      [...all.keys()].map((key) => ({ values, key, value: all.get(key) ?? null })),
    );
  }

  /** A process has died: what it held is free. */
  release(process: number): void {
    this.#objects.release(process);
  }

  #call(
    process: number,
    { id, kind, operation, parameters }: Extract<SharedCall, { kind: string }>,
    answers: SharedAnswer[],
  ): void {
    try {
      const result = this.#objects.call(kind, operation, { process }, parameters);
      if (!(result instanceof Promise)) answers.push({ id, result });
      else {
        result.then(
          (later: unknown) => this.#hooks.answer(process, [{ id, result: later }]),
          (error: unknown) => this.#hooks.answer(process, [{ id, error: String(error) }]),
        );
      }
    } catch (error) {
      answers.push({ id, error: String(error) });
    }
  }

  #of(name: string): LocalValues {
    let values = this.#values.get(name);
    if (values === undefined) {
      values = new LocalValues();
      this.#values.set(name, values);
    }
    return values;
  }
}
