/**
 * The two client transactions: INVITE (RFC 3261, 17.1.1, figure 5, with the Accepted state of RFC 6026, 7.2) and
 * non-INVITE (17.1.2, figure 6).
 */
import { Timer, type TimerWheel } from '../timers/timer-wheel.ts';
import type { SipResponse } from './message.ts';
import type { Destination } from './reply.ts';
import { buildAck, type SentRequest } from './request.ts';
import type { TimerValues } from './timers.ts';
import type { Transport } from './transport.ts';

export type ClientState = 'calling' | 'trying' | 'proceeding' | 'accepted' | 'completed' | 'terminated';

/** Why it is over: `timeout` is timer B or F, `transport` that the request could not be sent. */
export type ClientEnding = 'done' | 'timeout' | 'transport';

export interface ClientTransactionOptions {
  /** With its own branch on top, as {@link ClientTransaction.data} has it in bytes. */
  readonly request: SentRequest;
  readonly data: Buffer;
  readonly transport: Transport;
  readonly destination: Destination;
  readonly timers: TimerWheel;
  readonly values: TimerValues;
  /** Timer B or F, in ms. Default: 64 T1. */
  readonly patience?: number;
  /** Each provisional response, the first final one, and each 2xx to an INVITE. */
  readonly onResponse: (response: SipResponse) => void;
  readonly onEnd: (ending: ClientEnding, error: Error | null) => void;
  /** Each time the request goes out; `copy` counts from 1. */
  readonly onSent?: (copy: number) => void;
}

export abstract class ClientTransaction {
  state: ClientState;
  /** How often the request was sent. */
  copies = 0;
  protected readonly options: ClientTransactionOptions;
  /** Timer A or E. */
  protected readonly resend = new Timer(() => this.again());
  /** Timer B or F, then D, K or M. */
  protected readonly deadline = new Timer(() => this.expired());
  protected interval: number;

  get request(): SentRequest {
    return this.options.request;
  }

  protected constructor(options: ClientTransactionOptions, first: ClientState) {
    this.options = options;
    this.state = first;
    this.interval = options.values.t1;
  }

  /** Sends the request. */
  start(): void {
    const { timers, values, transport } = this.options;
    timers.start(this.deadline, this.options.patience ?? 64 * values.t1);
    if (!transport.reliable) timers.start(this.resend, this.interval);
    this.transmit();
  }

  /** Whether a response belongs to it (17.1.3). */
  matches(response: SipResponse): boolean {
    const { request } = this;
    return response.via.branch === request.via.branch && response.cseq.method === request.method;
  }

  abstract receive(response: SipResponse): void;

  terminate(ending: ClientEnding = 'done', error: Error | null = null): void {
    if (this.state === 'terminated') return;
    this.state = 'terminated';
    this.options.timers.stop(this.resend);
    this.options.timers.stop(this.deadline);
    this.options.onEnd(ending, error);
  }

  protected abstract again(): void;

  protected expired(): void {
    const waits = this.state === 'calling' || this.state === 'trying' || this.state === 'proceeding';
    this.terminate(waits ? 'timeout' : 'done');
  }

  protected transmit(): void {
    this.copies++;
    this.options.onSent?.(this.copies);
    this.transmitData(this.options.data);
  }

  protected transmitData(data: Buffer): void {
    const { transport, destination } = this.options;
    transport.send(data, destination.address, destination.port, (error) => {
      if (error !== null) this.terminate('transport', error);
    });
  }

  protected enter(state: ClientState, milliseconds: number): void {
    this.state = state;
    this.options.timers.stop(this.resend);
    if (milliseconds === 0) this.terminate();
    else this.options.timers.start(this.deadline, milliseconds);
  }
}

/**
 * Calling --1xx--> Proceeding --2xx--> Accepted --M--> Terminated; --300-699--> Completed --D--> Terminated;
 * Calling --A: again; --B: timeout.
 */
export class InviteClientTransaction extends ClientTransaction {
  #ack: Buffer | null = null;

  constructor(options: ClientTransactionOptions) {
    super(options, 'calling');
  }

  receive(response: SipResponse): void {
    const { timers, values, transport } = this.options;
    const { status } = response;
    switch (this.state) {
      case 'calling':
      case 'proceeding':
        if (status < 200) {
          this.state = 'proceeding';
          timers.stop(this.resend);
          timers.stop(this.deadline); // how long it may ring is its user's business
        } else if (status < 300)
          this.enter('accepted', 64 * values.t1); // timer M
        else {
          this.#ack = buildAck(this.options.request, response);
          this.transmitData(this.#ack);
          if (this.finished) return;
          // timer D: at least 32 s where the final response may come again
          this.enter('completed', transport.reliable ? 0 : Math.max(64 * values.t1, 32_000));
        }
        this.options.onResponse(response);
        return;
      case 'accepted':
        if (status >= 200 && status < 300) this.options.onResponse(response);
        return;
      case 'completed':
        if (status >= 300 && this.#ack !== null) this.transmitData(this.#ack);
        return;
      default:
    }
  }

  /** Sending the ACK may have ended it. */
  private get finished(): boolean {
    return this.state === 'terminated';
  }

  protected again(): void {
    this.interval *= 2;
    this.options.timers.start(this.resend, this.interval);
    this.transmit();
  }
}

/**
 * Trying --1xx--> Proceeding --200-699--> Completed --K--> Terminated; Trying --200-699--> Completed;
 * in Trying and Proceeding --E: again; --F: timeout.
 */
export class NonInviteClientTransaction extends ClientTransaction {
  constructor(options: ClientTransactionOptions) {
    super(options, 'trying');
  }

  receive(response: SipResponse): void {
    if (this.state !== 'trying' && this.state !== 'proceeding') return;
    if (response.status < 200) this.state = 'proceeding';
    else this.enter('completed', this.options.transport.reliable ? 0 : this.options.values.t4); // timer K
    this.options.onResponse(response);
  }

  protected again(): void {
    const { t2 } = this.options.values;
    this.interval = this.state === 'proceeding' ? t2 : Math.min(2 * this.interval, t2);
    this.options.timers.start(this.resend, this.interval);
    this.transmit();
  }
}
