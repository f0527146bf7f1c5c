/** Asks the replicas that are ejected whether they are well again, as long as anybody uses the host. */
import type { Clock } from '../../timers/index.ts';
import type { Send } from '../policies.ts';
import type { HttpRequest } from '../request.ts';
import type { Replica, ReplicaSet, ReplicaSettings } from './replica-set.ts';

/** A host without a request for so many intervals is not probed any more. */
const IDLE_INTERVALS = 10;

export class ReplicaProbes {
  readonly #settings: ReplicaSettings;
  readonly #set: ReplicaSet;
  readonly #clock: Clock;
  #running = false;
  #usedAt = 0;

  constructor(settings: ReplicaSettings, set: ReplicaSet, clock: Clock) {
    this.#settings = settings;
    this.#set = set;
    this.#clock = clock;
  }

  /** A request is about to be sent: keeps probing for a while. */
  keep(send: Send, request: HttpRequest, onWell: (replica: Replica) => void): void {
    const { probePath, probeInterval } = this.#settings;
    if (probePath === '') return;
    this.#usedAt = this.#clock.now();
    if (this.#running) return;
    this.#running = true;
    const like: HttpRequest = {
      ...request,
      method: 'GET',
      path: probePath,
      body: null,
      streams: null,
      signal: null,
    };
    const round = (): void => {
      if (this.#clock.now() - this.#usedAt > IDLE_INTERVALS * probeInterval) {
        this.#running = false;
        return;
      }
      for (const replica of this.#set.all)
        if (replica.ejectedUntil > 0) void this.#probe(replica, send, like, onWell);
      this.#clock.setTimer(probeInterval, round);
    };
    this.#clock.setTimer(probeInterval, round);
  }

  async #probe(
    replica: Replica,
    send: Send,
    like: HttpRequest,
    onWell: (replica: Replica) => void,
  ): Promise<void> {
    const { probeTimeout, ejectTime } = this.#settings;
    const outcome = await send({
      ...like,
      timeout: probeTimeout,
      connectTimeout: probeTimeout,
      route: { connectTo: replica },
    });
    if (replica.ejectedUntil === 0) return;
    if (outcome.kind === 'response' && !this.#set.isFailure(outcome)) {
      replica.readmit();
      onWell(replica);
    } else {
      // it need not be tried with a request before the next probe
      replica.ejectedUntil = Math.max(replica.ejectedUntil, this.#clock.now() + ejectTime);
    }
  }
}
