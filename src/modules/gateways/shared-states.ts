/** Texts by key that all processes of a server have, with a number that tells whether any has changed. */
import { type Host, type ReplicatedValues, StateKey } from '../../runtime/index.ts';

export class SharedStates {
  readonly #values: ReplicatedValues;
  #version = 0;

  constructor(values: ReplicatedValues) {
    this.#values = values;
    values.watch(() => {
      this.#version++;
    });
  }

  /** Changes with each change of a text, here or in another process. */
  get version(): number {
    return this.#version;
  }

  get(key: string): string | null {
    const text = this.#values.get(key);
    return typeof text === 'string' ? text : null;
  }

  /** False if the store is full. */
  set(key: string, text: string): boolean {
    return this.#values.get(key) === text || this.#values.set(key, text);
  }

  delete(key: string): void {
    if (this.#values.get(key) !== undefined) this.#values.delete(key);
  }

  /** Deletes those whose keys are not wanted. */
  retain(isWanted: (key: string) => boolean): void {
    for (const key of [...this.#values.keys()]) if (!isWanted(key)) this.#values.delete(key);
  }
}

export const sharedStates = (space: string): StateKey<Host, SharedStates> =>
  new StateKey(space, ({ store }) => new SharedStates(store.values(space)));
