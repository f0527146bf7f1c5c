/** One of a server's processes, as the supervisor knows it. */
import type { Worker as ClusterWorker } from 'node:cluster';
import { systemClock, type TimerHandle } from '../timers/index.ts';
import type { ScriptSource } from './load-script.ts';
import type { FromProcess, ToProcess } from './process-messages.ts';
import type { StartError } from './start-error.ts';

/** Until a process that has died is started again for the first time, in ms: doubled each time, as long as it does not stay. */
export const firstDelay = 50;

type Answer = Extract<FromProcess, { readonly id: number }>;

export class Member {
  readonly number: number;
  worker: ClusterWorker | null = null;
  sockets: readonly string[] = [];
  /** The script that it runs. */
  source: ScriptSource | null = null;
  /** It is being given the script that the others run. */
  isCatchingUp = false;
  /** It stops, and has no calls left. */
  isDrained = false;
  startedAt = 0;
  heardAt = 0;
  delay = firstDelay;
  timer: TimerHandle | null = null;
  onReady: ((error: StartError | null) => void) | null = null;
  #lastId = 0;
  /** What it was asked and has not answered, by number; null when it ended instead. */
  readonly asked = new Map<number, (answer: Answer | null) => void>();

  constructor(number: number) {
    this.number = number;
  }

  get isReady(): boolean {
    return this.sockets.length > 0;
  }

  /** Resolves to null where it ends before it answers, or does not within some ms. */
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
