/** A worker, as the policy that runs on it sees it: it handles one message at a time, and many share a process. */
import type { Value } from '../script/index.ts';
import type { Routing } from './routing.ts';
import type { States } from './state.ts';

/** A piece of work for a worker; it keeps the worker until the promise settles. */
export type Job = (worker: Worker) => unknown;

export interface Worker {
  /** From 0, within the whole server. */
  readonly id: number;
  readonly routing: Routing;
  /** The worker's `$var` store, by slot; see variables/script-store.ts. */
  readonly slots: Value[];
  /** `$log_level` and `$xlog_level`, where a script has set them. */
  logLevel: number | null;
  xlogLevel: number | null;
  readonly states: States<Worker>;
  /** Does the job on this worker as soon as it is free, before any new message. */
  resume(job: Job): void;
}
