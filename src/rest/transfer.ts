import { type ByteBudget, Deadline, type TimerWheel } from '../timers/index.ts';
import type { BodySink } from './answer-stream.ts';
import { BodyBuffer } from './body-buffer.ts';
import type { Connection } from './connection.ts';
import type { Exchange, OpenStream } from './exchange.ts';
import { type ExchangeFailure, type Failure, failed } from './failure.ts';
import type { AnswerHead } from './http1-head.ts';
import { readHttp2Fields } from './http2-fields.ts';
import { type Outcome, ResponseOutcome } from './outcome.ts';
import { outcomeOf } from './outcome-of.ts';
import type { HttpRequest } from './request.ts';
import { type Attempts, isExpectationRefused } from './resend.ts';
import type { HostCounts } from './transfer-counts.ts';
import {
  type ConnectionInfo,
  type EndedWithAnswer,
  NO_BODY,
  PhaseClock,
  type RawHeaders,
} from './transfer-end.ts';

/** Provides a transfer's connections. */
export interface TransferPool {
  /** Counts how transfers to its host ended. */
  readonly counts: HostCounts;
  send(transfer: Transfer): void;
  /** Resends it, on a fresh connection or on a shared one. */
  sendAgain(transfer: Transfer): void;
}

/** The owner of a transfer. */
export interface TransferOwner {
  readonly timers: TimerWheel;
  readonly maxBytes: number;
  /** Limits the bodies of all pending answers together. */
  readonly bodies: ByteBudget;
  /** Called at the end of a transfer: updates counters, lock and log. */
  onTransferOver(transfer: Transfer, outcome: Outcome): void;
  /** Called when it has a connection, new or idle, while it holds the connect lock. */
  onTransferConnected(transfer: Transfer): void;
  /** Called when its exchange has failed: resends it, or ends it. */
  onExchangeFailed(transfer: Transfer, failure: ExchangeFailure): void;
  /** Called when the server refuses its `Expect`: resends it without. */
  onExpectationRefused(transfer: Transfer): void;
}

/** Limit on interim answers (1xx) to one transfer. */
const MAX_INTERIM = 100;

/** The time limit for connecting, if shorter than that of the whole transfer. */
export class ConnectDeadline extends Deadline {
  readonly #transfer: Transfer;

  constructor(transfer: Transfer) {
    super();
    this.#transfer = transfer;
  }

  override onDeadline(): void {
    if (this.#transfer.waitsForInput(this)) return;
    this.#transfer.failToConnect(this.#transfer.request.connectTimeout);
  }
}

/** How late a deadline fires after a stall at least, in ms. */
const LATE = 20;

const WAITING = 0;
const SENT = 1;
const OVER = 2;

/**
 * One request and its result; also its own deadline, so that a request needs only one object. Blocking, async and
 * launch calls differ only in how they wait for its promise.
 */
export class Transfer extends Deadline implements Exchange, Attempts, EndedWithAnswer {
  readonly request: HttpRequest;
  readonly owner: TransferOwner;
  readonly pool: TransferPool;
  readonly clock: PhaseClock = new PhaseClock();
  connectDeadline: Deadline | null = null;
  /** For those who watch requests begin and end; 0: nobody does. */
  id = 0;
  /** Whether it holds the connect lock. */
  locked = false;
  connection: Connection | null = null;
  /** Its HTTP/2 stream. */
  stream: OpenStream | null = null;
  /** The connection attempt, or the queue for a connection, in which it waits. */
  pending: { withdraw(transfer: Transfer): void } | null = null;
  /** Whether its body waits for `100 Continue`. */
  expectContinue = false;
  answered = false;
  reused = false;
  losses = 0;
  unprocessed = 0;

  #settle: (outcome: Outcome) => void;
  #state: number = WAITING;
  #interim = 0;
  /** A deadline that was late has let the sockets be read first. */
  #hasWaited = false;
  #status = 0;
  #contentType = '';
  #rawHeaders: RawHeaders | null = null;
  #piece: Buffer | null = null;
  #length = 0;
  /** Bytes reserved from {@link TransferOwner.bodies}. */
  #reserved = 0;
  /** Value of Content-Length; NaN without one. */
  #announced = Number.NaN;
  #pieces: BodyBuffer | null = null;
  /** Takes the body piece by piece. */
  #sink: BodySink | null = null;

  constructor(
    owner: TransferOwner,
    pool: TransferPool,
    request: HttpRequest,
    settle: (outcome: Outcome) => void,
  ) {
    super();
    this.owner = owner;
    this.pool = pool;
    this.request = request;
    this.#settle = settle;
  }

  /** Called when its signal fires. */
  abort(reason: string): void {
    this.fail(failed('aborted', reason));
  }

  /** Status of the answer, interim or final; 0 before. */
  get status(): number {
    return this.#status;
  }

  /** Whether a final answer has arrived with as many bytes as announced. */
  get complete(): boolean {
    if (this.#status < 200) return false; // no answer yet, or an interim one
    return Number.isNaN(this.#announced) || this.#announced === this.#length || this.#bodiless;
  }

  get #bodiless(): boolean {
    return this.request.method === 'HEAD' || this.#status === 304 || this.#status === 204;
  }

  get method(): string {
    return this.request.method;
  }

  get over(): boolean {
    return this.#state === OVER;
  }

  // --- called by the pool ---

  /** Sends it on a connection. */
  begin(connection: Connection): void {
    this.pending = null;
    if (this.connectDeadline !== null) {
      this.owner.timers.stop(this.connectDeadline);
      this.connectDeadline = null;
    }
    this.connection = connection;
    this.reused = connection.served > 0;
    this.#state = SENT;
    this.answered = false;
    if (this.locked) this.owner.onTransferConnected(this);
  }

  connectFailed(failure: Failure): void {
    this.pending = null;
    this.fail(failure);
  }

  // --- called by its connection ---

  /** Called for the first byte of the answer, after which a lost connection no longer causes a resend. */
  onAnswering(): void {
    this.answered = true;
  }

  onStatus(status: number): void {
    if (this.#state === SENT) this.#status = status;
  }

  onInterim(status: number): void {
    if (this.#state !== SENT) return;
    this.#status = status;
    this.#interim++;
    if (this.#interim > MAX_INTERIM)
      this.fail(failed('protocol', `more than ${MAX_INTERIM} interim answers`));
  }

  onHead(head: AnswerHead, text: string): void {
    if (!this.#onFinal(head.status)) return;
    this.#rawHeaders = text;
    this.#contentType = head.contentType;
    if (this.request.streams !== null && this.#toSink(text)) return;
    this.#checkLength(head.contentLength);
  }

  onHttp2Headers(status: number, raw: readonly string[]): void {
    this.answered = true;
    if (status < 200) {
      this.onInterim(status);
      return;
    }
    if (!this.#onFinal(status)) return;
    const { fields, contentType, contentLength, fault } = readHttp2Fields(raw);
    if (fault !== null) {
      this.fail(fault);
      return;
    }
    this.#rawHeaders = fields;
    this.#contentType = contentType;
    if (this.request.streams !== null && this.#toSink(fields)) {
      this.#announced = contentLength;
      return;
    }
    this.#checkLength(contentLength);
  }

  /** Whether the body goes to a sink, which is that of a 2xx answer. */
  #toSink(headers: RawHeaders): boolean {
    const sink = this.request.streams?.sink ?? null;
    if (sink === null || this.#status < 200 || this.#status > 299) return false;
    this.#sink = sink;
    sink.resume = () => this.#resumeReading();
    sink.onHead(this.#status, headers);
    return true;
  }

  #resumeReading(): void {
    if (this.#state === SENT) this.connection?.resume(this);
  }

  /** False if the transfer has ended. */
  #onFinal(status: number): boolean {
    if (this.#state !== SENT) return false;
    if (isExpectationRefused(status, this.expectContinue)) {
      this.owner.onExpectationRefused(this);
      return false;
    }
    this.clock.firstByte = this.owner.timers.clock.now();
    this.#status = status;
    return true;
  }

  #checkLength(length: number): void {
    this.#announced = length;
    if (length > this.owner.maxBytes && !this.#bodiless) {
      this.fail(
        failed(
          'too-large',
          `the answer announces ${length} bytes, more than the ${this.owner.maxBytes} bytes allowed`,
        ),
      );
    }
  }

  /** @param reused true if the piece is valid only during the call */
  onData(piece: Buffer, reused: boolean): void {
    if (this.#state !== SENT) return;
    this.#length += piece.length;
    if (this.#sink !== null) {
      if (!this.#sink.onPiece(reused ? Buffer.from(piece) : piece)) this.connection?.pause(this);
    } else if (this.#length > this.owner.maxBytes) {
      this.fail(failed('too-large', `the answer is larger than the ${this.owner.maxBytes} bytes allowed`));
    } else if (!this.#reserve(piece.length)) {
      this.fail(failed('busy', 'the bodies of all pending answers have reached their memory limit'));
    } else if (this.#piece === null) {
      this.#piece = reused ? Buffer.from(piece) : piece;
    } else {
      if (this.#pieces === null) {
        this.#pieces = new BodyBuffer(this.#announced);
        this.#pieces.append(this.#piece);
      }
      this.#pieces.append(piece);
    }
  }

  /** Without a known length the buffer may be up to twice as long as its contents. */
  #reserve(length: number): boolean {
    const bytes = Number.isNaN(this.#announced) ? 2 * length : length;
    const ofHost = this.request.route?.bodies;
    if (ofHost !== undefined && !ofHost.reserve(bytes)) return false;
    if (!this.owner.bodies.reserve(bytes)) {
      ofHost?.release(bytes);
      return false;
    }
    this.#reserved += bytes;
    return true;
  }

  onComplete(): void {
    if (this.#state !== SENT) return;
    const connection = this.connection;
    this.#end();
    this.#tell(new ResponseOutcome(this));
    connection?.release(this);
  }

  onError(failure: ExchangeFailure): void {
    if (this.#state === SENT) this.owner.onExchangeFailed(this, failure); // otherwise it has ended, or was resent
  }

  // --- other ends ---

  /**
   * After a stall of this process its timers fire before its sockets are read: what has arrived meanwhile is read first. True if
   * the deadline was started once more for that.
   */
  waitsForInput(deadline: Deadline): boolean {
    const { timers } = this.owner;
    const now = timers.clock.now();
    if (this.#hasWaited || now - deadline.due < LATE) return false;
    this.#hasWaited = true;
    timers.start(deadline, 1, now);
    return true;
  }

  override onDeadline(): void {
    if (this.waitsForInput(this)) return;
    const { timeout } = this.request;
    if (this.#state === WAITING) this.failToConnect(timeout);
    else this.fail({ kind: 'timeout', reason: `no complete answer within ${Math.round(timeout)} ms` });
  }

  failToConnect(timeout: number): void {
    this.fail({ kind: 'connect-timeout', reason: `no connection within ${Math.round(timeout)} ms` });
  }

  /** Ends the transfer; its connection is not reused. */
  fail(failure: Failure): void {
    if (this.#state === OVER) return;
    const { connection, pending } = this;
    this.#end();
    this.#tell(outcomeOf(failure, this));
    pending?.withdraw(this);
    connection?.abandon(this);
  }

  /** Prepares it for resending; gives up its connection or stream. */
  rewind(): void {
    const { connection } = this;
    this.#state = WAITING;
    this.#status = 0;
    this.connection = null;
    connection?.abandon(this);
  }

  #end(): void {
    this.#state = OVER;
    const { timers } = this.owner;
    timers.stop(this);
    if (this.connectDeadline !== null) timers.stop(this.connectDeadline);
    this.clock.ended = timers.clock.now();
    if (timers.stalledUntil >= this.clock.started) this.clock.stalled = timers.stalledFor;
  }

  #tell(outcome: Outcome): void {
    this.#piece = null;
    this.#pieces = null;
    this.owner.bodies.release(this.#reserved);
    this.request.route?.bodies?.release(this.#reserved);
    this.#reserved = 0;
    this.owner.onTransferOver(this, outcome);
    this.#settle(outcome);
  }

  // --- the outcome's view ---

  get info(): ConnectionInfo | null {
    return this.connection?.info ?? null;
  }

  get contentType(): string {
    return this.#contentType;
  }

  get rawHeaders(): RawHeaders | null {
    return this.#rawHeaders;
  }

  /** The body, or the part of it that has arrived. */
  get received(): Buffer {
    return this.#pieces?.take() ?? this.#piece ?? NO_BODY;
  }
}
