/** What the two server transactions (RFC 3261, 17.2) have in common. */
import { Deadline, type TimerWheel } from '../timers/index.ts';
import { randomToken } from './branch.ts';
import type { HeaderText } from './header-text.ts';
import type { SipRequest, SipResponse } from './message.ts';
import { ownCopy } from './own-copy.ts';
import { buildReply, type Destination, isStatus, type ReplyContent, replyDestination } from './reply.ts';
import type { TimerValues } from './timers.ts';
import type { Transport } from './transport.ts';

export type ServerState = 'trying' | 'proceeding' | 'accepted' | 'completed' | 'confirmed' | 'terminated';

/**
 * Why a transaction ended: `timeout` (no ACK, timer H), `transport` (a reply could not be sent), `abandoned` (its
 * user never sent a final reply).
 */
export type Ending = 'done' | 'timeout' | 'transport' | 'abandoned';

/** The user of a transaction that forwards its request. */
export interface ServerUser {
  /** Called at the end, except when a non-INVITE transaction ends with its final reply. */
  onServerEnd(ending: Ending): void;
  /** Sends a generated reply; false if no more replies are accepted. */
  reply(content: ReplyContent, options?: SendOptions): boolean;
  /** The caller's CANCEL has arrived; `headers` are for those that it causes. */
  cancel(headers?: HeaderText): void;
}

/** Sees a reply before it is sent. `response`: as received, if the reply is relayed; null for one of this element. */
export type ReplyListener = (status: number, response: SipResponse | null) => void;

const NO_LISTENERS: readonly ReplyListener[] = [];

/** Counters of sent replies. */
export interface SentReplies {
  /** Generated here, provisional replies included. */
  local: number;
  /** Forwarded. */
  relayed: number;
  /** Retransmitted. */
  again: number;
  /** Withheld: too many bytes were repeated to an address that sends no ACK. */
  withheld: number;
}

/** What a transaction needs from its table. */
export interface ServerTransactionContext {
  readonly timers: TimerWheel;
  readonly values: TimerValues;
  /** Limit for the final reply, in ms. */
  readonly finalTimeout: number;
  /** Called with each generated (not relayed) reply before it is sent. */
  readonly made: (reply: Buffer) => void;
  /** Called with the first final reply, when the request is released. */
  readonly answered: (transaction: ServerTransaction, status: number, method: string) => void;
  /** Called when the user gives up without a final reply; releases the request as well. */
  readonly forgone: (transaction: ServerTransaction) => void;
  /** Hands over the final reply to a non-INVITE request, for retransmissions. */
  readonly replyKept: (
    transaction: ServerTransaction,
    reply: Buffer,
    socket: Transport,
    destination: Destination,
  ) => void;
  readonly ended: (transaction: ServerTransaction, ending: Ending) => void;
  /** Called once, when neither a final reply nor its ACK is missing any more. */
  readonly settled: () => void;
  /** Whether this many unsolicited bytes may be repeated to an address. */
  readonly mayRepeat: (address: string, bytes: number) => boolean;
  /** An ACK has arrived from this address. */
  readonly isAlive: (address: string) => void;
  /** Counters of sent replies. */
  readonly sent: SentReplies;
  /** Called when a 2xx to an INVITE starts or stops waiting for its ACK, which is identified by `key`. */
  readonly awaitsAck: (transaction: ServerTransaction, key: string, waits: boolean) => void;
}

/** The fields that an ACK to a 2xx shares with its INVITE (13.2.2.4). */
export function ackKey(request: SipRequest, toTag: string): string {
  return `${request.cseq.number} ${request.fromTag ?? ''} ${toTag}\n${request.callId}`;
}

export interface SendOptions {
  /**
   * For a 2xx of this element to an INVITE: retransmitted after T1, doubling up to T2, until its ACK arrives or 64 T1
   * have passed (13.3.1.4). A proxy leaves that to the callee.
   */
  readonly untilAck?: boolean;
}

const NO_OPTIONS: SendOptions = {};

/**
 * A non-INVITE transaction leaves the table when it sends its final reply, which is kept as bytes for retransmissions
 * (on a reliable transport it ends a moment later).
 *
 * The deadline is timer H, I, J or L, or the limit for the final reply.
 */
export abstract class ServerTransaction extends Deadline {
  abstract readonly isInvite: boolean;
  /** Its key in the table (17.2.3). */
  readonly key: string;
  /** The request's To tag, null if it has none. */
  readonly dialogTag: string | null;
  /** Tag of generated replies. */
  readonly toTag: string;
  state: ServerState;
  lastStatus = 0;
  /** Its share of the table's budget, in bytes. */
  weight = 0;
  /** Sends a 100 if a non-INVITE transaction has no reply by the time that one is due. */
  trying: { sendTrying(): void } | null = null;
  /** Null while nobody forwards the request. */
  user: ServerUser | null = null;
  /** Sees each reply as it is sent, but not what is repeated; null: nobody does. */
  observer: ((data: Buffer, destination: Destination) => void) | null = null;
  protected readonly context: ServerTransactionContext;
  protected readonly socket: Transport | null;
  /** Where its replies go; null before the first. */
  protected destination: Destination | null = null;
  #request: SipRequest | null;
  /**
   * Repeated for retransmissions; null if they are absorbed silently. A provisional reply of this element is built
   * again: many calls wait with one, and few of them hear a retransmission.
   */
  #lastReply: string | ReplyContent | null = null;
  #forceRport: boolean;
  #isSettled = false;
  #listeners = NO_LISTENERS;

  constructor(
    request: SipRequest,
    key: string,
    context: ServerTransactionContext,
    first: ServerState,
    forceRport: boolean,
  ) {
    super();
    this.#request = request;
    this.socket = request.socket;
    this.key = key;
    this.context = context;
    this.state = first;
    this.#forceRport = forceRport;
    this.dialogTag = request.toTag === null ? null : ownCopy(request.toTag);
    this.toTag = this.dialogTag ?? randomToken();
  }

  /**
   * Null after the final reply. An INVITE transaction then remains for 32 s, and there may be tens of thousands, so
   * each keeps only what retransmissions need.
   */
  get request(): SipRequest | null {
    return this.#request;
  }

  /** T1 of its timers, in ms. */
  get t1(): number {
    return this.context.values.t1;
  }

  /** Whether a final reply was sent. */
  get isFinal(): boolean {
    return this.lastStatus >= 200;
  }

  /** Whether its final reply or the ACK is still missing. */
  protected get isOpen(): boolean {
    return this.state === 'trying' || this.state === 'proceeding';
  }

  /** Tells the table once {@link isOpen} has become false. */
  protected settle(): void {
    if (this.#isSettled || this.isOpen) return;
    this.#isSettled = true;
    this.context.settled();
  }

  /** Calls `listener` for each reply, and for a request that ends without one, as if by a 408; not for retransmissions. */
  onReply(listener: ReplyListener): void {
    this.#listeners = [...this.#listeners, listener];
  }

  #tell(status: number, response: SipResponse | null): void {
    const listeners = this.#listeners;
    // after a 2xx others may come, of further callees
    if (status >= 300) this.#listeners = NO_LISTENERS;
    for (const listener of listeners) listener(status, response);
  }

  /** Absorbs a retransmission or the ACK without telling the user. */
  abstract receive(request: SipRequest): void;

  /** Changes the state for this reply; returns whether this transaction repeats it for retransmissions. */
  protected abstract accept(status: number, reply: Buffer, options: SendOptions): boolean;

  /**
   * Builds and sends a reply. False, without sending, after a final reply. Throws a RangeError for an invalid status.
   */
  reply(content: ReplyContent, options: SendOptions = {}): boolean {
    const request = this.#request;
    if (request === null || !this.takes(content.status)) return false;
    if (content.forceRport === true && !this.#forceRport) {
      this.#forceRport = true; // applies to retransmissions too
      this.destination = null;
    }
    const data = buildReply(request, content, content.toTag ?? this.toTag, this.#forceRport);
    this.context.made(data);
    return this.#send(content.status, data, options, content, null);
  }

  /**
   * Relays a reply, given as bytes and as it was received; null for a retransmission. Like {@link reply}, but further 2xx
   * replies to an INVITE are sent too.
   */
  relay(status: number, data: Buffer, response: SipResponse | null): boolean {
    return this.#send(status, data, NO_OPTIONS, null, response);
  }

  /** `content`: of a reply of this element; null for a relayed one. */
  #send(
    status: number,
    data: Buffer,
    options: SendOptions,
    content: ReplyContent | null,
    response: SipResponse | null,
  ): boolean {
    if (!isStatus(status)) throw new RangeError(`no SIP status: ${status}`);
    if (!this.takes(status)) return false;
    if (this.#listeners !== NO_LISTENERS && (content !== null || response !== null))
      this.#tell(status, response);
    if (this.#request !== null) this.destination ??= replyDestination(this.#request, this.#forceRport);
    this.lastStatus = status;
    this.context.sent[content === null ? 'relayed' : 'local']++;
    // change the state first: a transport may report its error before `transmit` returns
    const repeats = this.accept(status, data, options);
    if (!repeats) this.#lastReply = null;
    else this.#lastReply = status < 200 && content !== null ? content : data.toString('latin1');
    if (status >= 200 && this.#request !== null) {
      const { method } = this.#request;
      this.#request = null;
      this.context.answered(this, status, method);
    }
    if (this.observer !== null && this.destination !== null) this.observer(data, this.destination);
    this.#transmit(data);
    return true;
  }

  /** Ends it silently: a later retransmission starts a new transaction. */
  terminate(ending: Ending = 'done'): void {
    if (this.state === 'terminated') return;
    this.state = 'terminated';
    this.settle();
    this.context.timers.stop(this);
    this.context.ended(this, ending);
    this.user?.onServerEnd(ending);
  }

  /** The ACK of a 2xx, which is a transaction of its own (17.1.1.3), has arrived. */
  acknowledged(): void {
    // only an INVITE has one
  }

  /**
   * Gives up without a final reply, since a non-INVITE request must not get a 408 (RFC 4320, 4.2). Absorbs
   * retransmissions until the client has given up as well.
   */
  forgo(): void {
    if (this.#request === null) return;
    this.#tell(408, null);
    this.#request = null;
    this.trying = null;
    this.lastStatus = 408;
    this.context.forgone(this);
    this.enter('completed', 64 * this.context.values.t1);
  }

  protected takes(_status: number): boolean {
    return this.state === 'trying' || this.state === 'proceeding';
  }

  #transmit(data: Buffer): void {
    if (this.socket === null || this.destination === null) return this.terminate('transport');
    const { address, port } = this.destination;
    this.socket.send(data, address, port, (error) => {
      if (error !== null) this.terminate('transport'); // 17.2.4
    });
  }

  protected retransmit(): void {
    if (this.#lastReply === null) return;
    this.context.sent.again++;
    const last = this.#lastReply;
    if (typeof last === 'string') this.#transmit(Buffer.from(last, 'latin1'));
    else if (this.#request !== null)
      this.#transmit(buildReply(this.#request, last, last.toTag ?? this.toTag, this.#forceRport));
  }

  /** Whether its reply may be repeated unsolicited; a stream proves that its peer exists. */
  protected get mayRepeat(): boolean {
    const { destination } = this;
    if (this.reliable || destination === null) return true;
    const bytes = typeof this.#lastReply === 'string' ? this.#lastReply.length : 0;
    return this.context.mayRepeat(destination.address, bytes);
  }

  /** Absorbs later retransmissions silently. */
  protected fallSilent(): void {
    this.#lastReply = null;
  }

  protected get reliable(): boolean {
    return this.socket?.reliable ?? false;
  }

  protected enter(state: ServerState, milliseconds: number): void {
    this.state = state;
    this.settle();
    if (milliseconds === 0) this.terminate();
    else this.context.timers.start(this, milliseconds);
  }
}
