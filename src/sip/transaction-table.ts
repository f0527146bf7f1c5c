/** The existing server transactions, matched by RFC 3261, 17.2.3. */
import { ByteBudget, processTimers, type TimerWheel } from '../timers/index.ts';
import { AnsweredRequests } from './answered-requests.ts';
import { isUniqueBranch } from './branch.ts';
import { InviteServerTransaction } from './invite-server-transaction.ts';
import type { SipRequest } from './message.ts';
import { NonInviteServerTransaction } from './non-invite-server-transaction.ts';
import { ReplyBudget } from './reply-budget.ts';
import {
  ackKey,
  type Ending,
  type SentReplies,
  type ServerTransaction,
  type ServerTransactionContext,
} from './server-transaction.ts';
import { ShardedMap } from './sharded-map.ts';
import type { StatusCounts } from './status-counts.ts';
import { RFC_TIMERS, type TimerValues } from './timers.ts';

export interface TransactionTableOptions {
  /** Default: the process's timers. */
  readonly timers?: TimerWheel;
  readonly values?: TimerValues;
  /** Maximum number of transactions without a final reply. Default 100,000. */
  readonly limit?: number;
  /** Counts final replies. */
  readonly replies?: StatusCounts;
  /** Maximum number of transactions, most of them answered and kept for retransmissions. Default 1,000,000. */
  readonly capacity?: number;
  /** How long a transaction may wait for its final reply before it is abandoned, in ms. Default 600,000. */
  readonly finalTimeout?: number;
  /** Heap budget of transactions. Default: unlimited. */
  readonly memory?: ByteBudget;
  /** Number of buckets for those replies, a power of two. Default: for hundreds of thousands. */
  readonly answeredBuckets?: number | undefined;
  /** Memory budget of replies kept for retransmissions. Default: unlimited. */
  readonly answeredMemory?: ByteBudget;
  /** Called for each reply that is withheld because too much was repeated to an address that sends no ACK. */
  readonly withheld?: (address: string) => void;
}

/** Heap size of a transaction and its script state without the message, in bytes. */
const OPEN_WEIGHT = 4096;
/** Size of a transaction after its final reply, kept for retransmissions. */
const ANSWERED_WEIGHT = 1536;
/** Memory for the message, its parsed parts and its last reply, as a multiple of the message's size. */
const COPIES = 3;

/** Counters of transactions since the start. */
export interface TransactionCounts {
  created: number;
  /** Not created because the table was full. */
  refused: number;
  done: number;
  timeout: number;
  transport: number;
  abandoned: number;
}

/** Result of {@link TransactionTable.find}: a transaction, or its kept reply. */
export interface KnownTransaction {
  /** Absorbs a retransmission, or the ACK, and repeats the reply if one is due. */
  receive(request: SipRequest): void;
}

/** The user of new transactions, which keep it to the end. */
export interface TransactionOwner {
  readonly values: TimerValues;
  /** Called with each generated (not relayed) reply before it is sent. */
  readonly made: (reply: Buffer) => void;
  /** Called when a transaction ends; a non-INVITE one ends with its final reply. */
  readonly ended: (transaction: ServerTransaction, ending: Ending) => void;
}

export interface CreateOptions {
  /** Default: none, with the table's timers. */
  readonly owner?: TransactionOwner;
  /** Like `forceRport` of a reply, for all replies of this transaction. */
  readonly forceRport?: boolean;
}

export class TransactionTable {
  readonly counts: TransactionCounts = {
    created: 0,
    refused: 0,
    done: 0,
    timeout: 0,
    transport: 0,
    abandoned: 0,
  };
  readonly sent: Readonly<SentReplies>;
  readonly #budget = new ReplyBudget();
  readonly #transactions = new ShardedMap<ServerTransaction>();
  readonly #answered: AnsweredRequests;
  /** INVITE transactions whose 2xx awaits its ACK, by the key of that ACK. */
  readonly #awaitingAck = new Map<string, ServerTransaction>();
  readonly #context: ServerTransactionContext;
  /** The user of the last new transaction, and the context that its transactions share. */
  #owner: TransactionOwner | null = null;
  #ownedContext: ServerTransactionContext;
  readonly #limit: number;
  readonly #capacity: number;
  readonly #memory: ByteBudget;
  /** Number of transactions without a final reply. */
  #open = 0;
  #unsettled = 0;
  // find() precedes create(): compute the key once
  #asked: SipRequest | null = null;
  #askedKey = '';
  /** The request that {@link find} was last asked for without success, until a transaction is created. */
  #unknown: SipRequest | null = null;

  constructor(options: TransactionTableOptions = {}) {
    this.#limit = options.limit ?? 100_000;
    this.#capacity = options.capacity ?? 1_000_000;
    this.#memory = options.memory ?? new ByteBudget(Number.POSITIVE_INFINITY);
    const sent: SentReplies = { local: 0, relayed: 0, again: 0, withheld: 0 };
    this.sent = sent;
    const { timers = processTimers, values = RFC_TIMERS } = options;
    this.#answered = new AnsweredRequests(timers, () => this.counts.done++, {
      memory: options.answeredMemory,
      buckets: options.answeredBuckets,
    });
    this.#context = {
      sent,
      timers,
      values,
      finalTimeout: options.finalTimeout ?? 600_000,
      made: () => undefined,
      answered: (transaction, status, method) => {
        this.#open--;
        this.#weigh(transaction, ANSWERED_WEIGHT);
        options.replies?.add(status, method);
      },
      forgone: (transaction) => {
        this.#open--;
        this.#weigh(transaction, ANSWERED_WEIGHT);
      },
      replyKept: (transaction, reply, socket, destination) => {
        this.#remove(transaction);
        this.#answered.add(transaction.key, reply, socket, destination, 64 * transaction.t1);
      },
      ended: (transaction, ending) => this.#ended(transaction, ending),
      settled: () => this.#unsettled--,
      mayRepeat: (address, bytes) => {
        if (this.#budget.takes(address, bytes, timers.clock.now())) return true;
        sent.withheld++;
        options.withheld?.(address);
        return false;
      },
      isAlive: (address) => this.#budget.isAlive(address),
      awaitsAck: (transaction, key, waits) => {
        if (waits) this.#awaitingAck.set(key, transaction);
        else if (this.#awaitingAck.get(key) === transaction) this.#awaitingAck.delete(key);
      },
    };
    this.#ownedContext = this.#context;
  }

  get size(): number {
    return this.#transactions.size + this.#answered.size;
  }

  /** Number of transactions that lack their final reply, or the ACK to it. */
  get unsettled(): number {
    return this.#unsettled;
  }

  /**
   * The transaction of which `request` is a retransmission, or whose non-2xx final reply it acknowledges, or null.
   */
  find(request: SipRequest): KnownTransaction | null {
    if (request === this.#unknown) return null;
    const key = this.#key(request, request.method === 'ACK' ? 'INVITE' : request.method);
    const found = this.#transactions.get(key);
    if (found === undefined) {
      if (this.#answered.has(key)) return { receive: () => this.#resend(key) };
      this.#unknown = request;
      return null;
    }
    // without the cookie the To tag of an INVITE counts too; its ACK has the tag of the reply, possibly from a callee
    // downstream
    const differs = request.method === 'INVITE' && !hasCookie(request) && request.toTag !== found.dialogTag;
    return differs ? null : found;
  }

  #resend(key: string): void {
    this.#context.sent.again++;
    this.#answered.resend(key);
  }

  /** The INVITE transaction that a CANCEL cancels (9.2), or null. */
  findCancelled(cancel: SipRequest): ServerTransaction | null {
    return this.#transactions.get(transactionKey(cancel, 'INVITE')) ?? null;
  }

  /** The transaction whose 2xx this ACK acknowledges, which stops repeating it; null if none awaits the ACK. */
  acknowledge(ack: SipRequest): ServerTransaction | null {
    if (ack.method !== 'ACK' || this.#awaitingAck.size === 0) return null;
    const found = this.#awaitingAck.get(ackKey(ack, ack.toTag ?? ''));
    found?.acknowledged();
    return found ?? null;
  }

  /**
   * A new transaction for a request that {@link find} does not know. Null for a known request, for an ACK, and if the
   * table is full.
   */
  create(request: SipRequest, options: CreateOptions = {}): ServerTransaction | null {
    if (request.method === 'ACK' || this.find(request) !== null) return null;
    if (this.#open >= this.#limit || this.size >= this.#capacity) {
      this.counts.refused++;
      return null;
    }
    const Machine = request.method === 'INVITE' ? InviteServerTransaction : NonInviteServerTransaction;
    const key = this.#key(request, request.method);
    const context = options.owner === undefined ? this.#context : this.#contextOf(options.owner);
    const transaction = new Machine(request, key, context, options.forceRport === true);
    this.#unknown = null;
    this.#transactions.set(transaction.key, transaction);
    this.#weigh(transaction, OPEN_WEIGHT + COPIES * request.raw.length);
    this.counts.created++;
    this.#open++;
    this.#unsettled++;
    return transaction;
  }

  #contextOf(owner: TransactionOwner): ServerTransactionContext {
    if (owner !== this.#owner) {
      this.#owner = owner;
      const { ended, replyKept } = this.#context;
      this.#ownedContext = {
        ...this.#context,
        values: owner.values,
        made: owner.made,
        ended: (transaction, ending) => {
          ended(transaction, ending);
          owner.ended(transaction, ending);
        },
        replyKept: (transaction, ...reply) => {
          replyKept(transaction, ...reply);
          owner.ended(transaction, 'done');
        },
      };
    }
    return this.#ownedContext;
  }

  /** Transactions without a final reply, and answered INVITE transactions. */
  [Symbol.iterator](): IterableIterator<ServerTransaction> {
    return this.#transactions.values();
  }

  #key(request: SipRequest, method: string): string {
    if (this.#asked !== request) {
      this.#asked = request;
      this.#askedKey = transactionKey(request, method);
    }
    return this.#askedKey;
  }

  /** Ends all transactions. */
  close(): void {
    for (const transaction of [...this.#transactions.values()]) transaction.terminate();
    this.#answered.clear();
  }

  #ended(transaction: ServerTransaction, ending: Ending): void {
    this.counts[ending]++;
    if (!transaction.isFinal) this.#open--;
    if (!transaction.isInvite && ending === 'transport') this.#answered.delete(transaction.key);
    this.#remove(transaction);
  }

  #weigh(transaction: ServerTransaction, weight: number): void {
    this.#memory.charge(weight - transaction.weight);
    transaction.weight = weight;
  }

  #remove(transaction: ServerTransaction): void {
    this.#weigh(transaction, 0);
    // RFC 2543 branches can collide: the key may belong to another transaction by now
    if (this.#transactions.get(transaction.key) === transaction) this.#transactions.delete(transaction.key);
  }
}

const hasCookie = (request: SipRequest): boolean => isUniqueBranch(request.via.branch);

/** The key of the transaction of `request`, or of the one with another method to which it refers. */
export function transactionKey(request: SipRequest, method: string = request.method): string {
  const { via } = request;
  const { branch } = via;
  if (isUniqueBranch(branch)) return `${method} ${branch} ${via.sentBy}`;
  // a sender of RFC 2543: everything that a retransmission, an ACK and a CANCEL repeat
  const { callId, cseq, fromTag, toTag, requestUri } = request;
  // find() compares the To tag of an INVITE, since its ACK has a different one
  const dialog = method === 'INVITE' ? '' : (toTag ?? '');
  return `${method} old ${cseq.number} ${fromTag ?? ''} ${dialog}\n${callId}\n${requestUri}\n${via.text}`;
}
