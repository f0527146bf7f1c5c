/** The non-INVITE server transaction (RFC 3261, 17.2.2, figure 8). */
import type { SipRequest } from './message.ts';
import { ServerTransaction, type ServerTransactionContext } from './server-transaction.ts';
import type { TimerValues } from './timers.ts';

/**
 * ```
 *           request
 *              V
 *         +----------+
 *         |  Trying  | request -> absorbed; after some seconds: 100 (RFC 4320)
 *         +----------+
 *   send 1xx |    | send 200-699
 *            V    +-----------------+
 *      +------------+ send 1xx      |
 *      | Proceeding | request ->    |
 *      +------------+  send again   |
 *            | send 200-699         |
 *            V                      |
 *      +------------+ <-------------+
 *      | Completed  | request -> send again
 *      +------------+
 *            | J
 *            V
 *        Terminated
 * ```
 */
export class NonInviteServerTransaction extends ServerTransaction {
  readonly isInvite = false;
  #isLate = false;

  constructor(request: SipRequest, key: string, context: ServerTransactionContext, forceRport: boolean) {
    super(request, key, context, 'trying', forceRport);
    context.timers.start(this, Math.min(timerEAtT2(context.values), context.finalTimeout));
  }

  receive(_request: SipRequest): void {
    if (this.state !== 'trying') this.retransmit();
  }

  protected accept(status: number, reply: Buffer): boolean {
    if (status < 200) {
      this.state = 'proceeding';
      return true;
    }
    const { context, socket, destination } = this;
    this.state = 'completed';
    this.settle();
    if (this.reliable)
      context.timers.start(this, 0); // timer J; the reply must be sent before the end
    else {
      context.timers.stop(this);
      if (socket !== null && destination !== null) context.replyKept(this, reply, socket, destination);
    }
    return false;
  }

  override onDeadline(): void {
    if (this.state === 'completed') this.terminate('done');
    else if (this.#isLate) this.terminate('abandoned');
    else {
      this.#isLate = true;
      const { timers, values, finalTimeout } = this.context;
      timers.start(this, Math.max(finalTimeout - timerEAtT2(values), 0));
      if (this.state === 'trying') this.trying?.sendTrying();
    }
  }
}

/** When timer E of the client reaches T2. After a 100 it then sends its request less often (RFC 4320, 4.1). */
function timerEAtT2({ t1, t2 }: TimerValues): number {
  let sum = 0;
  for (let interval = t1; interval > 0 && interval < t2; interval *= 2) sum += interval;
  return sum;
}
