/** The timers of RFC 3261, 17 and table 4: their values, their clock, and the one queue that they wait in. */

/** In milliseconds. Everything else follows from these three. */
export interface TimerValues {
  /** The round-trip time estimate. */
  readonly t1: number;
  /** The longest interval between retransmissions. */
  readonly t2: number;
  /** How long a message stays in the network. */
  readonly t4: number;
}

export const RFC_TIMERS: TimerValues = { t1: 500, t2: 4000, t4: 5000 };

/** Where time comes from; a test puts a simulated one in its place. */
export interface Clock {
  /** Milliseconds that never go back. */
  now(): number;
  setTimeout(callback: () => void, milliseconds: number): unknown;
  clearTimeout(handle: unknown): void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, milliseconds) => setTimeout(callback, milliseconds).unref(),
  clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
};

/** One entry of the queue, which its owner keeps and starts again and again. */
export class Timer {
  readonly fire: () => void;
  /** The clock's time at which it fires. */
  due = 0;
  /** Its place in the queue, -1 when it does not run. */
  place = -1;

  constructor(fire: () => void) {
    this.fire = fire;
  }

  get running(): boolean {
    return this.place >= 0;
  }
}

/** Timers by due time, a binary heap, with one timeout of the clock for all. It does not keep the process alive. */
export class TimerQueue {
  readonly clock: Clock;
  readonly #heap: Timer[] = [];
  #timeout: unknown;
  #timeoutDue = Number.POSITIVE_INFINITY;
  #firing = false;

  constructor(clock: Clock = systemClock) {
    this.clock = clock;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Starts it, or starts it anew. */
  start(timer: Timer, milliseconds: number): void {
    if (timer.place >= 0) this.#remove(timer);
    timer.due = this.clock.now() + milliseconds;
    this.#heap.push(timer);
    this.#rise(this.#heap.length - 1, timer);
    if (timer.place === 0) this.#arm();
  }

  stop(timer: Timer): void {
    if (timer.place >= 0) this.#remove(timer);
    // a timeout that is now too early finds nothing due and sets the next
  }

  /** Stops all. */
  clear(): void {
    for (const timer of this.#heap) timer.place = -1;
    this.#heap.length = 0;
    this.#disarm();
  }

  #arm(): void {
    const first = this.#heap[0];
    if (this.#firing || first === undefined || first.due >= this.#timeoutDue) return;
    this.#disarm();
    this.#timeoutDue = first.due;
    this.#timeout = this.clock.setTimeout(() => this.#run(), Math.max(first.due - this.clock.now(), 0));
  }

  #disarm(): void {
    if (this.#timeoutDue === Number.POSITIVE_INFINITY) return;
    this.clock.clearTimeout(this.#timeout);
    this.#timeoutDue = Number.POSITIVE_INFINITY;
  }

  #run(): void {
    this.#timeoutDue = Number.POSITIVE_INFINITY;
    this.#firing = true;
    try {
      // setTimeout may come up to a millisecond early
      const until = this.clock.now() + 1;
      for (let first = this.#heap[0]; first !== undefined && first.due < until; first = this.#heap[0]) {
        this.#remove(first);
        first.fire();
      }
    } finally {
      this.#firing = false;
      this.#arm();
    }
  }

  #remove(timer: Timer): void {
    const { place } = timer;
    timer.place = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === timer) return;
    this.#rise(place, last);
    if (last.place === place) this.#sink(place, last);
  }

  #rise(place: number, timer: Timer): void {
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#heap[above];
      if (parent === undefined || parent.due <= timer.due) break;
      this.#put(place, parent);
      place = above;
    }
    this.#put(place, timer);
  }

  #sink(place: number, timer: Timer): void {
    for (;;) {
      let below = 2 * place + 1;
      let child = this.#heap[below];
      if (child === undefined) break;
      const right = this.#heap[below + 1];
      if (right !== undefined && right.due < child.due) {
        child = right;
        below++;
      }
      if (child.due >= timer.due) break;
      this.#put(place, child);
      place = below;
    }
    this.#put(place, timer);
  }

  #put(place: number, timer: Timer): void {
    this.#heap[place] = timer;
    timer.place = place;
  }
}
