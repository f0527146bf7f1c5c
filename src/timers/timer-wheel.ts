/**
 * Timers by the hundreds of thousands: a wheel of three rings whose slots are lists of deadlines, as in Varghese and
 * Lauck, "Hashed and Hierarchical Timing Wheels". Starting and stopping one costs a few pointer writes and allocates
 * nothing, since a deadline is a node of its list itself. All of them share one timeout of the clock.
 */
import { type Clock, systemClock, type TimerHandle } from './clock.ts';

/**
 * A reusable deadline kept by its owner. Its fields are assigned in the constructor, not initialized: V8 defines the
 * fields of a class with many subclasses with a slow call each.
 */
export abstract class Deadline {
  /** When it is due, on the wheel's clock. */
  declare due: number;
  /** The list it is in; null if it is not running. */
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

  /** Called once when it is due, unless it was stopped. */
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

/** One ring: each slot covers `2 ** shift` milliseconds, the whole ring `span`. */
class Ring {
  /** Made when first used: a wheel of a test needs few. */
  readonly slots: (Slot | undefined)[];
  readonly shift: number;
  readonly mask: number;
  readonly span: number;
  size = 0;

  constructor(slots: number, shift: number) {
    this.slots = new Array<Slot | undefined>(slots).fill(undefined);
    this.shift = shift;
    this.mask = slots - 1;
    this.span = slots << shift;
  }

  /** The slot of a millisecond. Bits above 2^32 are lost, but the mask drops them anyway. */
  at(tick: number): Slot {
    const place = (tick >>> this.shift) & this.mask;
    const known = this.slots[place];
    if (known !== undefined) return known;
    const slot = new Slot(this);
    this.slots[place] = slot;
    return slot;
  }

  /** The first millisecond after `tick` at which a non-empty slot begins; Infinity if all are empty. */
  next(tick: number): number {
    if (this.size === 0) return Number.POSITIVE_INFINITY;
    const { slots, mask } = this;
    const step = 1 << this.shift; // not `2 **`, which is a call of pow()
    const begin = floorTo(tick, step);
    const place = (begin >>> this.shift) & mask;
    for (let i = 1; i <= slots.length; i++) {
      const slot = slots[(place + i) & mask];
      if (slot !== undefined && slot.first !== null) return begin + i * step;
    }
    return Number.POSITIVE_INFINITY;
  }
}

/**
 * The wheel. Time advances in ticks of one millisecond, and a deadline fires at the first tick that is not before it:
 * never early, and exact to the millisecond unless the event loop is busy. A slot of the middle ring covers a quarter
 * of a second, so that 32-second timers, at ten thousand per second, move in small portions.
 */
export class TimerWheel {
  readonly clock: Clock;
  /** When the last stall of the event loop ended, on the clock, and how late what was due was then, in ms. */
  stalledUntil = Number.NEGATIVE_INFINITY;
  stalledFor = 0;
  readonly #near = new Ring(256, 0);
  readonly #middle = new Ring(1024, 8);
  /** Deadlines beyond its 18 hours wait in the last slot, and move to their place from there. */
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

  /** Number of running deadlines. */
  get size(): number {
    return this.#near.size + this.#middle.size + this.#far.size;
  }

  /**
   * Starts or restarts a deadline.
   * @param milliseconds from `now`; fractions count
   * @param now the clock's time, if the caller has just read it
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

  /** Stops a deadline; does nothing if it is not running. */
  stop(deadline: Deadline): void {
    if (deadline.slot !== null) remove(deadline);
    // a timeout that is now too early finds nothing due and schedules the next
  }

  /** Stops all deadlines. */
  clear(): void {
    for (const ring of [this.#near, this.#middle, this.#far])
      for (const slot of ring.slots) for (let first = slot?.first; first; first = slot?.first) remove(first);
    this.#disarm();
  }

  /** Puts it into the slot of its due time, or of `earliest` if that has passed. */
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
    const now = this.clock.now();
    const late = now - this.#wakes;
    if (late >= STALL) {
      this.stalledUntil = now;
      this.stalledFor = late;
    }
    this.#wakes = Number.POSITIVE_INFINITY;
    this.#turning = true;
    const until = Math.floor(now);
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
      // a callback has thrown: the remaining deadlines of this millisecond fire in the next turn
      if (slot.first !== null) this.#tick = tick - 1;
    }
  }

  /** Moves the contents of a slot that begins now to the inner rings. */
  #moveOn(slot: Slot): void {
    for (let first = slot.first; first !== null; first = slot.first) {
      remove(first);
      this.#place(first, this.#tick);
    }
  }

  #arm(tick: number, now: number): void {
    this.#disarm();
    this.#wakes = tick;
    const delay = Math.min(Math.max(Math.ceil(tick - now), 0), LONGEST_DELAY);
    this.#timeout = this.clock.setTimer(delay, this.#wake);
  }

  #disarm(): void {
    if (this.#wakes === Number.POSITIVE_INFINITY) return;
    if (this.#timeout !== null) this.clock.clearTimer(this.#timeout);
    this.#wakes = Number.POSITIVE_INFINITY;
  }
}

/** Turns that are less late are usual on a busy machine, and sockets are read in between; in ms. */
const STALL = 100;

/** The maximum of Node's timeouts. */
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

/** The wheel of this process: holds transactions and the deadlines of transfers. */
export const processTimers = new TimerWheel();

const wheels = new WeakMap<Clock, TimerWheel>([[systemClock, processTimers]]);

/** The wheel of a clock: everything that waits by one clock shares one wheel. */
export function timersOf(clock: Clock): TimerWheel {
  let wheel = wheels.get(clock);
  if (wheel === undefined) {
    wheel = new TimerWheel(clock);
    wheels.set(clock, wheel);
  }
  return wheel;
}
