/** The existing client transactions, matched by RFC 3261, 17.1.3. */
import { ByteBudget, processTimers, type TimerWheel } from '../timers/index.ts';
import {
  type ClientEnding,
  type ClientTransaction,
  type ClientTransactionContext,
  type ClientTransactionOptions,
  InviteClientTransaction,
  NonInviteClientTransaction,
} from './client-transaction.ts';
import type { SipResponse } from './message.ts';
import { ownCopy } from './own-copy.ts';
import { ShardedMap } from './sharded-map.ts';
import { RFC_TIMERS, type TimerValues } from './timers.ts';

export interface ClientTableOptions {
  /** Default: the process's timers. */
  readonly timers?: TimerWheel;
  readonly values?: TimerValues;
  /** Heap budget of transactions, which are counted there but never refused. Default: unlimited. */
  readonly memory?: ByteBudget;
}

/** Heap size of a transaction and its branch without the request, in bytes. */
const OPEN_WEIGHT = 4096;
/** Size of a transaction that only waits for retransmitted responses. */
const ANSWERED_WEIGHT = 1024;
/** Memory for the request's bytes, its source and its replies, as a multiple of the request's size. */
const COPIES = 3;

/** Counters of client transactions since the start. */
export type ClientCounts = Record<ClientEnding | 'created', number>;

export class ClientTable {
  readonly counts: ClientCounts = { created: 0, done: 0, timeout: 0, transport: 0 };
  /** Received responses. */
  responses = 0;
  /** Retransmissions: first, second, third, and later ones. */
  readonly again: [number, number, number, number] = [0, 0, 0, 0];
  readonly timers: TimerWheel;
  readonly values: TimerValues;
  /** Shared by consecutive transactions with the same timer values. */
  #context: ClientTransactionContext;
  readonly #memory: ByteBudget;
  readonly #transactions = new ShardedMap<ClientTransaction>();

  constructor(options: ClientTableOptions = {}) {
    this.timers = options.timers ?? processTimers;
    this.values = options.values ?? RFC_TIMERS;
    this.#memory = options.memory ?? new ByteBudget(Number.POSITIVE_INFINITY);
    this.#context = {
      timers: this.timers,
      values: this.values,
      sent: (copy) => {
        if (copy > 1) this.again[(Math.min(copy, 5) - 2) as 0 | 1 | 2 | 3]++;
      },
      answered: (transaction) => this.#weigh(transaction, ANSWERED_WEIGHT),
      ended: (transaction, ending) => {
        const { method, branch } = transaction;
        this.counts[ending]++;
        this.#weigh(transaction, 0);
        this.#transactions.delete(keyOf(method, branch));
      },
    };
  }

  get size(): number {
    return this.#transactions.size;
  }

  /** Creates a transaction without sending its request: `start()` does that. Its branch must be new. */
  create(options: ClientTransactionOptions): ClientTransaction {
    const { method } = options.request;
    const Machine = method === 'INVITE' ? InviteClientTransaction : NonInviteClientTransaction;
    const values = options.values ?? this.values;
    if (this.#context.values !== values) this.#context = { ...this.#context, values };
    const transaction = new Machine(options, this.#context);
    this.#weigh(transaction, OPEN_WEIGHT + COPIES * options.data.length);
    this.counts.created++;
    const key = keyOf(method, transaction.branch);
    this.#transactions.set(method === 'INVITE' ? key : ownCopy(key), transaction);
    return transaction;
  }

  /** Passes a response to its transaction; false if there is none, or its top Via names another element. */
  receive(response: SipResponse): boolean {
    const { branch } = response.via;
    if (branch === null) return false;
    const transaction = this.#transactions.get(keyOf(response.cseq.method, branch));
    if (transaction === undefined || !transaction.sentVia(response)) return false;
    this.responses++;
    transaction.receive(response);
    return true;
  }

  #weigh(transaction: ClientTransaction, weight: number): void {
    this.#memory.charge(weight - transaction.weight);
    transaction.weight = weight;
  }

  [Symbol.iterator](): IterableIterator<ClientTransaction> {
    return this.#transactions.values();
  }

  /** Ends all transactions. */
  close(): void {
    for (const transaction of [...this.#transactions.values()]) transaction.terminate();
  }
}

/** The branch of an INVITE is its key, and no copy of it; a CANCEL has the same branch. */
const keyOf = (method: string, branch: string | null): string =>
  method === 'INVITE' ? String(branch) : `${method} ${branch}`;
