/**
 * A small user agent client: sends one request, reports its responses, and ends the call that it may open (RFC 3261,
 * 8.1, 9.1, 13.2, 15).
 */
import { processTimers, Timer } from '../timers/index.ts';
import {
  type ClientTransaction,
  InviteClientTransaction,
  NonInviteClientTransaction,
} from './client-transaction.ts';
import { listen } from './listen.ts';
import { type ParsedMessage, SipRequest, type SipResponse } from './message.ts';
import { parseMessage } from './parse-message.ts';
import { buildReply, type Destination, sendReply } from './reply.ts';
import { buildAck, buildCancel, buildDialogRequest } from './request.ts';
import { RFC_TIMERS } from './timers.ts';
import { defaultClientDomain, type SecurePeer, TlsDomains } from './tls-domains.ts';
import type { Source, Transport } from './transport.ts';
import { TRANSPORTS } from './transports.ts';
import {
  composeRequest,
  localAddressTowards,
  RequestError,
  resolveHost,
  type SipRequestOptions,
  targetOf,
  viaValue,
} from './uac-request.ts';
import { bareHost } from './uri.ts';
import { formatHostPort } from './via.ts';

export { RequestError, type SipRequestOptions };

/** An event of {@link sendRequest}. */
export type RequestEvent = SentEvent | ResponseEvent | IncomingEvent | EndedEvent;

/** The request, or the ACK, CANCEL or BYE that follows it, was sent. */
export interface SentEvent {
  /** The kind of event. */
  readonly kind: 'sent';
  /** Milliseconds since the request was first sent. */
  readonly at: number;
  /** Counts from 1; higher for retransmissions. */
  readonly copy: number;
  /** The sent message. */
  readonly request: SipRequest;
  /** The destination address. */
  readonly address: string;
  /** The destination port. */
  readonly port: number;
}

/** A response has arrived. */
export interface ResponseEvent {
  /** The kind of event. */
  readonly kind: 'response';
  /** Milliseconds since the request was first sent. */
  readonly at: number;
  /** The response. */
  readonly response: SipResponse;
}

/** A request has arrived during the call; a BYE has been answered. */
export interface IncomingEvent {
  /** The kind of event. */
  readonly kind: 'request';
  /** Milliseconds since the request was first sent. */
  readonly at: number;
  /** The request. */
  readonly request: SipRequest;
}

/** The last event. */
export type EndedEvent = {
  /** The kind of event. */
  readonly kind: 'ended';
  /** Milliseconds since the request was first sent. */
  readonly at: number;
} & (
  | {
      /** How it ended. */
      readonly outcome: 'answered' | 'timeout' | 'aborted';
    }
  | {
      /** The request could not be sent. */
      readonly outcome: 'failed';
      /** Why not. */
      readonly error: Error;
    }
);

/** How long to wait for the answer to a CANCEL or a BYE, in ms. */
const LAST_ANSWER = 4000;

/**
 * Sends one request, with retransmissions over UDP, and yields its events, the last of which is `ended`. Acknowledges a
 * final response to an INVITE; at the timeout cancels a ringing INVITE, and ends the call if it is answered anyway.
 * With `talk`, a BYE ends an answered call. An ACK ends once sent. Throws a {@link RequestError} before anything is
 * sent.
 */
export async function* sendRequest(options: SipRequestOptions): AsyncGenerator<RequestEvent, void, void> {
  const target = targetOf(options);
  const address = await resolveHost(target.host);
  const port = target.port ?? TRANSPORTS[target.transport].defaultPort;
  let exchange: Exchange | null = null;
  const onMessage = (data: Buffer, source: Source, socket: Transport): void =>
    exchange?.receive(parseMessage(data, source, socket));
  const tls = new TlsDomains();
  tls.use({ server: () => null, client: defaultClientDomain });
  const own = { address: await localAddressTowards(address, port), port: 0, onMessage, tls };
  const transport = await listen(target.transport, { ...own, findsClosedPorts: false });
  try {
    const started = new Exchange(options, transport, {
      address,
      port,
      domain: bareHost(target.host).toLowerCase(),
    });
    exchange = started;
    const abort = (): void => started.giveUp('aborted');
    options.signal?.addEventListener('abort', abort, { once: true });
    try {
      if (options.signal?.aborted) abort();
      else started.start();
      yield* untilEnded(started.events);
    } finally {
      options.signal?.removeEventListener('abort', abort);
      started.close();
    }
  } finally {
    await transport.close();
  }
}

async function* untilEnded(events: EventQueue<RequestEvent>): AsyncGenerator<RequestEvent, void, void> {
  for (;;) {
    const event = await events.next();
    yield event;
    if (event.kind === 'ended') return;
  }
}

class Exchange {
  readonly events = new EventQueue<RequestEvent>();
  readonly #options: SipRequestOptions;
  readonly #transport: Transport;
  readonly #local: string;
  readonly #destination: Destination & SecurePeer;
  readonly #began = processTimers.clock.now();
  readonly #request: SipRequest;
  readonly #data: Buffer;
  /** Limits the time to the final response, then to the end of the call, by BYE or its timeout. */
  readonly #deadline = new Timer(() => this.#timedOut());
  readonly #transactions: ClientTransaction[] = [];
  #main: ClientTransaction | null = null;
  /** For an INVITE: the received 2xx. */
  #answer: SipResponse | null = null;
  #outcome: 'answered' | 'timeout' | 'aborted' = 'answered';
  #isLeaving = false;

  constructor(options: SipRequestOptions, transport: Transport, destination: Destination & SecurePeer) {
    this.#options = options;
    this.#transport = transport;
    this.#destination = destination;
    this.#local = formatHostPort(transport.local.address, transport.local.port);
    this.#data = composeRequest(options, transport.protocol, this.#local);
    const request = parseMessage(this.#data, { ...destination, transport: transport.protocol });
    if (request.kind !== 'request')
      throw new RequestError(`invalid request: ${request.kind === 'malformed' ? request.reason : ''}`);
    this.#request = request;
  }

  #send(data: Buffer, done?: (error: Error | null) => void): void {
    const { address, port } = this.#destination;
    this.#transport.send(data, address, port, done, this.#destination);
  }

  start(): void {
    const { method, timeout = 64 * RFC_TIMERS.t1 } = this.#options;
    if (method === 'ACK') {
      this.#send(this.#data, (error) => {
        this.#sent(this.#request, 1);
        if (error === null) this.#end();
        else this.#failed(error);
      });
      return;
    }
    processTimers.start(this.#deadline, timeout);
    this.#main = this.#transaction(this.#request, this.#data, (response) =>
      method === 'INVITE' ? this.#invited(response) : response.status >= 200 && this.#end(),
    );
  }

  receive(message: ParsedMessage): void {
    if (message.kind === 'response')
      this.#transactions.find((transaction) => transaction.matches(message))?.receive(message);
    else if (
      message.kind === 'request' &&
      message.callId === this.#request.callId &&
      message.method === 'BYE'
    ) {
      this.events.push({ kind: 'request', at: this.#elapsed(), request: message });
      sendReply(message, buildReply(message, { status: 200 }));
      if (this.#answer !== null) this.#end();
    }
  }

  /** Cancels a ringing call, ends an established one; otherwise ends at once. */
  giveUp(outcome: 'timeout' | 'aborted'): void {
    if (this.#isLeaving && outcome === 'timeout') return;
    this.#outcome = outcome;
    if (this.#answer !== null) this.#hangUp();
    else if (this.#options.method === 'INVITE' && this.#main?.state === 'proceeding' && !this.#isLeaving) {
      this.#leave();
      this.#transaction(null, buildCancel(this.#request), () => undefined);
    } else this.#end();
  }

  close(): void {
    processTimers.stop(this.#deadline);
    for (const transaction of this.#transactions) transaction.terminate();
  }

  #invited(response: SipResponse): void {
    if (response.status < 200) return;
    if (response.status >= 300) {
      this.#reportSent(buildAck(this.#request, response)); // the transaction has sent it
      this.#end();
      return;
    }
    const ack = buildDialogRequest('ACK', this.#request, response, this.#via());
    this.#send(ack);
    this.#reportSent(ack);
    if (this.#answer !== null) return; // the ACK was lost, or another callee has answered as well
    this.#answer = response;
    if (this.#isLeaving) this.#hangUp();
    else if (this.#options.talk === undefined) this.#end();
    else processTimers.start(this.#deadline, this.#options.talk);
  }

  #hangUp(): void {
    if (this.#answer === null) return;
    const bye = buildDialogRequest('BYE', this.#request, this.#answer, this.#via());
    this.#leave();
    this.#transaction(null, bye, (response) => response.status >= 200 && this.#end());
  }

  #leave(): void {
    this.#isLeaving = true;
    processTimers.start(this.#deadline, LAST_ANSWER);
  }

  #timedOut(): void {
    if (this.#isLeaving) this.#end();
    else if (this.#answer !== null) this.#hangUp();
    else this.giveUp('timeout');
  }

  /** @param request null if it has to be parsed from `data` */
  #transaction(
    request: SipRequest | null,
    data: Buffer,
    onResponse: (response: SipResponse) => unknown,
  ): ClientTransaction {
    const message = request ?? this.#read(data);
    const Machine = message.method === 'INVITE' ? InviteClientTransaction : NonInviteClientTransaction;
    const transaction = new Machine(
      {
        request: message,
        data,
        transport: this.#transport,
        destination: this.#destination,
        user: {
          onSent: (copy) => this.#sent(message, copy),
          onResponse: (response) => {
            this.events.push({ kind: 'response', at: this.#elapsed(), response });
            onResponse(response);
          },
          onEnd: (ending, error) => {
            if (ending === 'timeout') {
              if (this.#outcome === 'answered' && message === this.#request) this.#outcome = 'timeout';
              this.#end();
            } else if (error !== null) this.#failed(error);
          },
        },
      },
      { timers: processTimers, values: this.#options.timers ?? RFC_TIMERS },
    );
    this.#transactions.push(transaction);
    transaction.start();
    return transaction;
  }

  #read(data: Buffer): SipRequest {
    const message = parseMessage(data, {
      address: this.#destination.address,
      port: this.#destination.port,
      transport: this.#transport.protocol,
    });
    if (!(message instanceof SipRequest)) throw new TypeError('a generated request is invalid');
    return message;
  }

  #via(): string {
    return viaValue(this.#transport.protocol, this.#local);
  }

  #sent(request: SipRequest, copy: number): void {
    const { address, port } = this.#destination;
    this.events.push({ kind: 'sent', at: this.#elapsed(), copy, request, address, port });
  }

  #reportSent(data: Buffer): void {
    this.#sent(this.#read(data), 1);
  }

  #elapsed(): number {
    return processTimers.clock.now() - this.#began;
  }

  #end(): void {
    this.events.push({ kind: 'ended', at: this.#elapsed(), outcome: this.#outcome });
  }

  #failed(error: Error): void {
    this.events.push({ kind: 'ended', at: this.#elapsed(), outcome: 'failed', error });
  }
}

class EventQueue<T> {
  readonly #waiting: T[] = [];
  #resolve: ((event: T) => void) | null = null;

  push(event: T): void {
    if (this.#resolve === null) this.#waiting.push(event);
    else {
      this.#resolve(event);
      this.#resolve = null;
    }
  }

  async next(): Promise<T> {
    const first = this.#waiting.shift();
    if (first !== undefined) return first;
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }
}
