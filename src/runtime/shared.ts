/**
 * What all workers of a server share, in however many processes they run: locks, caches, counters. In one process it
 * is a map; between several the supervisor has it, so that what asks for it may get a promise.
 */
import type { Awaitable, Value } from '../script/index.ts';

/** Who asks. */
export interface Caller {
  /** The number of the process. What it holds is given up when it dies. */
  readonly process: number;
}

export type SharedOperation<State> = (state: State, caller: Caller, ...parameters: never[]) => unknown;

/** A kind of shared object: what it consists of, and what may be asked of it. Parameters and results cross processes: plain data only. */
export interface SharedKind<State, Operations extends Readonly<Record<string, SharedOperation<State>>>> {
  readonly name: string;
  readonly create: () => State;
  readonly operations: Operations;
  /** A process has died or ended: what it held is free. */
  readonly released?: (state: State, process: number) => void;
}

/** The type that a kind is inferred with. */
export function sharedKind<State, Operations extends Readonly<Record<string, SharedOperation<State>>>>(
  kind: SharedKind<State, Operations>,
): SharedKind<State, Operations> {
  return kind;
}

type Parameters<Operation> = Operation extends (
  state: never,
  caller: Caller,
  ...parameters: infer Rest
) => unknown
  ? Rest
  : never;
type Result<Operation> = Operation extends (...all: never[]) => infer R ? Awaited<R> : never;

/** Values by name that every process reads at once, from a copy of its own; a change reaches the others a moment later. */
export interface SharedValues {
  get(key: string): Value | undefined;
  /** Sets it here at once; between processes the last one to set it wins, everywhere. */
  set(key: string, value: Value): void;
  /** Sets it where it has no value yet. */
  initialize(key: string, value: Value): void;
  /** Adds to a number, one that is not there being 0; done when it is everybody's. The sum wraps as 32-bit integers do. */
  add(key: string, amount: number): Awaitable<void>;
  keys(): Iterable<string>;
  /** Calls `changed` for each value that was set from now on, here or elsewhere, as long as the process lives. */
  watch(changed: (key: string) => void): void;
}

export interface Shared {
  ask<
    State,
    Operations extends Readonly<Record<string, SharedOperation<State>>>,
    Name extends keyof Operations & string,
  >(
    kind: SharedKind<State, Operations>,
    operation: Name,
    ...parameters: Parameters<Operations[Name]>
  ): Awaitable<Result<Operations[Name]>>;
  values(name: string): SharedValues;
}

/** Of any state: as a table holds them. */
export interface AnySharedKind {
  readonly name: string;
  readonly create: () => unknown;
  readonly operations: Readonly<Record<string, SharedOperation<never>>>;
  readonly released?: (state: never, process: number) => void;
}

/** Where the shared objects are: the only process, or the supervisor. */
export class SharedObjects {
  readonly #kinds = new Map<string, AnySharedKind>();
  readonly #states = new Map<string, unknown>();

  /** What a process asks for by names has to be known here before. */
  know(kind: AnySharedKind): void {
    this.#kinds.set(kind.name, kind);
  }

  /** @throws TypeError for a kind or an operation that is not known: an error of siprest */
  call(name: string, operation: string, caller: Caller, parameters: readonly unknown[]): unknown {
    const kind = this.#kinds.get(name);
    const run = kind?.operations[operation];
    if (kind === undefined || run === undefined)
      throw new TypeError(`nothing shared is called ${name}.${operation}`);
    let state = this.#states.get(name);
    if (state === undefined) {
      state = kind.create();
      this.#states.set(name, state);
    }
    return run(state as never, caller, ...(parameters as never[]));
  }

  release(process: number): void {
    for (const [name, state] of this.#states) this.#kinds.get(name)?.released?.(state as never, process);
  }
}

/** In the only process. */
export class LocalShared implements Shared {
  readonly #objects = new SharedObjects();
  readonly #caller: Caller = { process: 0 };
  readonly #values = new Map<string, LocalValues>();

  ask<
    State,
    Operations extends Readonly<Record<string, SharedOperation<State>>>,
    Name extends keyof Operations & string,
  >(
    kind: SharedKind<State, Operations>,
    operation: Name,
    ...parameters: Parameters<Operations[Name]>
  ): Awaitable<Result<Operations[Name]>> {
    this.#objects.know(kind);
    return this.#objects.call(kind.name, operation, this.#caller, parameters) as Awaitable<
      Result<Operations[Name]>
    >;
  }

  values(name: string): SharedValues {
    let values = this.#values.get(name);
    if (values === undefined) {
      values = new LocalValues();
      this.#values.set(name, values);
    }
    return values;
  }
}

/** Kept in a map; what other processes have is told by {@link LocalValues.set} alone. */
export class LocalValues implements SharedValues {
  readonly #map = new Map<string, Value>();
  readonly #watchers: ((key: string) => void)[] = [];

  get(key: string): Value | undefined {
    return this.#map.get(key);
  }

  set(key: string, value: Value): void {
    this.#map.set(key, value);
    for (const changed of this.#watchers) changed(key);
  }

  initialize(key: string, value: Value): void {
    if (!this.#map.has(key)) this.set(key, value);
  }

  add(key: string, amount: number): void {
    const current = this.#map.get(key);
    this.set(key, ((typeof current === 'number' ? current : 0) + amount) | 0);
  }

  keys(): Iterable<string> {
    return this.#map.keys();
  }

  watch(changed: (key: string) => void): void {
    this.#watchers.push(changed);
  }
}
