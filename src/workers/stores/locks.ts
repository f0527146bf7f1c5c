/** Locks in this process's memory, with their owners and waiters. */
import type { StoreOperation, StoreResult } from '../../runtime/index.ts';
import type { Awaitable, ByteBudget, Clock, TimerHandle } from '../../timers/index.ts';

/** An owner's number is unique within its session. */
interface Holder {
  readonly session: number;
  readonly owner: number;
  readonly lease: number | null;
}

interface Waiter extends Holder {
  readonly settle: (result: 'granted' | 'held') => void;
  timer: TimerHandle | null;
}

interface Lock {
  holder: Holder;
  /** How often the holder has taken it. */
  holds: number;
  /** Ends the lease. */
  timer: TimerHandle | null;
  /** In the order of asking. */
  waiting: Waiter[];
}

type Space = Map<string, Lock>;

/** Size of a lock without its key, and of a waiter, in bytes. */
const OVERHEAD = 256;

const isSame = (one: Holder, session: number, owner: number) =>
  one.session === session && one.owner === owner;

export class Locks {
  readonly #clock: Clock;
  readonly #memory: ByteBudget;
  readonly #spaces = new Map<string, Space>();

  constructor(clock: Clock, memory: ByteBudget) {
    this.#clock = clock;
    this.#memory = memory;
  }

  take(operation: StoreOperation<'lock'>, session: number): Awaitable<StoreResult<'lock'>> {
    const { key, owner, reentrant, wait, lease } = operation;
    const space = this.#space(operation.space);
    const lock = space.get(key);
    if (lock === undefined) {
      if (!this.#memory.reserve(sizeOf(key))) return 'full';
      const taken: Lock = { holder: { session, owner, lease }, holds: 1, timer: null, waiting: [] };
      space.set(key, taken);
      this.#startLease(space, key, taken);
      return 'granted';
    }
    if (isSame(lock.holder, session, owner)) {
      if (!reentrant) return 'own';
      lock.holds++;
      return 'granted';
    }
    if (wait === 0) return 'held';
    if (!this.#memory.reserve(OVERHEAD)) return 'full';
    return new Promise((settle) => {
      const waiter: Waiter = { session, owner, lease, settle, timer: null };
      lock.waiting.push(waiter);
      if (wait !== null) waiter.timer = this.#clock.setTimer(wait, () => this.#giveUp(lock, waiter));
    });
  }

  release({ space: name, key, owner }: StoreOperation<'unlock'>, session: number): boolean {
    const space = this.#space(name);
    const lock = space.get(key);
    if (lock === undefined || !isSame(lock.holder, session, owner)) return false;
    if (--lock.holds === 0) this.#passOn(space, key, lock);
    return true;
  }

  /** Called when a process has ended: releases its locks and removes its waiters. */
  end(session: number): void {
    for (const space of this.#spaces.values()) {
      for (const [key, lock] of space) {
        for (const waiter of lock.waiting) if (waiter.session === session) this.#forget(waiter);
        lock.waiting = lock.waiting.filter((waiter) => waiter.session !== session);
        if (lock.holder.session === session) this.#passOn(space, key, lock);
      }
    }
  }

  #space(name: string): Space {
    let space = this.#spaces.get(name);
    if (space === undefined) {
      space = new Map();
      this.#spaces.set(name, space);
    }
    return space;
  }

  #passOn(space: Space, key: string, lock: Lock): void {
    if (lock.timer !== null) this.#clock.clearTimer(lock.timer);
    lock.timer = null;
    const next = lock.waiting.shift();
    if (next === undefined) {
      space.delete(key);
      this.#memory.release(sizeOf(key));
      return;
    }
    this.#forget(next);
    lock.holder = next;
    lock.holds = 1;
    this.#startLease(space, key, lock);
    next.settle('granted');
  }

  #startLease(space: Space, key: string, lock: Lock): void {
    const { lease } = lock.holder;
    if (lease !== null) lock.timer = this.#clock.setTimer(lease, () => this.#passOn(space, key, lock));
  }

  #giveUp(lock: Lock, waiter: Waiter): void {
    lock.waiting.splice(lock.waiting.indexOf(waiter), 1);
    this.#forget(waiter);
    waiter.settle('held');
  }

  /** Removes a waiter. */
  #forget(waiter: Waiter): void {
    if (waiter.timer !== null) this.#clock.clearTimer(waiter.timer);
    this.#memory.release(OVERHEAD);
  }
}

const sizeOf = (key: string) => OVERHEAD + key.length;
