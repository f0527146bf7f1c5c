/** Values that may be promises: only if something really has to wait. */
export type Awaitable<T> = T | Promise<T>;

/** Whether a value is a promise. */
export function isPending<T>(value: Awaitable<T>): value is Promise<T> {
  // most values are numbers and strings, for which the first test suffices
  return typeof value === 'object' && value instanceof Promise;
}

/** Continues with the value, synchronously unless it is a promise. */
export function andThen<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return isPending(value) ? value.then(next) : next(value);
}
