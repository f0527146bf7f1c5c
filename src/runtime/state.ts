/**
 * What a module keeps with a message, a worker or the server, made when it is first asked for. The key is
 * the module's own, and unknown here.
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
  // in turn: a request has two or three of them, for which a Map is too dear
  readonly #keys: StateKey<Owner, never>[] = [];
  readonly #values: unknown[] = [];

  constructor(owner: Owner) {
    this.#owner = owner;
  }

  get<T>(key: StateKey<Owner, T>): T {
    const known = this.known(key);
    if (known !== undefined) return known;
    const value = key.create(this.#owner);
    this.#keys.push(key as StateKey<Owner, never>);
    this.#values.push(value);
    return value;
  }

  /** What was made by {@link get}; undefined before that. */
  known<T>(key: StateKey<Owner, T>): T | undefined {
    const at = this.#keys.indexOf(key as StateKey<Owner, never>);
    return at < 0 ? undefined : (this.#values[at] as T);
  }

  /** What was made so far. */
  *[Symbol.iterator](): Iterator<unknown> {
    yield* this.#values;
  }
}
