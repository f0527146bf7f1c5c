/**
 * What may be kept waiting, in bytes. A bound on their number alone does not keep a process alive: a message has up to
 * 64 KiB, the body of an answer megabytes.
 */
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';

/** Bytes in use by one kind of thing, and how many of them there may be. */
export class ByteBudget {
  readonly limit: number;
  used = 0;
  /** How often there was no room. */
  refused = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Whether nothing new should be taken on. */
  get isFull(): boolean {
    return this.used >= this.limit;
  }

  /** Counts bytes of what is under way already and cannot be refused. */
  charge(bytes: number): void {
    this.used += bytes;
  }

  /** Counts bytes if there is room for them; false, and counted as refused, if not. */
  reserve(bytes: number): boolean {
    if (this.used + bytes > this.limit) {
      this.refused++;
      return false;
    }
    this.used += bytes;
    return true;
  }

  release(bytes: number): void {
    this.used -= bytes;
  }
}

/** How full V8's heap is. It is looked at now and then, since a look takes microseconds. */
export class HeapWatch {
  /** Whether nothing new should be taken on, garbage or not: V8 ends a process whose heap is full. */
  isShort = false;
  readonly #most: number;
  readonly #mostWithBodies: number;
  readonly #read: () => number;

  /**
   * @param most bytes in use from which on nothing new is taken on
   * @param mostWithBodies those to which large bodies may fill it
   * @param read tells the bytes in use
   */
  constructor(
    most: number,
    mostWithBodies: number,
    read: () => number = () => getHeapStatistics().used_heap_size,
  ) {
    this.#most = most;
    this.#mostWithBodies = mostWithBodies;
    this.#read = read;
  }

  /** Whether there is room for a large body. */
  hasRoomFor(bytes: number): boolean {
    return this.#read() + bytes <= this.#mostWithBodies;
  }

  look(): void {
    this.isShort = this.#read() > this.#most;
  }
}

/** The budgets of one process. */
export interface MemoryBudgets {
  readonly heap: HeapWatch;
  /** Transactions, with their messages and what their scripts keep: on the heap. */
  readonly calls: ByteBudget;
  /** Messages that wait for a worker: on the heap. */
  readonly waiting: ByteBudget;
  /** Bodies of REST answers under way, which become text on the heap at their end. */
  readonly bodies: ByteBudget;
  /** What processes share, or a process's copy of it: on the heap. */
  readonly shared: ByteBudget;
  /** Replies kept as bytes for retransmissions of answered requests: outside of the heap. */
  readonly answered: ByteBudget;
}

/** In bytes. */
export interface MemorySize {
  /** What the JavaScript heap may grow to, the young generation included. */
  readonly heap: number;
  /** What the machine, or the control group that the process runs in, has. */
  readonly machine: number;
}

/** The most that V8's young generation takes of a heap's limit: three times 16 MiB. */
const YOUNG = 48 * 1024 * 1024;

export function systemMemory(): MemorySize {
  const constrained = process.constrainedMemory();
  const total = totalmem();
  return {
    heap: getHeapStatistics().heap_size_limit,
    // 0 or a number beyond all memory where nothing constrains the process
    machine: constrained > 0 && constrained < total ? constrained : total,
  };
}

/**
 * The shares of a process in `processes` that run alike. What lives on the heap gets parts of what V8 keeps for long-lived
 * objects, which leaves nearly as much again for scripts, connections and the program itself; the rest gets a part of the heap's
 * limit or of the machine's memory, whichever is less.
 */
export function memoryBudgets(processes = 1, { heap, machine } = systemMemory()): MemoryBudgets {
  const longLived = Math.max(heap - YOUNG, heap / 2);
  const outside = Math.min(longLived, machine / 2 / processes);
  const onHeap = Math.min(longLived, machine / processes);
  return {
    heap: new HeapWatch(heap * 0.85, longLived * 0.6),
    calls: new ByteBudget(Math.floor(onHeap * 0.3125)),
    waiting: new ByteBudget(Math.floor(onHeap * 0.125)),
    shared: new ByteBudget(Math.floor(onHeap * 0.125)),
    bodies: new ByteBudget(Math.floor(outside * 0.25)),
    answered: new ByteBudget(Math.floor(outside * 0.25)),
  };
}
