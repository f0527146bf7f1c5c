/** The source of time: the system's clock, or a simulated one in tests. */

/** A timer that has not fired. It does not keep the process alive. */
export interface TimerHandle {
  /** Keeps the process alive until the timer fires or is cleared. */
  ref(): unknown;
}

/** What measures time and waits. */
export interface Clock {
  /** Monotonic milliseconds with fractions, from an arbitrary start; for measuring and waiting. */
  now(): number;
  /** Milliseconds since 1970, with fractions. They jump when the system's clock is set. */
  date(): number;
  /** Calls `fire` once after at least this many milliseconds, never within this call. */
  setTimer(milliseconds: number, fire: () => void): TimerHandle;
  /** Does nothing if the timer has fired or was cleared. */
  clearTimer(timer: TimerHandle): void;
}

// a simulation that replaces the globals leaves this clock alone
const { setTimeout: setRealTimer, clearTimeout: clearRealTimer, Date: RealDate } = globalThis;
const now = performance.now.bind(performance);

let timeOrigin = performance.timeOrigin;

/** The monotonic clock that Node's own timers run by. */
export const systemClock: Clock = {
  now,
  date: () => {
    // Date.now() has no fractions; the monotonic clock has them, but does not follow changes of the system's clock
    const [passed, whole] = [now(), RealDate.now()];
    const date = timeOrigin + passed;
    if (date < whole) timeOrigin += whole - date;
    else if (date > whole + 1) timeOrigin -= date - whole - 1;
    return timeOrigin + passed;
  },
  setTimer: (milliseconds, fire) => setRealTimer(fire, milliseconds).unref(),
  clearTimer: (timer) => clearRealTimer(timer as NodeJS.Timeout),
};

const [seconds, nanoseconds] = process.hrtime();
/** When `performance.now()` was 0, on the machine's monotonic clock. */
const machineOrigin = 1e3 * seconds + nanoseconds / 1e6 - now();

/** Monotonic milliseconds with fractions, the same in all processes of the machine. */
export const sharedTime = (): number => machineOrigin + now();

/** A repeated action, until it is stopped. */
export interface Repetition {
  stop(): void;
}

/** Calls `act` at an interval in milliseconds; only once after a jump of the clock. */
export function every(clock: Clock, milliseconds: number, act: () => void): Repetition {
  let due = clock.now() + milliseconds;
  const fire = (): void => {
    const now = clock.now();
    due += milliseconds;
    if (due <= now) due = now + milliseconds;
    timer = clock.setTimer(due - now, fire);
    act();
  };
  let timer = clock.setTimer(milliseconds, fire);
  return { stop: () => clock.clearTimer(timer) };
}

/** Resolves after a time in milliseconds; does not keep the process alive. */
export function pause(clock: Clock, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimer(milliseconds, resolve);
  });
}

/** Resolves after a time in milliseconds; keeps the process alive until then. */
export function delay(clock: Clock, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimer(milliseconds, resolve).ref();
  });
}
