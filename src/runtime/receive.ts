/** From a datagram to a route: what arrives is parsed, counted, and answered or handed to a worker. */
import {
  buildReply,
  type MalformedMessage,
  parseMessage,
  randomToken,
  reasonPhrase,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  type Source,
  sendReply,
  type Transport,
  transactionKey,
} from '../sip/index.ts';
import { errorRoute, parseError, scriptError } from './error-route.ts';
import { Request } from './request.ts';
import type { Routing } from './routing.ts';
import { runRoute } from './run.ts';
import type { Job } from './worker.ts';

export interface ReceiveCounts {
  requests: number;
  responses: number;
  /** What is no SIP message, or a broken request. */
  malformed: number;
  /** Broken responses. */
  malformedResponses: number;
  /** Empty lines or nothing at all, by which a client keeps its way through a NAT open (RFC 5626, 3.5.1). */
  keepAlives: number;
  /** ACKs to replies that were sent without a transaction. */
  ownAcks: number;
  /** Messages of transactions of other processes. */
  handedOver: number;
  /** Requests that were answered 503, since they could not be handled in time or the server stops. */
  refused: number;
  /** Requests that not even that was said to. */
  dropped: number;
}

/** What became of a new request: a worker has begun with it, it waits for one, or there is no room for it. */
export type Admission = 'begun' | 'waits' | 'refused';

/** Who runs the script: a server, and its workers. */
export interface Handler {
  readonly routing: Routing;
  /** Gives a response to the transaction that it belongs to. */
  readonly onResponse: (response: SipResponse) => void;
  /** False when there is no room for a message of `size` bytes. */
  readonly submit: (job: Job, size: number) => boolean;
  /** For a new request, behind all else; `refuse` is called when it has waited too long, `waited` ms so far. */
  readonly admit: (job: Job, refuse: () => void, waited: number, size: number) => Admission;
}

/**
 * A message of another process's: its own transactions are there. True when that has been given it. `data` is the
 * message as it came.
 */
export type HandOver = (message: SipMessage, data: Uint8Array) => boolean;

const megabytes = (bytes: number): number => Math.round(bytes / 1_048_576);

/** How often a line about the same kind of trouble is logged, in ms. */
const warningPeriod = 10_000;

/** How many requests are refused with a reply in a second; more are dropped, since replies cost time too. */
const refusalsPerSecond = 5000;

export class Receiver {
  readonly counts: ReceiveCounts = {
    requests: 0,
    responses: 0,
    malformed: 0,
    malformedResponses: 0,
    keepAlives: 0,
    ownAcks: 0,
    handedOver: 0,
    refused: 0,
    dropped: 0,
  };
  /** Who gets the messages that come from now on. */
  handler: Handler;
  readonly #handOver: HandOver | null;
  /** The transactions-to-be of new requests that wait for a worker. One that comes again waits already. */
  readonly #waiting = new Set<string>();
  #warnedAt = Number.NEGATIVE_INFINITY;
  #refusalSecond = 0;
  #refusals = 0;
  #stopped = false;

  constructor(handler: Handler, handOver: HandOver | null = null) {
    this.handler = handler;
    this.#handOver = handOver;
  }

  /** From now on what arrives is dropped. */
  stop(): void {
    this.#stopped = true;
  }

  /** `waited`: another process has handed it over, so many ms after it came; null where it comes from the network. */
  receive(data: Uint8Array, source: Source, socket: Transport, waited: number | null = null): void {
    if (this.#stopped) return;
    const message = parseMessage(data, source, socket);
    if (message.kind === 'malformed') return this.#malformed(message);
    if (waited === null && this.#handOver?.(message, data) === true) {
      this.counts.handedOver++;
      return;
    }
    const { log } = this.handler.routing;
    if (log.debugs) log.debug(receivedLine(message, data.length));
    if (message.kind === 'request') {
      this.counts.requests++;
      this.#request(message, waited ?? 0);
    } else {
      this.counts.responses++;
      this.handler.onResponse(message);
    }
  }

  #request(message: SipRequest, waited: number): void {
    const { routing, submit, admit } = this.handler;
    if (message.method === 'ACK') {
      if (routing.host.tags.isOwnStatelessAck(message)) {
        this.counts.ownAcks++;
        return;
      }
      routing.host.transactions.acknowledge(message);
    }
    if (routing.settings.tcpAcceptAliases && message.via.parameter('alias') !== null)
      message.socket?.alias?.(message.via.senderPort);
    if (isTranslated(message)) message.socket?.isTranslated?.(message.source.address, message.source.port);
    const request = new Request(routing, message);
    if (routing.host.proxy.hasPassedTooOften(message)) {
      request.replyStateless(483, 'Too Many Hops');
      return;
    }
    const isNew = message.toTag === null && message.method !== 'ACK' && message.method !== 'CANCEL';
    if (!isNew) {
      const size = message.raw.length;
      if (!submit((worker) => runRoute(worker, request, routing.script.main), size)) this.#late(request);
      return;
    }
    if (this.#waiting.size > 0 && this.#waiting.has(transactionKey(message))) return;
    // what belongs to transactions and dialogs goes on
    const isStopping = routing.host.readiness === 'stopping';
    if (isStopping && routing.host.transactions.find(message) === null) return this.#refuse(request);
    const { calls, heap } = routing.host.memory;
    if ((calls.isFull || heap.isShort) && routing.host.transactions.find(message) === null) {
      calls.refused++;
      this.#warn(
        `new requests are answered 503: calls take ${megabytes(calls.used)} of the ${megabytes(calls.limit)} MiB of memory that they may; raise --max-old-space-size (NODE_OPTIONS) or run more processes`,
      );
      return this.#refuse(request);
    }
    const admission = admit(
      (worker) => {
        this.#waitsNoLonger(message);
        return runRoute(worker, request, routing.script.main);
      },
      () => {
        this.#waitsNoLonger(message);
        this.#late(request);
      },
      waited,
      message.raw.length,
    );
    if (admission === 'waits') this.#waiting.add(transactionKey(message));
    else if (admission === 'refused') this.#late(request);
  }

  #waitsNoLonger(message: SipRequest): void {
    if (this.#waiting.size > 0) this.#waiting.delete(transactionKey(message));
  }

  #late(request: Request): void {
    this.#warn(
      'requests cannot be handled in time and are answered 503; raise udp_workers, or use async() for what waits',
    );
    this.#refuse(request);
  }

  /** A refusal is cheap, and when even that is too much there is none. */
  #refuse(request: Request): void {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#refusalSecond) {
      this.#refusalSecond = second;
      this.#refusals = 0;
    }
    if (++this.#refusals > refusalsPerSecond) {
      this.counts.dropped++;
      return;
    }
    this.counts.refused++;
    request.appendToReply('Retry-After: 5');
    request.replyStateless(503, 'Service Unavailable');
  }

  #malformed(message: MalformedMessage): void {
    if (message.keepAlive) {
      this.counts.keepAlives++;
      return;
    }
    if (message.startLine.startsWith('SIP/')) this.counts.malformedResponses++;
    else this.counts.malformed++;
    const { routing, submit } = this.handler;
    routing.log.debug(
      `dropped what came from ${message.source.address}:${message.source.port}: ${message.reason}`,
    );
    if (message.answerable === null) return;
    const route = message.request === null ? null : errorRoute(routing);
    if (route !== null && message.request !== null) {
      const request = new Request(routing, message.request);
      const reason = reasonPhrase(message.status);
      request.state(scriptError).error = parseError(message.reason, message.status, reason);
      if (submit((worker) => runRoute(worker, request, route), message.request.raw.length)) return;
    }
    sendReply(
      message.answerable,
      buildReply(message.answerable, {
        status: message.status,
        toTag: randomToken(),
        ...routing.replyDefaults,
      }),
    );
  }

  #warn(text: string): void {
    const now = performance.now();
    if (now - this.#warnedAt < warningPeriod) return;
    this.#warnedAt = now;
    this.handler.routing.log.warning(text);
  }
}

/** Whether it does not come from where its sender is by its Via (RFC 3581): there is a translator in between, or it has another name. */
function isTranslated({ via, source }: SipRequest): boolean {
  if (via.senderPort !== source.port) return true;
  return via.host !== source.address && via.host !== `[${source.address}]`;
}

function receivedLine(message: SipMessage, bytes: number): string {
  const { transport, address, port } = message.source;
  const what =
    message.kind === 'request'
      ? `${message.method} ${message.requestUri}`
      : `${message.status} ${message.reason} to ${message.method}`;
  return `received ${what}, ${bytes} bytes from ${transport}:${address}:${port}, Call-ID ${message.callId}`;
}
