/** The globals that tell and measure time, and `fetch()`, as the simulation has them; the real ones come back at its end. */
import { AsyncResource } from 'node:async_hooks';
import type { Clock, TimerHandle } from '../timers/index.ts';
import { SimulationError } from './simulation-error.ts';

type Callback = (...values: unknown[]) => void;

/** Node's own limit: a longer time, or one that is not a number, counts as 1 ms. */
const longest = 2 ** 31 - 1;
const wholeTime = (milliseconds: unknown): number => {
  const time = Number(milliseconds);
  return time >= 1 && time <= longest ? time : 1;
};

let numbers = 0;

/** What `setTimeout()` and `setInterval()` return: like a `NodeJS.Timeout`. */
class SimulatedTimeout {
  readonly number = ++numbers;
  readonly #clock: Clock;
  readonly #milliseconds: number;
  readonly #fire: () => void;
  #timer: TimerHandle | null = null;
  #hasRef = true;

  constructor(clock: Clock, milliseconds: number, fire: () => void) {
    this.#clock = clock;
    this.#milliseconds = milliseconds;
    this.#fire = fire;
    this.refresh();
  }

  refresh(): this {
    this.close();
    this.#timer = this.#clock.setTimer(this.#milliseconds, this.#fire);
    return this;
  }

  close(): this {
    if (this.#timer !== null) this.#clock.clearTimer(this.#timer);
    this.#timer = null;
    return this;
  }

  ref(): this {
    this.#hasRef = true;
    return this;
  }

  unref(): this {
    this.#hasRef = false;
    return this;
  }

  hasRef(): boolean {
    return this.#hasRef;
  }

  [Symbol.toPrimitive](): number {
    return this.number;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Those of a clock. */
function timersBy(clock: Clock): Readonly<Record<string, unknown>> {
  const known = new Map<number, SimulatedTimeout>();
  const real = globalThis.clearTimeout;
  const clear = (timer: unknown) => {
    const number = timer instanceof SimulatedTimeout ? timer.number : Number(timer);
    const simulated = known.get(number);
    known.delete(number);
    // one that was set before the simulation
    if (simulated === undefined) real(timer as NodeJS.Timeout | undefined);
    else simulated.close();
  };
  const set = (callback: Callback, milliseconds: unknown, values: unknown[], repeats: boolean) => {
    if (typeof callback !== 'function') throw new TypeError('the callback of a timer is not a function');
    const call = AsyncResource.bind(() => callback(...values));
    const timer: SimulatedTimeout = new SimulatedTimeout(clock, wholeTime(milliseconds), () => {
      if (repeats) timer.refresh();
      else known.delete(timer.number);
      call();
    });
    known.set(timer.number, timer);
    return timer;
  };
  return {
    setTimeout: (callback: Callback, milliseconds?: unknown, ...values: unknown[]) =>
      set(callback, milliseconds, values, false),
    setInterval: (callback: Callback, milliseconds?: unknown, ...values: unknown[]) =>
      set(callback, milliseconds, values, true),
    clearTimeout: clear,
    clearInterval: clear,
  };
}

function dateBy(clock: Clock): DateConstructor {
  const now = () => Math.floor(clock.date());
  return new Proxy(Date, {
    construct: (real, values, target) =>
      Reflect.construct(real, values.length === 0 ? [now()] : values, target) as Date,
    apply: (real) => new real(now()).toString(),
    get: (real, key) => (key === 'now' ? now : (Reflect.get(real, key) as unknown)),
  });
}

function timeoutBy(clock: Clock): typeof AbortSignal.timeout {
  return (milliseconds) => {
    const controller = new AbortController();
    clock.setTimer(milliseconds, () =>
      controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')),
    );
    return controller.signal;
  };
}

let isTaken = false;

/**
 * Replaces the globals, and returns what restores them.
 * @throws SimulationError while another simulation has them
 */
export function takeGlobals(clock: Clock, fetch: typeof globalThis.fetch): () => void {
  if (isTaken) throw new SimulationError('another simulation has the globals: close it first');
  isTaken = true;
  const start = clock.now();
  const restorers = [
    ...replace(globalThis, { ...timersBy(clock), Date: dateBy(clock), fetch }),
    ...replace(AbortSignal, { timeout: timeoutBy(clock) }),
    ...replace(performance, { now: () => clock.now() - start }),
  ];
  return () => {
    for (const restore of restorers) restore();
    isTaken = false;
  };
}

function replace(owner: object, values: Readonly<Record<string, unknown>>): readonly (() => void)[] {
  return Object.entries(values).map(([name, value]) => {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    Object.defineProperty(owner, name, { value, configurable: true, writable: true, enumerable: true });
    return () => {
      if (before === undefined) Reflect.deleteProperty(owner, name);
      else Object.defineProperty(owner, name, before);
    };
  });
}
