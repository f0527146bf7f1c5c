/** The supervisor's view of a process. */
import type { Worker as ClusterWorker } from 'node:cluster';
import { systemClock, type TimerHandle, Waiters } from '../timers/index.ts';
import type { LoadedSource } from './loaded.ts';
import type { FromProcess, ToProcess } from './process-messages.ts';
import type { StartError } from './start-error.ts';
import type { ProcessStatus } from './status.ts';

/** Time until the first restart of a dead process, in ms; doubled while it keeps dying. */
export const firstDelay = 50;

type Answer = Extract<FromProcess, { readonly id: number }>;

export class Member {
  readonly number: number;
  worker: ClusterWorker | null = null;
  sockets: readonly string[] = [];
  /** Its script. */
  source: LoadedSource | null = null;
  /** Whether it is being brought to the script of the others. */
  isCatchingUp = false;
  /** Whether it has no calls left while stopping. */
  isDrained = false;
  /** The latest figures of the running process. */
  latest: ProcessStatus | null = null;
  startedAt = 0;
  heardAt = 0;
  delay = firstDelay;
  timer: TimerHandle | null = null;
  /** Its first start: null, or why it failed. Not awaited when it is started again. */
  readonly start = new Waiters<StartError | null>();
  #lastId = 0;
  /** Handlers of pending answers by number, called with null if it ends instead. */
  readonly asked = new Map<number, (answer: Answer | null) => void>();

  constructor(number: number) {
    this.number = number;
  }

  get isReady(): boolean {
    return this.sockets.length > 0;
  }

  /** Resolves to null if it ends before answering, or does not answer in time. */
  async ask<Kind extends Answer['kind']>(
    question: (id: number) => ToProcess,
    kind: Kind,
    within = Number.POSITIVE_INFINITY,
  ): Promise<Extract<Answer, { kind: Kind }> | null> {
    const id = ++this.#lastId;
    const answer = await new Promise<Answer | null>((resolve) => {
      this.asked.set(id, resolve);
      if (within < Number.POSITIVE_INFINITY) systemClock.setTimer(within, () => resolve(null));
      this.send(question(id));
    });
    this.asked.delete(id);
    return answer?.kind === kind ? (answer as Extract<Answer, { kind: Kind }>) : null;
  }

  send(message: ToProcess): void {
    if (this.worker?.isConnected() === true) this.worker.send(message, () => undefined);
  }
}
