/** Where time comes from: this process has the system's, a test one that it moves itself. */

/** A timer that has not fired. It does not keep the process alive. */
export interface TimerHandle {
  /** Keeps the process alive until the timer fires or is cleared. */
  ref(): unknown;
}

/** What measures time and waits. */
export interface Clock {
  /** Milliseconds, with fractions, that never go back; from an arbitrary start. What measures or waits uses these. */
  now(): number;
  /** Milliseconds since 1970, with fractions. They jump when somebody sets the system's clock. */
  date(): number;
  /** Calls `fire` once, at least so many milliseconds from now and never within this call. */
  setTimer(milliseconds: number, fire: () => void): TimerHandle;
  /** Does nothing to a timer that has fired or is cleared. */
  clearTimer(timer: TimerHandle): void;
}

let timeOrigin = performance.timeOrigin;

/** The monotonic clock that Node's own timers run by. */
export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => {
    // Date.now() cuts off fractions; the monotonic clock has them, but does not follow when the system's clock is set
    const [now, whole] = [performance.now(), Date.now()];
    const date = timeOrigin + now;
    if (date < whole) timeOrigin += whole - date;
    else if (date > whole + 1) timeOrigin -= date - whole - 1;
    return timeOrigin + now;
  },
  setTimer: (milliseconds, fire) => setTimeout(fire, milliseconds).unref(),
  clearTimer: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

/** Something that is done again and again until it is stopped. */
export interface Repetition {
  stop(): void;
}

/** Calls `act` each time that so many milliseconds have passed. A clock that jumps ahead makes it act once, not often. */
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

/** Resolves after so many milliseconds, if the process lives as long for other reasons. */
export function pause(clock: Clock, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimer(milliseconds, resolve);
  });
}

/** Resolves after so many milliseconds; the process stays alive for it. */
export function delay(clock: Clock, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimer(milliseconds, resolve).ref();
  });
}
