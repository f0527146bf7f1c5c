/**
 * Variables are read at once, so what a transformation may wait for (`{ip.resolve}` asks a name server) is done
 * beforehand: whoever compiles a variable hands in a {@link Waits}, which collects what has to be there, and lets
 * it run before the variable is read. Nearly all collect nothing, and cost nothing.
 */
import { whenThere } from './awaitable.ts';
import type { Awaitable } from './catalog.ts';

/** A value for each run, as long as there is the run. */
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
   * Has `evaluate` done beforehand, after all that was added before it; the answer reads what came of it. Where
   * nobody let it run (on the run after `async()`, in a text that comes up only now) it is done again, and is
   * `otherwise` if that would wait.
   */
  add<T>(evaluate: (run: R) => Awaitable<T>, otherwise: (run: R) => T): (run: R) => T {
    const results = new PerRun<R, T>();
    this.#steps.push((run) => whenThere(evaluate(run), (result) => results.set(run, result)));
    return (run) => {
      const result = results.get(run);
      if (result !== undefined) return result;
      const again = evaluate(run);
      return again instanceof Promise ? otherwise(run) : again;
    };
  }

  get isEmpty(): boolean {
    return this.#steps.length === 0;
  }

  /** `next` with all that was added done before it: `next` itself where nothing was. */
  before<T>(next: (run: R) => Awaitable<T>): (run: R) => Awaitable<T> {
    const steps = this.#steps;
    if (steps.length === 0) return next;
    const goOn = (run: R, from: number): Awaitable<T> => {
      for (let i = from; i < steps.length; i++) {
        const pending = steps[i]?.(run);
        if (pending instanceof Promise) return pending.then(() => goOn(run, i + 1));
      }
      return next(run);
    };
    return (run) => goOn(run, 0);
  }
}

type Reads<R, T> = readonly ((run: R) => Awaitable<T>)[];

/** What each answers, one after another. */
export function inTurn<R, T>(reads: Reads<R, T>, run: R): Awaitable<readonly T[]> {
  return goOn(reads, run, []);
}

function goOn<R, T>(reads: Reads<R, T>, run: R, values: T[]): Awaitable<readonly T[]> {
  for (let i = values.length; i < reads.length; i++) {
    const value = (reads[i] as Reads<R, T>[number])(run);
    if (value instanceof Promise) return value.then((one) => goOn(reads, run, [...values, one]));
    values.push(value);
  }
  return values;
}
