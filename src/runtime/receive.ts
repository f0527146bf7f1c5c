/** From a datagram to a route: what arrives is parsed, counted, and answered or handed to a worker. */
import {
  buildReply,
  type MalformedMessage,
  parseMessage,
  randomToken,
  reasonPhrase,
  type SipRequest,
  type Source,
  sendReply,
  type Transport,
} from '../sip/index.ts';
import { errorRoute, parseError, scriptError } from './error-route.ts';
import { receiveResponse } from './relay.ts';
import { Request } from './request.ts';
import { runRoute } from './run.ts';
import type { Job, Server } from './worker.ts';

export interface ReceiveCounts {
  requests: number;
  responses: number;
  /** What is no SIP message, or a broken one. */
  malformed: number;
  /** Empty lines or nothing at all, by which a client keeps its way through a NAT open (RFC 5626, 3.5.1). */
  keepAlives: number;
  /** ACKs to replies that were sent without a transaction. */
  ownAcks: number;
  /** Requests that found the queue full. */
  overload: number;
}

/** How often a line about the same kind of trouble is logged, in ms. */
const warningPeriod = 10_000;

export class Receiver {
  readonly counts: ReceiveCounts = {
    requests: 0,
    responses: 0,
    malformed: 0,
    keepAlives: 0,
    ownAcks: 0,
    overload: 0,
  };
  readonly #server: Server;
  readonly #submit: (job: Job) => boolean;
  #warnedAt = Number.NEGATIVE_INFINITY;
  #stopped = false;

  /** `submit` gives a job to a worker, or is false where there is no room for it. */
  constructor(server: Server, submit: (job: Job) => boolean) {
    this.#server = server;
    this.#submit = submit;
  }

  /** From now on what arrives is dropped. */
  stop(): void {
    this.#stopped = true;
  }

  receive(data: Uint8Array, source: Source, socket: Transport): void {
    if (this.#stopped) return;
    const message = parseMessage(data, source, socket);
    switch (message.kind) {
      case 'request':
        this.counts.requests++;
        this.#request(message);
        break;
      case 'response':
        this.counts.responses++;
        receiveResponse(this.#server, message);
        break;
      case 'malformed':
        this.#malformed(message);
    }
  }

  #request(message: SipRequest): void {
    const server = this.#server;
    if (message.method === 'ACK') {
      if (server.tags.isOwnStatelessAck(message)) {
        this.counts.ownAcks++;
        return;
      }
      server.transactions.acknowledge(message);
    }
    if (server.settings.tcpAcceptAliases && message.via.parameter('alias') !== null)
      message.socket?.alias?.(message.via.port || 5060);
    const request = new Request(server, message);
    if (this.#submit((worker) => runRoute(worker, request, server.script.main))) return;
    this.counts.overload++;
    this.#warn(
      'the queue of messages is full, so requests are answered 503; raise udp_workers, or use async() for what waits',
    );
    request.appendToReply('Retry-After: 5');
    request.replyStateless(503, 'Service Unavailable');
  }

  #malformed(message: MalformedMessage): void {
    if (message.keepAlive) {
      this.counts.keepAlives++;
      return;
    }
    this.counts.malformed++;
    const { log } = this.#server;
    log.debug(`dropped what came from ${message.source.address}:${message.source.port}: ${message.reason}`);
    if (message.answerable === null) return;
    const route = message.request === null ? null : errorRoute(this.#server);
    if (route !== null && message.request !== null) {
      const request = new Request(this.#server, message.request);
      const reason = reasonPhrase(message.status);
      request.state(scriptError).error = parseError(message.reason, message.status, reason);
      if (this.#submit((worker) => runRoute(worker, request, route))) return;
    }
    sendReply(
      message.answerable,
      buildReply(message.answerable, {
        status: message.status,
        toTag: randomToken(),
        ...this.#server.replyDefaults,
      }),
    );
  }

  #warn(text: string): void {
    const now = performance.now();
    if (now - this.#warnedAt < warningPeriod) return;
    this.#warnedAt = now;
    this.#server.log.warning(text);
  }
}
