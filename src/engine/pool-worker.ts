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

export class PoolWorker<R extends Routing> implements Worker<R> {
  readonly id: number;
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
  readonly #resume: (worker: PoolWorker<R>, job: Job<R>) => void;

  constructor(id: number, routing: R, resume: (worker: PoolWorker<R>, job: Job<R>) => void) {
    this.id = id;
    this.routing = routing;
    this.#resume = resume;
  }

  resume(job: Job<R>): void {
    this.#resume(this, job);
  }
}
