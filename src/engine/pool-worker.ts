/** A worker of a pool, with the jobs that only it may run. */
import { type Job, type JobKind, type Routing, States, type Worker } from '../runtime/index.ts';
import type { Value } from '../script/index.ts';
import { Fifo } from './fifo.ts';

export interface Queued<R extends Routing> {
  readonly job: Job<R>;
  readonly kind: JobKind;
  /** Bytes reserved while it waits. */
  readonly bytes: number;
}

/** What a worker asks of its pool. */
interface Pool<R extends Routing> {
  resume(worker: PoolWorker<R>, job: Job<R>): void;
  replace(until: Promise<unknown>): void;
}

export class PoolWorker<R extends Routing> implements Worker<R> {
  readonly id: number;
  /** Whether it is in the pool only while another one waits. */
  readonly isSubstitute: boolean;
  readonly routing: R;
  readonly slots: Value[] = [];
  readonly states: States<Worker> = new States<Worker>(this);
  logLevel: number | null = null;
  xlogLevel: number | null = null;
  /** Scripts that continue after async(), before new messages. */
  readonly resumptions = new Fifo<Queued<R>>();
  busy = false;
  /** Whether it is in the pool's list of idle workers, though it may be busy again. */
  listed = false;
  readonly #pool: Pool<R>;

  constructor(id: number, isSubstitute: boolean, routing: R, pool: Pool<R>) {
    this.id = id;
    this.isSubstitute = isSubstitute;
    this.routing = routing;
    this.#pool = pool;
  }

  resume(job: Job<R>): void {
    this.#pool.resume(this, job);
  }

  replaceUntil(settled: Promise<unknown>): void {
    this.#pool.replace(settled);
  }
}
