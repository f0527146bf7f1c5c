/**
 * What a module keeps with a message, a worker or the server, made when it is first asked for. The key is
 * the module's own, so that nothing here has to know of it.
 */
export class StateKey<Owner, T> {
  readonly name: string;
  readonly create: (owner: Owner) => T;
  /** Of a request: whether its copies for branches and replies have the same one, not each its own. */
  readonly isShared: boolean;

  constructor(name: string, create: (owner: Owner) => T, { isShared = false } = {}) {
    this.name = name;
    this.create = create;
    this.isShared = isShared;
  }
}

export class States<Owner> {
  readonly #owner: Owner;
  #values: Map<StateKey<Owner, unknown>, unknown> | null = null;

  constructor(owner: Owner) {
    this.#owner = owner;
  }

  get<T>(key: StateKey<Owner, T>): T {
    this.#values ??= new Map();
    const values = this.#values as Map<StateKey<Owner, T>, T>;
    let value = values.get(key);
    if (value === undefined) {
      value = key.create(this.#owner);
      values.set(key, value);
    }
    return value;
  }

  /** What was made so far. */
  *[Symbol.iterator](): Iterator<unknown> {
    if (this.#values !== null) yield* this.#values.values();
  }
}
