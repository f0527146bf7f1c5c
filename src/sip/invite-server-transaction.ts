/** The INVITE server transaction (RFC 3261, 17.2.1, figure 7, with the Accepted state of RFC 6026, 7.1). */
import type { SipRequest } from './message.ts';
import { ownCopy } from './own-copy.ts';
import { type Resending, ResendTimer } from './resend-timer.ts';
import {
  ackKey,
  type Ending,
  type SendOptions,
  ServerTransaction,
  type ServerTransactionContext,
} from './server-transaction.ts';

/**
 * ```
 *               INVITE
 *                 V                 send 1xx; INVITE -> send it again
 *           +------------+---------+
 *           | Proceeding |         |
 *           +------------+<--------+
 *     send 300-699 |    | send 2xx
 *                  V    +-------------------> +----------+ INVITE -> absorbed; send 2xx
 *           +------------+                    | Accepted |---+
 *           | Completed  | INVITE, G: again   +----------+<--+
 *           +------------+                         | L
 *         ACK |      | H: timeout                  V
 *             V      +-----------> Terminated <----+
 *           +------------+               ^
 *           | Confirmed  | ACK absorbed  |
 *           +------------+--- I ---------+
 * ```
 * Its user sends the 100, at once.
 */
export class InviteServerTransaction extends ServerTransaction implements Resending {
  readonly isInvite = true;
  /** Timer G; for a 2xx that waits for its ACK, the timer of 13.3.1.4. Null if it was never started. */
  #resend: ResendTimer | null = null;
  /** The key of the awaited ACK to its 2xx. */
  #ackKey: string | null = null;

  constructor(request: SipRequest, key: string, context: ServerTransactionContext, forceRport: boolean) {
    super(request, ownCopy(key), context, 'proceeding', forceRport);
    context.timers.start(this, context.finalTimeout);
  }

  protected override get isOpen(): boolean {
    return super.isOpen || this.state === 'completed' || this.#ackKey !== null;
  }

  receive(request: SipRequest): void {
    if (request.method === 'ACK') {
      if (this.state !== 'completed') return;
      if (this.destination !== null) this.context.isAlive(this.destination.address);
      this.#stopResending();
      this.fallSilent();
      this.enter('confirmed', this.reliable ? 0 : this.context.values.t4); // timer I
    } else if (this.state === 'proceeding' || this.state === 'completed') this.retransmit();
    // RFC 6026, 7.1 absorbs it in Accepted, but the element that answered may repeat its 2xx at any time
    else if (this.state === 'accepted' && this.#ackKey !== null) this.retransmit();
  }

  override acknowledged(): void {
    if (this.#ackKey === null) return;
    if (this.destination !== null) this.context.isAlive(this.destination.address);
    this.#stopResending();
    this.#stopWaiting();
    this.fallSilent();
  }

  #stopWaiting(): void {
    if (this.#ackKey !== null) this.context.awaitsAck(this, this.#ackKey, false);
    this.#ackKey = null;
    this.settle();
  }

  override terminate(ending: Ending = 'done'): void {
    this.#stopResending();
    this.#stopWaiting();
    super.terminate(ending);
  }

  protected override takes(status: number): boolean {
    return this.state === 'proceeding' || (this.state === 'accepted' && status >= 200 && status < 300);
  }

  protected accept(status: number, _reply: Buffer, options: SendOptions): boolean {
    const { t1 } = this.context.values;
    if (status < 200) return true;
    if (status < 300) {
      if (options.untilAck === true && this.#ackKey === null && this.request !== null) {
        this.#ackKey = ackKey(this.request, this.toTag);
        this.context.awaitsAck(this, this.#ackKey, true);
        this.#resendAfter(t1); // on any transport: later hops may lose it
      }
      if (this.state === 'proceeding') this.enter('accepted', 64 * t1); // timer L
      return this.#ackKey !== null;
    }
    this.enter('completed', 64 * t1); // timer H
    if (!this.reliable) this.#resendAfter(t1);
    return true;
  }

  again(interval: number): void {
    this.#resendAfter(Math.min(2 * interval, this.context.values.t2));
    if (this.mayRepeat) this.retransmit();
  }

  #resendAfter(milliseconds: number): void {
    this.#resend ??= new ResendTimer(this);
    this.#resend.start(this.context.timers, milliseconds);
  }

  #stopResending(): void {
    if (this.#resend !== null) this.context.timers.stop(this.#resend);
    this.#resend = null;
  }

  override onDeadline(): void {
    if (this.state === 'proceeding') this.terminate('abandoned');
    else this.terminate(this.state === 'completed' || this.#ackKey !== null ? 'timeout' : 'done');
  }
}
