/**
 * Timers by the hundred thousand: a wheel of three rings whose slots are lists of deadlines, as in Varghese and
 * Lauck, "Hashed and Hierarchical Timing Wheels". Starting and stopping one costs a few pointer writes and
 * allocates nothing, since a deadline is a node of its list itself. The clock has one timeout for all of them.
 */
import { type Clock, systemClock, type TimerHandle } from './clock.ts';

/**
 * Something that falls due, kept by its owner, who may start it again and again. Its fields are assigned, not
 * initialized: V8 defines the fields of a class with many subclasses by a slow call for each.
 */
export abstract class Deadline {
  /** When it is due, on the wheel's clock. */
  declare due: number;
  /** Where it waits; null when it does not run. */
  declare slot: Slot | null;
  declare previous: Deadline | null;
  declare next: Deadline | null;

  constructor() {
    this.due = 0;
    this.slot = null;
    this.previous = null;
    this.next = null;
  }

  get running(): boolean {
    return this.slot !== null;
  }

  /** Called once when the time is over, unless it was stopped before. */
  abstract onDeadline(): void;
}

/** A deadline that calls a function. */
export class Timer extends Deadline {
  readonly fire: () => void;

  constructor(fire: () => void) {
    super();
    this.fire = fire;
  }

  override onDeadline(): void {
    this.fire();
  }
}

/** The last multiple of `step` that is not after `tick`. */
const floorTo = (tick: number, step: number): number => Math.floor(tick / step) * step;

class Slot {
  readonly ring: Ring;
  first: Deadline | null = null;
  last: Deadline | null = null;

  constructor(ring: Ring) {
    this.ring = ring;
  }
}

/** One ring: each slot stands for `2 ** shift` milliseconds, and the whole of it for `span`. */
class Ring {
  readonly slots: readonly Slot[];
  readonly shift: number;
  readonly mask: number;
  readonly span: number;
  size = 0;

  constructor(slots: number, shift: number) {
    this.slots = Array.from({ length: slots }, () => new Slot(this));
    this.shift = shift;
    this.mask = slots - 1;
    this.span = slots << shift;
  }

  /** The slot of a millisecond. What is above 2^32 falls away, as the mask takes it away in any case. */
  at(tick: number): Slot {
    return this.slots[(tick >>> this.shift) & this.mask] as Slot;
  }

  /** The first millisecond after `tick` at which a slot that is not empty begins; Infinity where all are. */
  next(tick: number): number {
    if (this.size === 0) return Number.POSITIVE_INFINITY;
    const step = 1 << this.shift; // not `2 **`, which is a call of pow()
    const begin = floorTo(tick, step);
    for (let i = 1; i <= this.slots.length; i++)
      if (this.at(begin + i * step).first !== null) return begin + i * step;
    return Number.POSITIVE_INFINITY;
  }
}

/**
 * The wheel. Time goes by in ticks of a millisecond, and a deadline is met at the first tick that is not before it:
 * never early, and exact to the millisecond as far as the event loop is free. A slot of the middle ring is a
 * quarter of a second, so that 32-second timers, at ten thousand a second, are moved on in portions that take
 * no time to speak of.
 */
export class TimerWheel {
  readonly clock: Clock;
  readonly #near = new Ring(256, 0);
  readonly #middle = new Ring(1024, 8);
  /** Further away than its 18 hours is put at its end, and from there to its place. */
  readonly #far = new Ring(256, 18);
  /** All ticks up to this one are done. */
  #tick: number;
  #timeout: TimerHandle | null = null;
  #wakes = Number.POSITIVE_INFINITY;
  #turning = false;
  readonly #wake = (): void => this.#turn();

  constructor(clock: Clock = systemClock) {
    this.clock = clock;
    this.#tick = Math.floor(clock.now());
  }

  /** How many run. */
  get size(): number {
    return this.#near.size + this.#middle.size + this.#far.size;
  }

  /**
   * Starts a deadline, or starts it anew.
   * @param milliseconds from `now`; fractions count
   * @param now the clock's time, where the caller has just asked for it
   */
  start(deadline: Deadline, milliseconds: number, now = this.clock.now()): void {
    if (deadline.slot !== null) remove(deadline);
    else if (this.#wakes === Number.POSITIVE_INFINITY && !this.#turning) this.#tick = Math.ceil(now) - 1;
    deadline.due = now + milliseconds;
    const slot = this.#place(deadline, this.#tick + 1);
    if (this.#turning) return;
    const { shift } = slot.ring;
    const tick = Math.max(Math.ceil(deadline.due), this.#tick + 1);
    const wakes = floorTo(tick, 1 << shift);
    if (wakes < this.#wakes) this.#arm(Math.max(wakes, this.#tick + 1), now);
  }

  /** Stops a deadline; does nothing where it does not run. */
  stop(deadline: Deadline): void {
    if (deadline.slot !== null) remove(deadline);
    // a timeout that is now too early finds nothing due and sets the next
  }

  /** Stops all. */
  clear(): void {
    for (const ring of [this.#near, this.#middle, this.#far])
      for (const slot of ring.slots) while (slot.first !== null) remove(slot.first);
    this.#disarm();
  }

  /** Puts it into the slot of its due time, or of `earliest` where that has gone by. */
  #place(deadline: Deadline, earliest: number): Slot {
    let tick = Math.max(Math.ceil(deadline.due), earliest);
    const distance = tick - this.#tick;
    let ring = this.#near;
    if (distance >= ring.span) ring = this.#middle;
    if (distance >= ring.span) {
      ring = this.#far;
      tick = Math.min(tick, this.#tick + ring.span - 1);
    }
    const slot = ring.at(tick);
    append(slot, deadline);
    return slot;
  }

  #turn(): void {
    this.#wakes = Number.POSITIVE_INFINITY;
    this.#turning = true;
    const until = Math.floor(this.clock.now());
    try {
      for (let tick = this.#next(); tick <= until; tick = this.#next()) this.#do(tick);
      this.#tick = Math.max(this.#tick, until);
    } finally {
      this.#turning = false;
      const next = this.#next();
      if (next < Number.POSITIVE_INFINITY) this.#arm(next, this.clock.now());
    }
  }

  /** The next tick with something to do. */
  #next(): number {
    const near = this.#near.next(this.#tick);
    if (near <= floorTo(this.#tick, this.#near.span) + this.#near.span) return near;
    const middle = Math.min(near, this.#middle.next(this.#tick));
    return Math.min(middle, this.#far.next(this.#tick));
  }

  #do(tick: number): void {
    this.#tick = tick;
    if (tick % this.#near.span === 0) {
      if (tick % this.#middle.span === 0) this.#moveOn(this.#far.at(tick));
      this.#moveOn(this.#middle.at(tick));
    }
    const slot = this.#near.at(tick);
    try {
      for (let first = slot.first; first !== null; first = slot.first) {
        remove(first);
        first.onDeadline();
      }
    } finally {
      // one has thrown: the others of its millisecond are done by the next turn
      if (slot.first !== null) this.#tick = tick - 1;
    }
  }

  /** Gives what is in a slot that begins now to the rings inside. */
  #moveOn(slot: Slot): void {
    for (let first = slot.first; first !== null; first = slot.first) {
      remove(first);
      this.#place(first, this.#tick);
    }
  }

  #arm(tick: number, now: number): void {
    this.#disarm();
    this.#wakes = tick;
    this.#timeout = this.clock.setTimer(Math.min(Math.ceil(tick - now), LONGEST_DELAY), this.#wake);
  }

  #disarm(): void {
    if (this.#wakes === Number.POSITIVE_INFINITY) return;
    if (this.#timeout !== null) this.clock.clearTimer(this.#timeout);
    this.#wakes = Number.POSITIVE_INFINITY;
  }
}

/** What Node's timeouts take. */
const LONGEST_DELAY = 2 ** 31 - 1;

function append(slot: Slot, deadline: Deadline): void {
  const { last } = slot;
  deadline.slot = slot;
  deadline.previous = last;
  if (last === null) slot.first = deadline;
  else last.next = deadline;
  slot.last = deadline;
  slot.ring.size++;
}

function remove(deadline: Deadline): void {
  const { slot, previous, next } = deadline;
  if (slot === null) return;
  if (previous === null) slot.first = next;
  else previous.next = next;
  if (next === null) slot.last = previous;
  else next.previous = previous;
  deadline.slot = null;
  deadline.previous = null;
  deadline.next = null;
  slot.ring.size--;
}

/** The wheel of this process: transactions and the deadlines of transfers wait in it. */
export const processTimers = new TimerWheel();

const wheels = new WeakMap<Clock, TimerWheel>([[systemClock, processTimers]]);

/** The wheel of a clock: all that waits by one clock waits in one wheel. */
export function timersOf(clock: Clock): TimerWheel {
  let wheel = wheels.get(clock);
  if (wheel === undefined) {
    wheel = new TimerWheel(clock);
    wheels.set(clock, wheel);
  }
  return wheel;
}
