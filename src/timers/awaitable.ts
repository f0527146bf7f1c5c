/** Values that may still be to come: a promise only if something really waits. */
export type Awaitable<T> = T | Promise<T>;

/** Whether a value is still to come. */
export function isPending<T>(value: Awaitable<T>): value is Promise<T> {
  // most values are numbers and texts, which the first look tells
  return typeof value === 'object' && value instanceof Promise;
}

/** Goes on with the value: at once, or when it comes. */
export function andThen<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return isPending(value) ? value.then(next) : next(value);
}
