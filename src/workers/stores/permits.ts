/**
 * Permits in this process's memory: so many at a time for all processes, and so many in any second. What a process holds is
 * free when it ends.
 */
import type { StoreOperation, StoreResult } from '../../runtime/index.ts';
import {
  type Awaitable,
  type ByteBudget,
  type Clock,
  RateWindow,
  type TimerHandle,
} from '../../timers/index.ts';

interface Waiter {
  readonly session: number;
  readonly most: number | null;
  readonly settle: (result: 'taken' | 'none') => void;
  /** Ends the wait. */
  timer: TimerHandle | null;
}

interface Permits {
  /** How many each session holds. */
  readonly held: Map<number, number>;
  total: number;
  /** Null without a limit of the rate, which the key determines. */
  readonly rate: RateWindow | null;
  /** In the order of asking. */
  readonly waiting: Set<Waiter>;
  /** Fires when the rate lets the next one through. */
  timer: TimerHandle | null;
}

/** What an entry takes beside its key and times, and a waiter, in bytes. */
const OVERHEAD = 256;

export class PermitTable {
  readonly #clock: Clock;
  readonly #memory: ByteBudget;
  readonly #entries = new Map<string, Permits>();

  constructor(clock: Clock, memory: ByteBudget) {
    this.#clock = clock;
    this.#memory = memory;
  }

  take({ key, most, rate, wait }: StoreOperation<'take'>, session: number): Awaitable<StoreResult<'take'>> {
    let permits = this.#entries.get(key);
    if (permits === undefined) {
      if (!this.#memory.reserve(sizeOf(key, rate))) return 'full';
      const window = rate === null ? null : new RateWindow(rate);
      permits = { held: new Map(), total: 0, rate: window, waiting: new Set(), timer: null };
      this.#entries.set(key, permits);
    }
    // whoever waits goes first
    if (permits.waiting.size === 0 && this.#grant(permits, most, session)) return 'taken';
    if (wait <= 0 || !this.#memory.reserve(OVERHEAD)) return 'none';
    const asked = permits;
    return new Promise((settle) => {
      const waiter: Waiter = { session, most, settle, timer: null };
      asked.waiting.add(waiter);
      waiter.timer = this.#clock.setTimer(wait, () => {
        this.#forget(asked, waiter);
        settle('none');
      });
      this.#wakeUp(asked);
    });
  }

  /** False: the session has none. */
  give({ key }: StoreOperation<'give'>, session: number): boolean {
    const permits = this.#entries.get(key);
    const held = permits?.held.get(session) ?? 0;
    if (permits === undefined || held === 0) return false;
    permits.held.set(session, held - 1);
    permits.total--;
    this.#passOn(permits);
    return true;
  }

  /** A process has ended. */
  end(session: number): void {
    for (const permits of this.#entries.values()) {
      for (const waiter of permits.waiting) if (waiter.session === session) this.#forget(permits, waiter);
      permits.total -= permits.held.get(session) ?? 0;
      permits.held.delete(session);
      this.#passOn(permits);
    }
  }

  #grant(permits: Permits, most: number | null, session: number): boolean {
    if (most !== null && permits.total >= most) return false;
    const now = this.#clock.now();
    if (permits.rate !== null && permits.rate.wait(now) > 0) return false;
    permits.rate?.count(now);
    permits.total++;
    permits.held.set(session, (permits.held.get(session) ?? 0) + 1);
    return true;
  }

  #passOn(permits: Permits): void {
    for (const waiter of permits.waiting) {
      if (!this.#grant(permits, waiter.most, waiter.session)) break;
      this.#forget(permits, waiter);
      waiter.settle('taken');
    }
    this.#wakeUp(permits);
  }

  /** Nothing that is given back lets the next one through when it waits for the rate. */
  #wakeUp(permits: Permits): void {
    if (permits.waiting.size === 0 || permits.timer !== null) return;
    const wait = permits.rate?.wait(this.#clock.now()) ?? 0;
    if (wait === 0) return;
    permits.timer = this.#clock.setTimer(wait, () => {
      permits.timer = null;
      this.#passOn(permits);
    });
  }

  #forget(permits: Permits, waiter: Waiter): void {
    if (waiter.timer !== null) this.#clock.clearTimer(waiter.timer);
    if (permits.waiting.delete(waiter)) this.#memory.release(OVERHEAD);
  }
}

const sizeOf = (key: string, rate: number | null): number => OVERHEAD + key.length + 8 * (rate ?? 0);
