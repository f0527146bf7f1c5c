/** The client transactions that there are, found by RFC 3261, 17.1.3. */
import { processTimers, type TimerWheel } from '../timers/timer-wheel.ts';
import {
  type ClientEnding,
  type ClientTransaction,
  type ClientTransactionOptions,
  InviteClientTransaction,
  NonInviteClientTransaction,
} from './client-transaction.ts';
import type { SipResponse } from './message.ts';
import { RFC_TIMERS, type TimerValues } from './timers.ts';

export interface ClientTableOptions {
  /** Default: those of the process. */
  readonly timers?: TimerWheel;
  readonly values?: TimerValues;
}

/** What became of the client transactions since the start. */
export type ClientCounts = Record<ClientEnding | 'created', number>;

export type StartOptions = Omit<ClientTransactionOptions, 'timers' | 'values'>;

export class ClientTable {
  readonly counts: ClientCounts = { created: 0, done: 0, timeout: 0, transport: 0 };
  readonly timers: TimerWheel;
  readonly values: TimerValues;
  readonly #transactions = new Map<string, ClientTransaction>();

  constructor(options: ClientTableOptions = {}) {
    this.timers = options.timers ?? processTimers;
    this.values = options.values ?? RFC_TIMERS;
  }

  get size(): number {
    return this.#transactions.size;
  }

  /** A new transaction, not sent yet: `start()` does that. Its branch has to be a new one. */
  create(options: StartOptions): ClientTransaction {
    const { request, onEnd } = options;
    const key = `${request.method} ${request.via.branch}`;
    const Machine = request.method === 'INVITE' ? InviteClientTransaction : NonInviteClientTransaction;
    const transaction = new Machine({
      ...options,
      timers: this.timers,
      values: this.values,
      onEnd: (ending, error) => {
        this.counts[ending]++;
        this.#transactions.delete(key);
        onEnd(ending, error);
      },
    });
    this.counts.created++;
    this.#transactions.set(key, transaction);
    return transaction;
  }

  /** Gives a response to its transaction; false when there is none. */
  receive(response: SipResponse): boolean {
    const { branch } = response.via;
    if (branch === null) return false;
    const transaction = this.#transactions.get(`${response.cseq.method} ${branch}`);
    transaction?.receive(response);
    return transaction !== undefined;
  }

  /** Ends all of them. */
  close(): void {
    for (const transaction of [...this.#transactions.values()]) transaction.terminate();
  }
}
