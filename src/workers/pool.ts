/**
 * The script workers of a process. A worker handles one message at a time and is occupied while the script
 * waits in a blocking call; messages that find none idle wait in a bounded queue.
 */
import { initialSlots, type Job, type Server, States, type Value, type Worker } from '../runtime/index.ts';
import { Fifo } from './fifo.ts';

class ScriptWorker implements Worker {
  readonly id: number;
  readonly server: Server;
  readonly slots: Value[] = [];
  readonly states: States<Worker> = new States<Worker>(this);
  logLevel: number | null = null;
  xlogLevel: number | null = null;
  /** Scripts that go on after async(): they come before new messages. */
  readonly resumptions = new Fifo<Job>();
  busy = false;
  /** Whether it stands in the pool's list of idle ones, maybe no longer idle. */
  listed = false;
  readonly #pool: WorkerPool;

  constructor(id: number, server: Server, pool: WorkerPool) {
    this.id = id;
    this.server = server;
    this.#pool = pool;
  }

  resume(job: Job): void {
    this.#pool.resume(this, job);
  }
}

export class WorkerPool {
  readonly #server: Server;
  readonly #workers: readonly ScriptWorker[];
  /** The most recently used last: a few busy connections are better than many idle ones. */
  readonly #idle: ScriptWorker[] = [];
  readonly #queue = new Fifo<Job>();
  readonly #queueLimit: number;
  #busy = 0;
  #onIdle: (() => void) | null = null;

  constructor(server: Server, count: number, queueLimit: number) {
    this.#server = server;
    this.#queueLimit = queueLimit;
    this.#workers = Array.from({ length: count }, (_, id) => new ScriptWorker(id, server, this));
    for (const worker of this.#workers.toReversed()) this.#list(worker);
  }

  /** Gives each worker the variables that modules have set; before any of them runs a script. */
  initialize(): void {
    const initial = this.#server.states.get(initialSlots);
    for (const { slots } of this.#workers) Object.assign(slots, initial);
  }

  get size(): number {
    return this.#workers.length;
  }

  /** How many messages wait for a worker. */
  get queued(): number {
    return this.#queue.length;
  }

  get busy(): number {
    return this.#busy;
  }

  /** Gives the job to an idle worker, or queues it. False when the queue is full: the job is not done. */
  submit(job: Job): boolean {
    const worker = this.#takeIdle();
    if (worker !== null) {
      this.#work(worker, job);
      return true;
    }
    if (this.#queue.length >= this.#queueLimit) return false;
    this.#queue.push(job);
    return true;
  }

  resume(worker: ScriptWorker, job: Job): void {
    if (worker.busy) worker.resumptions.push(job);
    else this.#work(worker, job);
  }

  /** Resolves when no worker is busy and nothing waits for one. */
  async idle(): Promise<void> {
    while (this.#busy > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
  }

  #takeIdle(): ScriptWorker | null {
    for (;;) {
      const worker = this.#idle.pop();
      if (worker === undefined) return null;
      worker.listed = false;
      if (!worker.busy) return worker;
    }
  }

  #list(worker: ScriptWorker): void {
    if (worker.listed) return;
    worker.listed = true;
    this.#idle.push(worker);
  }

  /** Does the job, and then what waits, until the worker has to wait itself or has nothing to do. */
  #work(worker: ScriptWorker, first: Job): void {
    if (!worker.busy) {
      worker.busy = true;
      this.#busy++;
    }
    for (
      let job: Job | undefined = first;
      job !== undefined;
      job = worker.resumptions.shift() ?? this.#queue.shift()
    ) {
      const pending = this.#run(worker, job);
      if (pending === undefined) continue;
      pending.then(
        () => this.#next(worker),
        (error: unknown) => {
          this.#failed(error);
          this.#next(worker);
        },
      );
      return;
    }
    this.#rest(worker);
  }

  #run(worker: ScriptWorker, job: Job): Promise<unknown> | undefined {
    try {
      const done = job(worker);
      return done instanceof Promise ? done : undefined;
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  #next(worker: ScriptWorker): void {
    const job = worker.resumptions.shift() ?? this.#queue.shift();
    if (job === undefined) this.#rest(worker);
    else this.#work(worker, job);
  }

  #rest(worker: ScriptWorker): void {
    worker.busy = false;
    this.#busy--;
    this.#list(worker);
    if (this.#busy === 0) this.#onIdle?.();
  }

  #failed(error: unknown): void {
    this.#server.log.error(
      `a worker's job failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  }
}
