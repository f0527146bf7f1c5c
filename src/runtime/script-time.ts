/**
 * How long a script has run itself, without what it waited for: script_time_limit. The clock is read once in so many
 * loop turns and route calls, more often the longer they take, so that it costs next to nothing. It is the time of the
 * processor that is limited, so that it is read from the real clock, whichever the host has.
 */

/** The clock is read first after so many loop turns and route calls. */
export const firstSteps = 16;
/** And at most after so many. */
const mostSteps = 4096;
/** How often the clock is to be read while a script runs, in ms. */
const period = 5;

/** The run that a top route has begun, up to where it first waits. */
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
  /** When the stretch that is being counted began, in ms. */
  #since: number;
  /** In ms, up to then. */
  #used = 0;
  #steps = firstSteps;

  constructor(now: number) {
    this.#since = now;
  }

  /** The time that the script has run, in ms. */
  get used(): number {
    return this.#used;
  }

  /** Reads the clock; gives the number of steps after which to read it again. */
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

/** A script begins its first stretch. Give what this returns to {@link endStretch} at its end, or where it first waits. */
export function beginStretch(time: ScriptTime): ScriptTime | null {
  const outer = beginning;
  beginning = time;
  return outer;
}

export function endStretch(outer: ScriptTime | null): void {
  beginning = outer;
}
