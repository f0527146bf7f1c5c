/**
 * Key of a module's state for a message, a worker or the server, which is created on first use. The key belongs to the
 * module, and is unknown here.
 */
export class StateKey<Owner, T> {
  readonly name: string;
  readonly create: (owner: Owner) => T;
  /** Whether copies of a request for branches and replies share it. */
  readonly isShared: boolean;

  constructor(name: string, create: (owner: Owner) => T, { isShared = false } = {}) {
    this.name = name;
    this.create = create;
    this.isShared = isShared;
  }
}

/** A value, linked to the one created before it. */
class Entry<Owner> {
  readonly key: StateKey<Owner, never>;
  value: unknown;
  readonly before: Entry<Owner> | null;

  constructor(key: StateKey<Owner, never>, value: unknown, before: Entry<Owner> | null) {
    this.key = key;
    this.value = value;
    this.before = before;
  }
}

export class States<Owner> {
  readonly #owner: Owner;
  // a linked list: a request has few values, but there may be a hundred thousand requests
  #last: Entry<Owner> | null = null;

  constructor(owner: Owner) {
    this.#owner = owner;
  }

  get<T>(key: StateKey<Owner, T>): T {
    const known = this.#find(key);
    if (known !== null) return known.value as T;
    const value = key.create(this.#owner);
    this.#add(key, value);
    return value;
  }

  /** The value made by {@link get}, or undefined. */
  known<T>(key: StateKey<Owner, T>): T | undefined {
    return this.#find(key)?.value as T | undefined;
  }

  /** Replaces the value that {@link get} has created or would create. */
  set<T>(key: StateKey<Owner, T>, value: T): void {
    const known = this.#find(key);
    if (known === null) this.#add(key, value);
    else known.value = value;
  }

  #add<T>(key: StateKey<Owner, T>, value: T): void {
    this.#last = new Entry(key as StateKey<Owner, never>, value, this.#last);
  }

  #find<T>(key: StateKey<Owner, T>): Entry<Owner> | null {
    for (let entry = this.#last; entry !== null; entry = entry.before)
      if (entry.key === (key as StateKey<Owner, never>)) return entry;
    return null;
  }
}
