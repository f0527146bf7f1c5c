/**
 * The workers of a process. A worker handles one message at a time and is occupied while a script waits in a blocking
 * call, but not while a handler does. Without an idle worker, messages wait in a bounded queue, or are refused rather
 * than handled too late.
 */

import { type Job, type JobKind, type Routing, stackOf } from '../runtime/index.ts';
import type { Value } from '../script/index.ts';
import { ByteBudget, type Clock, isPending, Waiters } from '../timers/index.ts';
import { Fifo } from './fifo.ts';
import { PoolWorker, type Queued } from './pool-worker.ts';

/** The fate of a new request: a worker has started on it, it waits for one, or it is refused because of overload. */
export type Admission = 'begun' | 'waits' | 'refused';

export interface PoolOptions {
  readonly count: number;
  /** The number of the first worker. Default 0. */
  readonly firstId?: number;
  /** Maximum number of queued messages. Default 10,000. */
  readonly queueLimit?: number | undefined;
  /** How long a new request may wait for a worker, in ms. Default 4,000. */
  readonly queueTimeout?: number | undefined;
  /** Maximum number of waiting handlers. Default 10,000. */
  readonly handlerLimit?: number | undefined;
  /** Heap budget of waiting messages, those of handlers included. Default: unlimited. */
  readonly memory?: ByteBudget;
}

/**
 * Longest queueing time in a burst when the CPU, not the workers, is the bottleneck (ms). Messages that arrive while a
 * process is stopped are a burst.
 */
const processorTimeout = 1000;

/**
 * Longest queueing time under lasting overload (ms): if the queue has not been empty for the longest queueing time of a
 * burst. Below T1 (RFC 3261, 17.1.1.2), after which clients retransmit: whatever is served is served early, and the
 * server recovers as soon as the load drops.
 */
const shortTimeout = 250;

/**
 * How long scripts run under CPU overload before other work gets its turn (ms). Only their own time counts: within one
 * turn the system may have run other programs, or much may have been received.
 */
const slice = 5;

interface Waiting<R extends Routing> extends Queued<R> {
  readonly since: number;
  /** Called instead of the job if it has waited too long. */
  readonly refuse: () => void;
}

/** Heap size of a job without its message, in bytes. */
const JOB_BYTES = 1024;

/** Maximum number of workers that others replace while they wait. */
const mostReplaced = 10_000;

/** The state of a pool, independent of its jobs. */
export interface PoolState {
  /** The number of workers, and how many of them are busy. */
  readonly size: number;
  readonly busy: number;
  /** Number of messages that wait for a worker. */
  readonly queued: number;
  /** Number of handlers that wait without a worker. */
  readonly handlers: number;
  /** Whether the event loop is late. */
  set isBehind(isBehind: boolean);
  /** Resolves when the pool is idle. */
  idle(): Promise<void>;
}

export class WorkerPool<R extends Routing> implements PoolState {
  readonly #routing: R;
  readonly #clock: Clock;
  readonly #workers: readonly PoolWorker<R>[];
  /** Those that replace waiting workers, or still have work: they count. */
  readonly #substitutes = new Set<PoolWorker<R>>();
  /** Those that are not needed now. */
  readonly #spare = new Set<PoolWorker<R>>();
  /** How many workers are replaced. */
  #replaced = 0;
  #nextId: number;
  #initial: readonly Value[] = [];
  /** The most recently used last: a few busy connections are better than many idle ones. */
  readonly #idle: PoolWorker<R>[] = [];
  /** Jobs of existing calls: replies, requests within dialogs, jobs started by scripts. */
  readonly #urgent = new Fifo<Queued<R>>();
  readonly #new = new Fifo<Waiting<R>>();
  readonly #queueLimit: number;
  readonly #queueTimeout: number;
  readonly #handlerLimit: number;
  readonly #memory: ByteBudget;
  /** Since when the queue of new requests has not been empty; null if it is. */
  #waitingSince: number | null = null;
  #busy = 0;
  /** When a worker last became free after all had been busy. */
  #allWaitedAt = Number.NEGATIVE_INFINITY;
  /** Number of pending handlers that have returned their worker. */
  #handlers = 0;
  readonly #onIdle = new Waiters();
  #isBehind = false;
  /** How long scripts have run in this slice, in ms. */
  #used = 0;
  #turn: NodeJS.Immediate | null = null;

  constructor(routing: R, options: PoolOptions) {
    this.#routing = routing;
    this.#clock = routing.host.clock;
    this.#queueLimit = options.queueLimit ?? 10_000;
    this.#queueTimeout = options.queueTimeout ?? 4000;
    this.#handlerLimit = options.handlerLimit ?? 10_000;
    this.#memory = options.memory ?? new ByteBudget(Number.POSITIVE_INFINITY);
    const firstId = options.firstId ?? 0;
    this.#workers = Array.from({ length: options.count }, (_, i) => this.#create(firstId + i));
    this.#nextId = firstId + options.count;
    for (const worker of this.#workers.toReversed()) this.#list(worker);
  }

  #create(id: number, isSubstitute = false): PoolWorker<R> {
    return new PoolWorker(id, isSubstitute, this.#routing, {
      resume: (worker, job) => this.resume(worker, job),
      replace: (until) => this.#replace(until),
    });
  }

  /** Gives every worker's `$var` store its first values. */
  initialize(values: readonly Value[]): void {
    this.#initial = values;
    for (const { slots } of this.#workers) Object.assign(slots, values);
  }

  get size(): number {
    return this.#workers.length + this.#substitutes.size;
  }

  /** Number of messages that wait for a worker. */
  get queued(): number {
    return this.#urgent.length + this.#new.length;
  }

  get busy(): number {
    return this.#busy;
  }

  /** Number of handlers that wait without a worker. */
  get handlers(): number {
    return this.#handlers;
  }

  /** Whether the event loop is late: scripts then run in slices, and new messages wait. */
  set isBehind(isBehind: boolean) {
    // otherwise the whole queue would run at once, and nothing be received meanwhile
    this.#isBehind = isBehind || (this.#isBehind && this.queued > 0);
  }

  /**
   * Gives the job to an idle worker, or queues it before all new requests. False, without running it, if the queue is
   * full, in number or in bytes, or too many handlers wait. `size` is the size of its message, in bytes.
   */
  submit(job: Job<R>, size = 0, kind: JobKind = 'script'): boolean {
    if (kind === 'handler' && this.#hasManyHandlers) return false;
    const bytes = JOB_BYTES + size;
    const worker = this.#takeIdle();
    if (worker !== null) {
      this.#work(worker, job, kind, bytes);
      return true;
    }
    if (this.#urgent.length >= this.#queueLimit || !this.#memory.reserve(bytes)) return false;
    this.#urgent.push({ job, kind, bytes });
    this.#later();
    return true;
  }

  /**
   * Like {@link submit}, for a new request, which comes after all urgent jobs. Refused if the queue is full, or earlier
   * requests have waited so long that this one would be too late; `refuse` is called if that turns out later. `waited`:
   * how long it has waited before, in ms. `size` is the size of its message, in bytes.
   */
  admit(job: Job<R>, refuse: () => void, waited = 0, size = 0, kind: JobKind = 'script'): Admission {
    if (kind === 'handler' && this.#hasManyHandlers) return 'refused';
    const bytes = JOB_BYTES + size;
    const worker = this.#takeIdle();
    if (worker !== null) {
      this.#work(worker, job, kind, bytes);
      return 'begun';
    }
    const now = this.#clock.now();
    if (this.#new.length >= this.#queueLimit || this.#allAreLate(now) || !this.#memory.reserve(bytes))
      return 'refused';
    const since = now - waited;
    this.#new.push({ job, kind, since, refuse, bytes });
    this.#waitingSince ??= now;
    this.#later();
    return 'waits';
  }

  /** A worker waits for something outside: another one takes new messages until the promise settles. */
  #replace(until: Promise<unknown>): void {
    if (this.#replaced >= mostReplaced) return;
    this.#replaced++;
    if (this.#substitutes.size < this.#replaced) {
      const [spare] = this.#spare;
      const worker = spare ?? this.#create(this.#nextId++, true);
      if (spare === undefined) Object.assign(worker.slots, this.#initial);
      this.#engage(worker);
      this.#list(worker);
      if (this.queued > 0) this.#later();
    }
    const settled = (): void => {
      this.#replaced--;
      const idle = [...this.#substitutes].find(({ busy }) => !busy);
      if (idle !== undefined && this.#substitutes.size > this.#replaced) this.#dismiss(idle);
    };
    until.then(settled, settled);
  }

  #engage(worker: PoolWorker<R>): void {
    this.#spare.delete(worker);
    this.#substitutes.add(worker);
  }

  #dismiss(worker: PoolWorker<R>): void {
    if (worker.listed) this.#idle.splice(this.#idle.indexOf(worker), 1);
    worker.listed = false;
    this.#substitutes.delete(worker);
    this.#spare.add(worker);
  }

  resume(worker: PoolWorker<R>, job: Job<R>): void {
    if (worker.busy) worker.resumptions.push({ job, kind: 'script', bytes: 0 });
    else this.#work(worker, job, 'script', 0);
  }

  /** A handler waits without a worker: it counts, with a message of `size` bytes, until {@link handlerEnded}. */
  handlerBegan(size: number): void {
    this.#handlers++;
    this.#memory.charge(JOB_BYTES + size);
  }

  /** The handler has ended, or its wait is counted elsewhere. */
  handlerEnded(size: number): void {
    this.#handlers--;
    this.#memory.release(JOB_BYTES + size);
    this.#tellIfIdle();
  }

  /** Resolves when no worker is busy, the queue is empty, and all handlers have ended. */
  async idle(): Promise<void> {
    while (!this.#isIdle) await this.#onIdle.wait();
  }

  get #isIdle(): boolean {
    return this.#busy === 0 && this.queued === 0 && this.#handlers === 0;
  }

  #tellIfIdle(): void {
    if (this.#onIdle.isAwaited && this.#isIdle) this.#onIdle.wake();
  }

  get #hasManyHandlers(): boolean {
    return this.#handlers >= this.#handlerLimit || this.#memory.isFull;
  }

  /** Null without an idle worker, and when scripts have used up their slice. */
  #takeIdle(): PoolWorker<R> | null {
    if (this.#isBehind && !this.#hasTime()) return null;
    for (;;) {
      const worker = this.#idle.pop();
      if (worker === undefined) return null;
      worker.listed = false;
      if (!worker.busy) return worker;
    }
  }

  #list(worker: PoolWorker<R>): void {
    if (worker.listed) return;
    worker.listed = true;
    this.#idle.push(worker);
  }

  /** Runs the job, then queued ones. */
  #work(worker: PoolWorker<R>, job: Job<R>, kind: JobKind, bytes: number): void {
    if (!worker.busy) {
      worker.busy = true;
      this.#busy++;
      // one that was dismissed continues with what it has begun
      if (worker.isSubstitute) this.#engage(worker);
    }
    if (!this.#occupies(worker, job, kind, bytes)) this.#goOn(worker);
  }

  /** Runs queued jobs until one suspends the worker, or none are left. */
  #goOn(worker: PoolWorker<R>): void {
    for (let next = this.#nextFor(worker); next !== undefined; next = this.#nextFor(worker))
      if (this.#occupies(worker, next.job, next.kind, next.bytes)) return;
    this.#rest(worker);
  }

  /** Starts the job. Returns whether it keeps the worker, which then continues when the job ends. */
  #occupies(worker: PoolWorker<R>, job: Job<R>, kind: JobKind, bytes: number): boolean {
    const pending = this.#run(worker, job);
    if (pending === undefined) return false;
    if (kind === 'handler') {
      this.#outlasts(pending, bytes - JOB_BYTES);
      return false;
    }
    pending.then(
      () => this.#next(worker),
      (error: unknown) => {
        this.#failed(error);
        this.#next(worker);
      },
    );
    return true;
  }

  /** Counts a waiting handler until it ends. */
  #outlasts(pending: Promise<unknown>, size: number): void {
    this.handlerBegan(size);
    pending.then(
      () => this.handlerEnded(size),
      (error: unknown) => {
        this.#failed(error);
        this.handlerEnded(size);
      },
    );
  }

  #run(worker: PoolWorker<R>, job: Job<R>): Promise<unknown> | undefined {
    // CPU time, so always the real clock
    const began = this.#isBehind ? performance.now() : 0;
    try {
      const done = job(worker);
      return isPending(done) ? done : undefined;
    } catch (error) {
      this.#failed(error);
      return undefined;
    } finally {
      if (began > 0) this.#used += performance.now() - began;
    }
  }

  /** Continues after a job that suspended the worker. */
  #next(worker: PoolWorker<R>): void {
    if (this.#busy >= this.size) this.#allWaitedAt = this.#clock.now();
    this.#goOn(worker);
  }

  #nextFor(worker: PoolWorker<R>): Queued<R> | undefined {
    const resumption = worker.resumptions.shift();
    if (resumption !== undefined || this.queued === 0) return resumption;
    if (this.#isBehind && !this.#hasTime()) return undefined;
    const urgent = this.#urgent.shift();
    if (urgent === undefined) return this.#nextNew();
    this.#memory.release(urgent.bytes);
    return urgent;
  }

  /**
   * The first new request that has not waited too long. The last one is served late rather than never, within the
   * limit.
   */
  #nextNew(): Queued<R> | undefined {
    const now = this.#clock.now();
    const longest = this.#longestWait(now);
    for (let waiting = this.#new.shift(); waiting !== undefined; waiting = this.#new.shift()) {
      this.#memory.release(waiting.bytes);
      const isLast = this.#new.length === 0;
      if (isLast) this.#waitingSince = null;
      if (now - waiting.since <= (isLast ? this.#queueTimeout : longest)) return waiting;
      waiting.refuse();
    }
    return undefined;
  }

  /**
   * Decides only while all workers are busy: an idle one gets to the queue in this turn or the next, and decides then.
   */
  #allAreLate(now: number): boolean {
    const { first } = this.#new;
    return this.#busy >= this.size && first !== undefined && now - first.since > this.#longestWait(now);
  }

  #longestWait(now: number): number {
    const isForWorkers = this.#busy >= this.size || now - this.#allWaitedAt < processorTimeout;
    const inBurst = isForWorkers ? this.#queueTimeout : Math.min(processorTimeout, this.#queueTimeout);
    const stands = this.#waitingSince !== null && now - this.#waitingSince > inBurst;
    return stands ? Math.min(shortTimeout, inBurst) : inBurst;
  }

  #rest(worker: PoolWorker<R>): void {
    worker.busy = false;
    this.#busy--;
    if (this.#substitutes.size > this.#replaced && this.#substitutes.has(worker)) this.#dismiss(worker);
    else this.#list(worker);
    if (this.queued > 0) this.#later();
    else this.#tellIfIdle();
  }

  /** Whether another script may run in this turn of the event loop. */
  #hasTime(): boolean {
    if (this.#turn === null) {
      this.#used = 0;
      this.#turn = setImmediate(() => this.#nextTurn());
    }
    return this.#used < slice;
  }

  /** Continues with queued jobs in the next turn, although workers are idle. */
  #later(): void {
    if (this.#busy < this.size) this.#turn ??= setImmediate(() => this.#nextTurn());
  }

  #nextTurn(): void {
    this.#turn = null;
    while (this.queued > 0) {
      const worker = this.#takeIdle();
      if (worker === null) break;
      const next = this.#nextFor(worker);
      if (next !== undefined) this.#work(worker, next.job, next.kind, next.bytes);
      else this.#list(worker);
    }
    if (this.queued > 0) this.#later();
    else this.#tellIfIdle();
  }

  #failed(error: unknown): void {
    this.#routing.log.error(`a worker's job failed: ${stackOf(error)}`);
  }
}
