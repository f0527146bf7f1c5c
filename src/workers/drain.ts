/** Waiting for the calls of a stopping process to end. */
import { delay, pause } from '../timers/index.ts';
import type { ProcessHost } from './process-host.ts';
import type { RunningRouting } from './running-routing.ts';

/** How long a server without calls waits for the last ACKs before it ends, in ms. */
const forAcks = 500;

/** How often it checks whether its calls have ended, in ms. */
const lookAgain = 20;

export class Drain {
  readonly #host: ProcessHost;
  readonly #routings: () => readonly RunningRouting[];
  /** When calls must have ended, by the host's clock. */
  until = 0;

  /** @param routings those whose scripts may still run */
  constructor(host: ProcessHost, routings: () => readonly RunningRouting[]) {
    this.#host = host;
    this.#routings = routings;
  }

  /** The rest of the time in ms. */
  get rest(): number {
    return this.until - this.#host.clock.now();
  }

  /** Whether all calls and scripts have ended in time. */
  async finished(): Promise<boolean> {
    const isBusy = () =>
      this.#host.transactions.unsettled > 0 || this.#routings().some(({ unfinished }) => unfinished > 0);
    while (isBusy()) {
      if (this.rest <= 0) return false;
      await delay(this.#host.clock, lookAgain);
    }
    return true;
  }

  /** The ACK to a 2xx arrives after its transaction has ended. Losing it would end the call (RFC 3261, 13.3.1.4). */
  async letAcksPass(): Promise<void> {
    for (const { isInvite, state } of this.#host.transactions) {
      if (!isInvite || state !== 'accepted') continue;
      const rest = Math.min(forAcks, this.rest);
      if (rest > 0) await delay(this.#host.clock, rest);
      return;
    }
  }

  /** Resolves when the time is up. */
  async timeIsUp(): Promise<void> {
    while (this.rest > 0) await pause(this.#host.clock, lookAgain);
  }
}
