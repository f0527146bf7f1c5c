/**
 * Measures how long a script has run, without waits, for script_time_limit. The clock is read only after a number of
 * loop turns and route calls, fewer the longer they take, which makes it nearly free. The limit is on CPU time, so the
 * real clock is used, whatever the host's clock.
 */

/** The clock is first read after this many loop turns and route calls. */
export const firstSteps = 16;
/** Maximum number between two reads. */
const mostSteps = 4096;
/** Aim for reading the clock while a script runs, in ms. */
const period = 5;

/** The run whose first stretch is in progress. */
let beginning: ScriptTime | null = null;
/** The run that last read the clock in this turn of the event loop, and has not waited since. */
let looked: ScriptTime | null = null;
let turnEnds = false;

function endTurn(): void {
  turnEnds = false;
  looked = null;
}

function hasLooked(time: ScriptTime): void {
  looked = time;
  if (turnEnds) return;
  turnEnds = true;
  setImmediate(endTurn);
}

export class ScriptTime {
  /** Start of the current stretch, in ms. */
  #since: number;
  /** Time before it, in ms. */
  #used = 0;
  #steps = firstSteps;

  constructor(now: number) {
    this.#since = now;
  }

  /** How long the script has run, in ms. */
  get used(): number {
    return this.#used;
  }

  /** Reads the clock; returns the number of steps until the next time. */
  look(): number {
    const now = performance.now();
    const spent = looked === this || beginning === this ? now - this.#since : 0;
    this.#used += spent;
    this.#since = now;
    this.#steps =
      spent > 2 * period
        ? Math.max(1, Math.floor((this.#steps * period) / spent))
        : Math.min(mostSteps, 4 * this.#steps);
    hasLooked(this);
    return this.#steps;
  }
}

/** Begins the first stretch of a script. Pass the result to {@link endStretch} at its end or first wait. */
export function beginStretch(time: ScriptTime): ScriptTime | null {
  const outer = beginning;
  beginning = time;
  return outer;
}

export function endStretch(outer: ScriptTime | null): void {
  beginning = outer;
}
