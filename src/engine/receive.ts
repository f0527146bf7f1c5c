/** Receives messages: parses and counts them, then answers them or passes them to a worker. */
import {
  beginTrace,
  debugLevel,
  type ReceiveCounts,
  Request,
  type Routing,
  stackOf,
  subjectOf,
} from '../runtime/index.ts';
import {
  buildReply,
  type MalformedMessage,
  parseMessage,
  randomToken,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  type Source,
  sendReply,
  type Transport,
  transactionKey,
} from '../sip/index.ts';
import { sharedTime } from '../timers/index.ts';
import { type Arrival, Arrivals } from './arrivals.ts';
import type { Intake, Waiting } from './intake.ts';
import { Refusals } from './refusals.ts';

/** A Routing that receives messages. */
export interface ReceivingRouting extends Routing {
  readonly intake: Intake;
  /** Passes a response to its transaction. */
  takeResponse(response: SipResponse): void;
}

/** Holds messages from the sockets of a script that does not run yet. */
export interface Holding {
  /** Whether it has kept or dropped the message. */
  holds(data: Uint8Array, source: Source, socket: Transport): boolean;
}

/**
 * Passes a message to the process that owns its transaction; false if that is this process. `data` is the received
 * message, `at` the machine's time when it was read.
 */
export type HandOver = (message: SipMessage, data: Uint8Array, at: number) => boolean;

/** A message that another process has passed on. */
export type Passed = Pick<Arrival, 'at' | 'waited'>;

const megabytes = (bytes: number): number => Math.round(bytes / 1_048_576);

/** Minimum interval between log lines about the same problem, in ms. */
const warningPeriod = 10_000;

export class Receiver<H extends Holding = Holding> implements Waiting {
  readonly #counts: ReceiveCounts;
  /** Receives new messages. */
  routing: ReceivingRouting;
  /** For a script that is about to run, or null. */
  holding: H | null = null;
  /** Null in a single process. */
  readonly #handOver: HandOver | null;
  readonly #arrivals = new Arrivals((arrival) => this.#arrived(arrival));
  /** The future transactions of queued requests, to recognize their retransmissions. */
  readonly #waiting = new Set<string>();
  readonly #refusals = new Refusals();
  #warnedAt = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(routing: ReceivingRouting, handOver: HandOver | null = null) {
    this.routing = routing;
    this.#counts = routing.host.received;
    this.#handOver = handOver;
  }

  /** Drops all further messages. */
  stop(): void {
    this.#stopped = true;
  }

  /** Called by sockets with each message. */
  readonly listener = (data: Uint8Array, source: Source, socket: Transport): void =>
    this.receive(data, source, socket);

  /** `passed`: by another process; null if it came from the network. */
  receive(data: Uint8Array, source: Source, socket: Transport, passed: Passed | null = null): void {
    if (this.#stopped || this.holding?.holds(data, source, socket) === true) return;
    const message = parseMessage(data, source, socket);
    if (message.kind === 'malformed') return this.#malformed(message);
    if (this.#handOver === null) return this.#take(message, data.length, 0);
    const at = passed?.at ?? sharedTime();
    if (passed === null && this.#handOver(message, data, at)) this.#counts.handedOver++;
    else this.#arrivals.add({ message, bytes: data.length, at, waited: passed?.waited ?? 0 });
  }

  #arrived({ message, bytes, waited }: Arrival): void {
    if (this.#stopped) return;
    try {
      this.#take(message, bytes, waited);
    } catch (error) {
      this.routing.log.error(`a message was dropped: ${stackOf(error)}`);
    }
  }

  #take(message: SipMessage, bytes: number, waited: number): void {
    const { log } = this.routing;
    const { tap } = this.routing.host;
    if (tap.isOn) tap.received(message);
    if (log.debugsFor(message))
      log.log(debugLevel, receivedLine(message, bytes), debugLevel, subjectOf(message));
    if (message.kind === 'request') {
      this.#counts.requests++;
      this.#counts.requestsByMethod.add(message.method);
      this.#request(message, waited);
    } else {
      this.#counts.responses++;
      this.#counts.responsesByMethod.add(message.method, message.status);
      this.routing.takeResponse(message);
    }
  }

  #request(message: SipRequest, waited: number): void {
    const { routing } = this;
    if (message.method === 'ACK') {
      if (routing.host.tags.isOwnStatelessAck(message)) {
        this.#counts.ownAcks++;
        return;
      }
      routing.host.transactions.acknowledge(message);
    }
    if (routing.settings.tcpAcceptAliases && message.via.parameter('alias') !== null)
      message.socket?.alias?.(message.via.senderPort);
    if (isTranslated(message)) message.socket?.isTranslated?.(message.source.address, message.source.port);
    routing.listeners.request.emit(message);
    const request = new Request(routing, message);
    if (routing.host.proxy.hasPassedTooOften(message)) {
      request.replyStateless(483, 'Too Many Hops');
      return;
    }
    const { traces } = routing.host;
    const isNew = message.toTag === null && message.method !== 'ACK' && message.method !== 'CANCEL';
    if (!isNew) {
      if (traces.isOn) beginTrace(request);
      if (!routing.intake.take(request)) this.#late(request);
      return;
    }
    if (this.#waiting.size > 0 && this.#waiting.has(transactionKey(message))) return;
    if (traces.isOn) beginTrace(request);
    // transactions and dialogs continue
    const isStopping = routing.host.readiness === 'stopping';
    if (isStopping && routing.host.transactions.find(message) === null) return this.#refuse(request);
    const { calls, heap } = routing.host.memory;
    if ((calls.isFull || heap.isShort) && routing.host.transactions.find(message) === null) {
      calls.refused++;
      this.#warn(
        `new requests are answered 503: calls take ${megabytes(calls.used)} of the ${megabytes(calls.limit)} MiB of memory allowed; raise --max-old-space-size (NODE_OPTIONS) or run more processes`,
      );
      return this.#refuse(request);
    }
    const admission = routing.intake.admit(request, this, waited);
    if (admission === 'waits') this.#waiting.add(transactionKey(message));
    else if (admission === 'refused') this.#late(request);
  }

  begins({ message }: Request): void {
    if (this.#waiting.size > 0 && message !== null) this.#waiting.delete(transactionKey(message));
  }

  isLate(request: Request): void {
    this.begins(request);
    this.#late(request);
  }

  #late(request: Request): void {
    if (this.#answersCopy(request)) return;
    this.#warn(
      'requests cannot be handled in time and are answered 503; raise udp_workers, or use async() for functions that wait',
    );
    this.#refuse(request);
  }

  /**
   * Whether a transaction has handled it. A retransmission of an accepted request is never refused: its client would
   * take the 503 for the final reply.
   */
  #answersCopy({ message, routing }: Request): boolean {
    const transaction = message === null ? null : routing.host.transactions.find(message);
    if (message === null || transaction === null) return false;
    transaction.receive(message);
    return true;
  }

  #refuse(request: Request): void {
    const { message, routing } = request;
    const now = routing.host.clock.now();
    if (routing.host.readiness !== 'stopping') this.#counts.overloadedAt = now;
    if (message !== null && !this.#refusals.answers(transactionKey(message), now)) {
      this.#counts.dropped++;
      return;
    }
    this.#counts.refused++;
    request.appendToReply('Retry-After: 5');
    request.replyStateless(503, 'Service Unavailable');
  }

  #malformed(message: MalformedMessage): void {
    if (message.keepAlive) {
      this.#counts.keepAlives++;
      return;
    }
    if (message.startLine.startsWith('SIP/')) this.#counts.malformedResponses++;
    else this.#counts.malformed++;
    const { routing } = this;
    routing.log.debug(
      `dropped a message from ${message.source.address}:${message.source.port}: ${message.reason}`,
    );
    if (message.answerable === null) return;
    if (message.request !== null && routing.intake.takeMalformed(message, message.request)) return;
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
    const now = this.routing.host.clock.now();
    if (now - this.#warnedAt < warningPeriod) return;
    this.#warnedAt = now;
    this.routing.log.warning(text);
  }
}

/** Whether the source differs from the Via's sender (RFC 3581): because of NAT, or because the Via has a name. */
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
