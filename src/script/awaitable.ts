import type { Awaitable } from './catalog.ts';

/** Whether a value, status or flow is a promise; the values themselves are never objects. */
export function isPending<T extends string | number | boolean | null | undefined>(
  value: Awaitable<T>,
): value is Promise<T> {
  return typeof value === 'object' && value !== null;
}

/** Continues with the value: at once if it is available, else when its promise resolves. */
export function andThen<T extends string | number | boolean | null | undefined, U>(
  value: Awaitable<T>,
  next: (value: T) => Awaitable<U>,
): Awaitable<U> {
  return isPending(value) ? value.then(next) : next(value);
}

/** {@link andThen} for values that may be objects themselves. */
export function whenThere<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}
