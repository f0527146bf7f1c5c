/** What a process has of the objects that the supervisor keeps: it asks by messages, and has a copy of the values. */

import { type AnySharedKind, LocalValues, type Shared, type SharedValues } from '../runtime/index.ts';
import type { Value } from '../script/index.ts';

/** A call, or something about a value; what one turn of the event loop has goes in one message. */
export type SharedCall =
  | {
      readonly id: number;
      readonly kind: string;
      readonly operation: string;
      readonly parameters: readonly unknown[];
    }
  | { readonly id: number; readonly values: string; readonly key: string; readonly add: number }
  | { readonly values: string; readonly key: string; readonly set: Value }
  | { readonly values: string; readonly key: string; readonly initialize: Value };

export interface SharedAnswer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** A value as it now is, everywhere. */
export interface SharedChange {
  readonly values: string;
  readonly key: string;
  readonly value: Value;
}

interface Asked {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Channel {
  readonly tell: (call: SharedCall) => void;
  readonly ask: (call: (id: number) => SharedCall) => Promise<unknown>;
}

class Copy implements SharedValues {
  readonly #name: string;
  readonly #channel: Channel;
  readonly #values = new LocalValues();

  constructor(name: string, channel: Channel) {
    this.#name = name;
    this.#channel = channel;
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  keys(): Iterable<string> {
    return this.#values.keys();
  }

  watch(changed: (key: string) => void): void {
    this.#values.watch(changed);
  }

  set(key: string, value: Value): void {
    this.#values.set(key, value);
    this.#channel.tell({ values: this.#name, key, set: value });
  }

  initialize(key: string, value: Value): void {
    this.#values.initialize(key, value);
    this.#channel.tell({ values: this.#name, key, initialize: value });
  }

  /** The supervisor adds, and the sum is here before its answer is. */
  async add(key: string, amount: number): Promise<void> {
    await this.#channel.ask((id) => ({ id, values: this.#name, key, add: amount }));
  }

  changed(key: string, value: Value): void {
    this.#values.set(key, value);
  }
}

export class RemoteShared implements Shared {
  readonly #send: (calls: readonly SharedCall[]) => void;
  readonly #asked = new Map<number, Asked>();
  readonly #copies = new Map<string, Copy>();
  #calls: SharedCall[] = [];
  #lastId = 0;

  constructor(send: (calls: readonly SharedCall[]) => void) {
    this.#send = send;
  }

  ask<Result>(kind: AnySharedKind, operation: string, ...parameters: readonly unknown[]): Promise<Result> {
    return this.#ask((id) => ({ id, kind: kind.name, operation, parameters })) as Promise<Result>;
  }

  values(name: string): SharedValues {
    return this.#copy(name);
  }

  /** What the supervisor says: changes come before the answers of those who made them. */
  receive(changes: readonly SharedChange[], answers: readonly SharedAnswer[]): void {
    for (const { values, key, value } of changes) this.#copy(values).changed(key, value);
    for (const { id, result, error } of answers) {
      const asked = this.#asked.get(id);
      this.#asked.delete(id);
      if (error === undefined) asked?.resolve(result);
      else asked?.reject(new Error(error));
    }
  }

  #copy(name: string): Copy {
    let copy = this.#copies.get(name);
    if (copy === undefined) {
      copy = new Copy(name, {
        tell: (call) => this.#tell(call),
        ask: (call) => this.#ask(call),
      });
      this.#copies.set(name, copy);
    }
    return copy;
  }

  #ask(call: (id: number) => SharedCall): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      this.#tell(call(id));
    });
  }

  #tell(call: SharedCall): void {
    this.#calls.push(call);
    if (this.#calls.length > 1) return;
    setImmediate(() => {
      const calls = this.#calls;
      this.#calls = [];
      this.#send(calls);
    });
  }
}
