/**
 * Limits on waiting data in bytes. Limiting the number of items is not enough: a message may have 64 KiB, the body of a
 * reply megabytes.
 */
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';

/** Bytes used for one purpose, with a limit. */
export class ByteBudget {
  readonly limit: number;
  used = 0;
  /** Number of refusals. */
  refused = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Whether nothing new should be accepted. */
  get isFull(): boolean {
    return this.used >= this.limit;
  }

  /** Counts bytes of work in progress, which cannot be refused. */
  charge(bytes: number): void {
    this.used += bytes;
  }

  /** Counts bytes if they fit; otherwise returns false and counts a refusal. */
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

/** How full V8's heap is; sampled, since a check takes microseconds. */
export class HeapWatch {
  /**
   * Whether nothing new should be accepted: V8 aborts a process whose heap is full, even if much of it is garbage.
   */
  isShort = false;
  readonly #most: number;
  readonly #mostWithBodies: number;
  readonly #read: () => number;

  /**
   * @param most bytes in use above which nothing new is accepted
   * @param mostWithBodies limit for large bodies
   * @param read returns the bytes in use
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

  /** Whether a large body fits. */
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
  /** Transactions with their messages and script state: on the heap. */
  readonly calls: ByteBudget;
  /** Messages that wait for a worker: on the heap. */
  readonly waiting: ByteBudget;
  /** Bodies of REST answers in progress, which become text on the heap at their end. */
  readonly bodies: ByteBudget;
  /** Data shared by processes, or a process's copy of it: on the heap. */
  readonly shared: ByteBudget;
  /** Replies kept as bytes for retransmissions of answered requests: outside of the heap. */
  readonly answered: ByteBudget;
}

/** In bytes. */
export interface MemorySize {
  /** Limit of the JavaScript heap, including the young generation. */
  readonly heap: number;
  /** Memory of the machine, or of the process's cgroup. */
  readonly machine: number;
}

/** Maximum size of V8's young generation: three times 16 MiB. */
const YOUNG = 48 * 1024 * 1024;

export function systemMemory(): MemorySize {
  const constrained = process.constrainedMemory();
  const total = totalmem();
  return {
    heap: getHeapStatistics().heap_size_limit,
    // 0 or a huge number if the process is not constrained
    machine: constrained > 0 && constrained < total ? constrained : total,
  };
}

/**
 * The budgets of one of `processes` identical processes. Budgets on the heap are shares of V8's space for long-lived
 * objects, which leaves nearly as much for scripts, connections and the program; the others are shares of the heap's
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
