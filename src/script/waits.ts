/**
 * Variables are read synchronously, so anything a transformation waits for (`{ip.resolve}` queries a name server)
 * runs first: the compiler of a variable passes a {@link Waits}, which collects what must be available, and runs it
 * before reading the variable. Nearly all collect nothing, and cost nothing.
 */
import { type Awaitable, andThen, isPending } from '../timers/index.ts';

/** A value for each run, as long as the run exists. */
export class PerRun<R, T> {
  readonly #values = new WeakMap<R & object, T>();

  set(run: R, value: T): void {
    this.#values.set(run as R & object, value);
  }

  get(run: R): T | undefined {
    return this.#values.get(run as R & object);
  }
}

export class Waits<R> {
  readonly #steps: ((run: R) => Awaitable<void>)[] = [];

  /**
   * Schedules `evaluate` to run first, after everything added before; the returned function reads its result. If it
   * was not run (on the run after `async()`, or in a text known only at run time) it is evaluated again, and gives
   * `otherwise` if that would wait.
   */
  add<T>(evaluate: (run: R) => Awaitable<T>, otherwise: (run: R) => T): (run: R) => T {
    const results = new PerRun<R, T>();
    this.#steps.push((run) => andThen(evaluate(run), (result) => results.set(run, result)));
    return (run) => {
      const result = results.get(run);
      if (result !== undefined) return result;
      const again = evaluate(run);
      return isPending(again) ? otherwise(run) : again;
    };
  }

  get isEmpty(): boolean {
    return this.#steps.length === 0;
  }

  /** Wraps `next` to run everything added first; `next` itself if nothing was added. */
  before<T>(next: (run: R) => Awaitable<T>): (run: R) => Awaitable<T> {
    const steps = this.#steps;
    if (steps.length === 0) return next;
    const goOn = (run: R, from: number): Awaitable<T> => {
      for (let i = from; i < steps.length; i++) {
        const pending = steps[i]?.(run);
        if (pending !== undefined && isPending(pending)) return pending.then(() => goOn(run, i + 1));
      }
      return next(run);
    };
    return (run) => goOn(run, 0);
  }
}

type Reads<R, T> = readonly ((run: R) => Awaitable<T>)[];

/** The results, in order. */
export function inTurn<R, T>(reads: Reads<R, T>, run: R): Awaitable<readonly T[]> {
  return goOn(reads, run, []);
}

function goOn<R, T>(reads: Reads<R, T>, run: R, values: T[]): Awaitable<readonly T[]> {
  for (let i = values.length; i < reads.length; i++) {
    const value = (reads[i] as Reads<R, T>[number])(run);
    if (isPending(value)) return value.then((one) => goOn(reads, run, [...values, one]));
    values.push(value);
  }
  return values;
}
