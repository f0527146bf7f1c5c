/** The timer of retransmissions: a deadline that its transaction keeps beside its own, without a closure. */
import { Deadline } from '../timers/index.ts';

export interface Resending {
  /** Sends it again. */
  again(): void;
}

export class ResendTimer extends Deadline {
  readonly #transaction: Resending;

  constructor(transaction: Resending) {
    super();
    this.#transaction = transaction;
  }

  override onDeadline(): void {
    this.#transaction.again();
  }
}
