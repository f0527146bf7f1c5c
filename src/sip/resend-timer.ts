/** The timer of retransmissions: a deadline that its transaction keeps beside its own, without a closure. */
import { Deadline, type TimerWheel } from '../timers/index.ts';

export interface Resending {
  /** Sends it again; `interval`: how long ago it was sent last, in ms. */
  again(interval: number): void;
}

export class ResendTimer extends Deadline {
  readonly #transaction: Resending;
  #interval: number;

  constructor(transaction: Resending) {
    super();
    this.#transaction = transaction;
    this.#interval = 0;
  }

  start(timers: TimerWheel, interval: number): void {
    this.#interval = interval;
    timers.start(this, interval);
  }

  override onDeadline(): void {
    this.#transaction.again(this.#interval);
  }
}
