/**
 * The two client transactions: INVITE (RFC 3261, 17.1.1, figure 5, with the Accepted state of RFC 6026, 7.2) and
 * non-INVITE (17.1.2, figure 6).
 */
import { Deadline, type TimerWheel } from '../timers/index.ts';
import { type HeaderText, NO_HEADERS } from './header-text.ts';
import type { SipResponse } from './message.ts';
import type { Destination } from './reply.ts';
import { buildAck, type SentRequest } from './request.ts';
import { type Resending, ResendTimer } from './resend-timer.ts';
import type { TimerValues } from './timers.ts';
import type { SecurePeer } from './tls-domains.ts';
import type { ConnectionWaiter, Transport } from './transport.ts';
import { TRANSPORTS } from './transports.ts';

export type ClientState = 'calling' | 'trying' | 'proceeding' | 'accepted' | 'completed' | 'terminated';

/** Why it ended: `timeout` is timer B or F, `transport` a failure to send the request. */
export type ClientEnding = 'done' | 'timeout' | 'transport';

/** What a transaction needs from its table. */
export interface ClientTransactionContext {
  readonly timers: TimerWheel;
  readonly values: TimerValues;
  /** Called when the final response has arrived, so that the request can be released. */
  readonly answered?: (transaction: ClientTransaction) => void;
  /** Called at the end. */
  readonly ended?: (transaction: ClientTransaction, ending: ClientEnding) => void;
  /** Called each time the request is sent; `copy` counts from 1. */
  readonly sent?: (copy: number) => void;
}

export interface ClientTransactionOptions {
  /** With its own branch on top; `data` has the same request as bytes. */
  readonly request: SentRequest;
  readonly data: Buffer;
  readonly transport: Transport;
  /** The sent-by of its Via: a response with any other is foreign (18.1.2). Absent: not checked. */
  readonly sentBy?: SentBy;
  readonly destination: Destination & SecurePeer;
  /** Default: the table's. */
  readonly values?: TimerValues | undefined;
  /** Timer B or F, in ms. Default: 64 T1. */
  readonly timeout?: number;
  /** Header lines for the ACK to a refusal. */
  readonly ackHeaders?: HeaderText;
  readonly user: ClientUser;
}

/** The user of a transaction. */
export interface ClientUser {
  /** Called for each provisional response, the first final response, and each 2xx to an INVITE. */
  onResponse(response: SipResponse): void;
  onEnd(ending: ClientEnding, error: Error | null, transaction: ClientTransaction): void;
  /** Called each time the request is sent; `copy` counts from 1. */
  onSent?(copy: number): void;
}

/** A socket as named in a Via: an IPv6 address in brackets. */
export interface SentBy {
  readonly host: string;
  readonly port: number;
}

/** A user that ignores everything. */
export const NO_USER: ClientUser = { onResponse: () => undefined, onEnd: () => undefined };

/** The deadline is timer B or F, then D, K or M. */
export abstract class ClientTransaction extends Deadline implements ConnectionWaiter, Resending {
  readonly method: string;
  readonly branch: string | null;
  state: ClientState;
  /** How often the request was sent. */
  copies = 0;
  /** Its share of the table's budget, in bytes. */
  weight = 0;
  protected readonly context: ClientTransactionContext;
  protected readonly transport: Transport;
  /** Timer A or E; null while it is stopped. */
  #resend: ResendTimer | null = null;
  /** Null after the final response, since tens of thousands of transactions may then wait for retransmissions. */
  #request: SentRequest | null;
  /** Null as well once it was sent, if the request makes it again. */
  #data: Buffer | null;
  readonly #ackHeaders: HeaderText;
  readonly #timeout: number;
  readonly #destination: Destination & SecurePeer;
  /** The connection's list of waiting transactions, while it includes this one. */
  #waiters: Set<ConnectionWaiter> | null = null;
  readonly #sentBy: SentBy | null;
  #user: ClientUser;

  protected constructor(
    options: ClientTransactionOptions,
    context: ClientTransactionContext,
    first: ClientState,
  ) {
    super();
    const { request, transport, destination } = options;
    this.method = request.method;
    this.branch = request.via.branch;
    this.state = first;
    this.context = context;
    this.transport = transport;
    this.#request = request;
    this.#data = options.data;
    this.#ackHeaders = options.ackHeaders ?? NO_HEADERS;
    this.#timeout = options.timeout ?? 64 * context.values.t1;
    this.#destination = destination;
    this.#sentBy = options.sentBy ?? null;
    this.#user = options.user;
  }

  /** Sends the request. */
  start(): void {
    this.context.timers.start(this, this.#timeout);
    if (!this.transport.reliable) this.resendAfter(this.context.values.t1);
    this.transmit();
  }

  /** Whether the final response is still missing. */
  get isWaiting(): boolean {
    return this.state === 'calling' || this.state === 'trying' || this.state === 'proceeding';
  }

  /** Whether a response belongs to it (17.1.3). */
  matches(response: SipResponse): boolean {
    return (
      response.via.branch === this.branch && response.cseq.method === this.method && this.sentVia(response)
    );
  }

  /** Whether its top Via is this element's (18.1.2). */
  sentVia({ via }: SipResponse): boolean {
    const own = this.#sentBy;
    if (own === null) return true;
    if (via.host !== own.host && via.host.toLowerCase() !== own.host.toLowerCase()) return false;
    return (via.port ?? TRANSPORTS[this.transport.protocol].defaultPort) === own.port;
  }

  abstract receive(response: SipResponse): void;

  terminate(ending: ClientEnding = 'done', error: Error | null = null): void {
    if (this.state === 'terminated') return;
    this.state = 'terminated';
    this.stopResending();
    this.#waitNoLonger();
    this.context.timers.stop(this);
    this.context.ended?.(this, ending);
    this.#user.onEnd(ending, error, this);
  }

  /** Restarts timer B or F with this time in ms. */
  waitFor(milliseconds: number): void {
    if (this.isWaiting) this.context.timers.start(this, milliseconds);
  }

  /** After the end of its user. */
  handOver(user: ClientUser = NO_USER): void {
    this.#user = user;
  }

  abstract again(interval: number): void;

  /** If timer A or E fires without a response, the peer may not exist. */
  protected askWhetherOpen(): void {
    if (this.state !== 'calling' && this.state !== 'trying') return;
    const { address, port } = this.#destination;
    this.transport.askWhetherOpen?.(address, port, this);
  }

  override onDeadline(): void {
    this.terminate(this.isWaiting ? 'timeout' : 'done');
  }

  protected resendAfter(milliseconds: number): void {
    this.#resend ??= new ResendTimer(this);
    this.#resend.start(this.context.timers, milliseconds);
  }

  /** Stops retransmissions; a response is still accepted. */
  stopResending(): void {
    if (this.#resend !== null) this.context.timers.stop(this.#resend);
    this.#resend = null;
  }

  protected transmit(): void {
    const request = this.#request;
    const data = this.#data ?? request?.bytes?.() ?? null;
    if (request === null || data === null) return;
    if (request.bytes !== undefined) this.#data = null;
    this.copies++;
    this.#user.onSent?.(this.copies);
    this.context.sent?.(this.copies);
    this.transmitData(data);
    if (!this.transport.reliable || !this.isWaiting) return;
    const { address, port } = this.#destination;
    this.#waiters = this.transport.waitersTo?.(address, port, this.#destination) ?? null;
    this.#waiters?.add(this);
  }

  /**
   * Without any response there will be none (RFC 3261, 17.1.4); after a provisional response the peer may still answer
   * on a new connection (18.2.2).
   */
  connectionLost(error: Error): void {
    if (this.state === 'calling' || this.state === 'trying') this.terminate('transport', error);
  }

  #waitNoLonger(): void {
    this.#waiters?.delete(this);
    this.#waiters = null;
  }

  protected transmitData(data: Buffer): void {
    const { address, port } = this.#destination;
    const sent = (error: Error | null): void => {
      if (error !== null) this.terminate('transport', error);
    };
    this.transport.send(data, address, port, sent, this.#destination);
  }

  /** Enters the state after the final response. */
  protected enter(state: ClientState, milliseconds: number): void {
    this.state = state;
    this.#request = null;
    this.#data = null;
    this.#waitNoLonger();
    this.context.answered?.(this);
    this.stopResending();
    if (milliseconds === 0) this.terminate();
    else this.context.timers.start(this, milliseconds);
  }

  protected respond(response: SipResponse): void {
    this.#user.onResponse(response);
  }

  /** The ACK to a response other than 2xx. */
  protected ackTo(response: SipResponse): Buffer | null {
    return this.#request === null ? null : buildAck(this.#request, response, this.#ackHeaders);
  }
}

/**
 * Calling --1xx--> Proceeding --2xx--> Accepted --M--> Terminated; --300-699--> Completed --D--> Terminated;
 * Calling --A: again; --B: timeout.
 */
export class InviteClientTransaction extends ClientTransaction {
  /** Kept as text, which takes less memory than a Buffer. */
  #ack = '';

  constructor(options: ClientTransactionOptions, context: ClientTransactionContext) {
    super(options, context, 'calling');
  }

  receive(response: SipResponse): void {
    const { timers, values } = this.context;
    const { status } = response;
    switch (this.state) {
      case 'calling':
      case 'proceeding':
        if (status < 200) {
          this.state = 'proceeding';
          this.stopResending();
          timers.stop(this); // its user limits how long it may ring
        } else if (status < 300)
          this.enter('accepted', 64 * values.t1); // timer M
        else {
          const ack = this.ackTo(response);
          if (ack === null) return;
          this.#ack = ack.toString('latin1');
          this.transmitData(ack);
          if (this.finished) return;
          // timer D: at least 32 s if the final response may be retransmitted
          this.enter('completed', this.transport.reliable ? 0 : Math.max(64 * values.t1, 32_000));
        }
        this.respond(response);
        return;
      case 'accepted':
        if (status >= 200 && status < 300) this.respond(response);
        return;
      case 'completed':
        if (status >= 300) this.transmitData(Buffer.from(this.#ack, 'latin1'));
        return;
      default:
    }
  }

  /** Whether it has ended: sending the ACK may do that. */
  private get finished(): boolean {
    return this.state === 'terminated';
  }

  again(interval: number): void {
    this.resendAfter(2 * interval);
    this.transmit();
    this.askWhetherOpen();
  }
}

/**
 * Trying --1xx--> Proceeding --200-699--> Completed --K--> Terminated; Trying --200-699--> Completed;
 * in Trying and Proceeding --E: again; --F: timeout.
 */
export class NonInviteClientTransaction extends ClientTransaction {
  constructor(options: ClientTransactionOptions, context: ClientTransactionContext) {
    super(options, context, 'trying');
  }

  receive(response: SipResponse): void {
    if (this.state !== 'trying' && this.state !== 'proceeding') return;
    if (response.status < 200) this.state = 'proceeding';
    else this.enter('completed', this.transport.reliable ? 0 : this.context.values.t4); // timer K
    this.respond(response);
  }

  again(interval: number): void {
    const { t2 } = this.context.values;
    this.resendAfter(this.state === 'proceeding' ? t2 : Math.min(2 * interval, t2));
    this.transmit();
    this.askWhetherOpen();
  }
}
