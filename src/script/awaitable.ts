import type { Awaitable } from './catalog.ts';

/** Whether a value, status or flow is still to come; none of these is ever an object itself. */
export function isPending<T extends string | number | boolean | null | undefined>(
  value: Awaitable<T>,
): value is Promise<T> {
  return typeof value === 'object' && value !== null;
}

/** Goes on with the value at once where it is there, else when it comes. */
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
