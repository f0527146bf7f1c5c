import { type ByteBudget, Deadline, processTimers } from '../timers/index.ts';
import { BodyBuffer } from './body-buffer.ts';
import type { ConnectFailure } from './connect-attempt.ts';
import type { Connection } from './connection.ts';
import { ExplainedError, firstLine, tlsErrorText } from './errors.ts';
import type { AnswerHead } from './http1-head.ts';
import type { OpenStream } from './http2-connection.ts';
import { readHttp2Fields } from './http2-fields.ts';
import type { OriginPool } from './origin-pool.ts';
import { NO_BODY, Outcome, PhaseClock, type RawHeaders, type ReturnCode } from './outcome.ts';
import type { HttpRequest } from './request.ts';

/** What a transfer needs of its client. */
export interface TransferOwner {
  readonly maxBytes: number;
  /** What the bodies of answers under way may take together. */
  readonly bodies: ByteBudget;
  /** A transfer is over: counters, lock, log. */
  onTransferOver(transfer: Transfer, outcome: Outcome): void;
  /** A connection was made for it (or an idle one taken): an async transfer's connect lock ends here. */
  onTransferConnected(transfer: Transfer): void;
  /** Its connection was lost before a byte of the answer, and it may go out once more. */
  sendAgain(transfer: Transfer): void;
}

/** Interim answers (1xx) that one transfer puts up with. */
const MAX_INTERIM = 100;

/** How often a request goes out again that the server did not look at (HTTP/2). */
const MAX_UNPROCESSED = 3;

/** RFC 9110, section 9.2.2: these may be sent again when a connection is lost before the answer. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']);

/** The time to connect, where it is shorter than the whole transfer's. */
export class ConnectDeadline extends Deadline {
  readonly #transfer: Transfer;

  constructor(transfer: Transfer) {
    super();
    this.#transfer = transfer;
  }

  override onDeadline(): void {
    this.#transfer.fail(-2, 'no connection within connection_timeout');
  }
}

const WAITING = 0;
const SENT = 1;
const OVER = 2;

/**
 * One request and what comes of it. It is its own deadline, so that a request costs one object. Blocking, async and
 * launch are three ways to wait for its promise.
 */
export class Transfer extends Deadline {
  readonly request: HttpRequest;
  readonly owner: TransferOwner;
  readonly pool: OriginPool;
  readonly clock: PhaseClock = new PhaseClock();
  connectDeadline: Deadline | null = null;
  /** It holds the connect lock. */
  locked = false;
  connection: Connection | null = null;
  /** Its stream on that, where it is one of HTTP/2. */
  stream: OpenStream | null = null;
  /** What cancels an attempt to connect or a place in a queue for a connection. */
  pending: { withdraw(transfer: Transfer): void } | null = null;
  onSignal: (() => void) | null = null;
  /** This request waits for `100 Continue` before its body. */
  expectContinue = false;

  #settle: (outcome: Outcome) => void;
  #state: number = WAITING;
  #written = false;
  #answered = false;
  #reused = false;
  #lost = 0;
  #unprocessed = 0;
  #interim = 0;
  #retcode = 0;
  #contentType = '';
  #rawHeaders: RawHeaders | null = null;
  #piece: Buffer | null = null;
  #received = 0;
  /** Of {@link TransferOwner.bodies}. */
  #reserved = 0;
  /** By Content-Length; NaN without one. */
  #announced = Number.NaN;
  #pieces: BodyBuffer | null = null;

  constructor(
    owner: TransferOwner,
    pool: OriginPool,
    request: HttpRequest,
    settle: (outcome: Outcome) => void,
  ) {
    super();
    this.owner = owner;
    this.pool = pool;
    this.request = request;
    this.#settle = settle;
  }

  /** Of the answer, interim or final; 0 before it. */
  get status(): number {
    return this.#retcode;
  }

  /** Bytes of the body that have come. */
  get received(): number {
    return this.#received;
  }

  /** True when a final answer has come with as many bytes as it announced. */
  get complete(): boolean {
    if (this.#retcode < 200) return false; // none, or an interim one
    return Number.isNaN(this.#announced) || this.#announced === this.#received || this.#bodiless;
  }

  get #bodiless(): boolean {
    return this.request.method === 'HEAD' || this.#retcode === 304 || this.#retcode === 204;
  }

  get over(): boolean {
    return this.#state === OVER;
  }

  // --- called by the pool ---

  /** It has a connection and goes out on it now. */
  begin(connection: Connection): void {
    this.pending = null;
    if (this.connectDeadline !== null) {
      processTimers.stop(this.connectDeadline);
      this.connectDeadline = null;
    }
    this.connection = connection;
    this.#reused = connection.served > 0;
    this.#state = SENT;
    this.#written = false;
    this.#answered = false;
    if (this.locked) this.owner.onTransferConnected(this);
  }

  connectFailed(failure: ConnectFailure): void {
    this.pending = null;
    this.fail(failure.rc, failure.reason);
  }

  // --- called by its connection ---

  onWritten(): void {
    this.#written = true;
  }

  /** A byte of the answer has come: from here on the request never goes out again for a lost connection. */
  onAnswering(): void {
    this.#answered = true;
  }

  onStatus(status: number): void {
    if (this.#state === SENT) this.#retcode = status;
  }

  onInterim(status: number): void {
    if (this.#state !== SENT) return;
    this.#retcode = status;
    this.#interim++;
    if (this.#interim > MAX_INTERIM) this.fail(-10, `more than ${MAX_INTERIM} interim answers`);
  }

  onHead(head: AnswerHead, text: string): void {
    if (!this.#onFinal(head.status)) return;
    this.#rawHeaders = text;
    this.#contentType = head.contentType;
    this.#checkLength(head.contentLength);
  }

  onHttp2Headers(status: number, raw: readonly string[]): void {
    this.#answered = true;
    if (status < 200) {
      this.onInterim(status);
      return;
    }
    if (!this.#onFinal(status)) return;
    const { fields, contentType, contentLength, fault } = readHttp2Fields(raw);
    if (fault !== '') {
      this.fail(-10, fault);
      return;
    }
    this.#rawHeaders = fields;
    this.#contentType = contentType;
    this.#checkLength(contentLength);
  }

  /** False when nobody waits for this answer any more. */
  #onFinal(status: number): boolean {
    if (this.#state !== SENT) return false;
    if (status === 417 && this.expectContinue) {
      // RFC 9110, section 10.1.1: the same once more, without Expect.
      this.expectContinue = false;
      this.#goAgain();
      return false;
    }
    this.clock.firstByte = performance.now();
    this.#retcode = status;
    return true;
  }

  #checkLength(length: number): void {
    this.#announced = length;
    if (length > this.owner.maxBytes && !this.#bodiless) {
      this.fail(
        -10,
        `the answer's ${length} bytes are above max_transfer_size (${this.owner.maxBytes} bytes)`,
      );
    }
  }

  /** @param reused true when the piece is valid during the call only */
  onData(piece: Buffer, reused: boolean): void {
    if (this.#state !== SENT) return;
    this.#received += piece.length;
    if (this.#received > this.owner.maxBytes) {
      this.fail(-10, `the answer is larger than max_transfer_size (${this.owner.maxBytes} bytes)`);
    } else if (!this.#reserve(piece.length)) {
      this.fail(
        -10,
        `the bodies of all answers under way take ${this.owner.bodies.limit} bytes, the most they may`,
      );
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

  /** Where the length is not known, the buffer is up to twice as long as what it holds. */
  #reserve(length: number): boolean {
    const bytes = Number.isNaN(this.#announced) ? 2 * length : length;
    if (!this.owner.bodies.reserve(bytes)) return false;
    this.#reserved += bytes;
    return true;
  }

  onComplete(): void {
    if (this.#state !== SENT) return;
    const connection = this.connection;
    this.#finish(1, '');
    connection?.release(this);
  }

  onError(error: Error): void {
    if (this.#state !== SENT) return; // given up, or on its way again
    if (this.#mayGoAgain(error)) {
      this.#goAgain();
      return;
    }
    this.fail(-10, reasonOf(error));
  }

  // --- ends that are not the connection's ---

  override onDeadline(): void {
    if (this.#state === WAITING) this.fail(-2, 'no connection within connection_timeout');
    else this.fail(-3, 'not done within curl_timeout');
  }

  /** Ends the transfer; its connection is never used again. */
  fail(rc: ReturnCode, reason: string): void {
    if (this.#state === OVER) return;
    const { connection, pending } = this;
    this.#finish(rc, reason);
    pending?.withdraw(this);
    connection?.abandon(this);
  }

  /**
   * A GET or PUT on a kept connection that turns out to be closed before a byte of the answer goes out once
   * more on a fresh one; a POST only if it had not been written. Never a second time.
   */
  #mayGoAgain(error: Error): boolean {
    if (this.#answered || this.#state !== SENT) return false;
    if (error instanceof UnprocessedError) {
      this.#unprocessed++;
      return this.#unprocessed <= MAX_UNPROCESSED;
    }
    if (!this.#reused || this.#lost > 0) return false;
    // Before it was written, stray bytes of the server may have ended the connection with any error.
    if (this.#written && !(isConnectionLoss(error) && IDEMPOTENT.has(this.request.method))) return false;
    this.#lost++;
    return true;
  }

  #goAgain(): void {
    const { connection } = this;
    this.#state = WAITING;
    this.#retcode = 0;
    this.connection = null;
    connection?.abandon(this);
    if (!this.over) this.owner.sendAgain(this);
  }

  #finish(rc: ReturnCode, reason: string): void {
    this.#state = OVER;
    processTimers.stop(this);
    if (this.connectDeadline !== null) processTimers.stop(this.connectDeadline);
    this.clock.ended = performance.now();
    const assigns = rc === 1 || rc === -3;
    const outcome = new Outcome({
      rc,
      retcode: this.#retcode,
      body: assigns ? (this.#pieces?.take() ?? this.#piece ?? NO_BODY) : NO_BODY,
      contentType: assigns ? this.#contentType : '',
      reason,
      rawHeaders: this.#rawHeaders,
      clock: this.clock,
      connection: this.connection?.info ?? null,
      reused: this.#reused,
    });
    this.#piece = null;
    this.#pieces = null;
    this.owner.bodies.release(this.#reserved);
    this.#reserved = 0;
    this.owner.onTransferOver(this, outcome);
    this.#settle(outcome);
  }
}

/** An error that says: the server has not looked at this request (HTTP/2: GOAWAY, REFUSED_STREAM). */
export class UnprocessedError extends Error {}

/** The server does not look at the request in HTTP/2 (RFC 9113, section 7). */
export class Http1RequiredError extends UnprocessedError {
  constructor() {
    super('the server wants HTTP/1.1 for this request (HTTP_1_1_REQUIRED)');
  }
}

/** The connection was closed before the request was written. */
export class StaleConnectionError extends Error {
  constructor() {
    super('the kept connection was closed by the server');
  }
}

const LOSSES = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ETIMEDOUT', 'EHOSTUNREACH']);

function isConnectionLoss(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return error instanceof StaleConnectionError || (code !== undefined && LOSSES.has(code));
}

/** What errors of a socket mean to somebody who reads a log. */
const REASONS = new Map<string, string>([
  ['ECONNRESET', 'the server reset the connection'],
  ['EPIPE', 'the server closed the connection while the request was sent'],
]);

function reasonOf(error: Error): string {
  if (error instanceof ExplainedError) return error.message;
  // With TLS 1.3 a server refuses our certificate when the handshake is over for us (RFC 8446, section 4.4.2.4).
  const alert = tlsErrorText(error);
  if (alert !== null) return `the server ended TLS: ${alert}`;
  const { code, message } = error as NodeJS.ErrnoException;
  const known = code === undefined ? undefined : REASONS.get(code);
  if (known !== undefined) return `${known} (${code})`;
  const line = firstLine(message);
  return code === undefined || line.includes(code) ? line : `${line} (${code})`;
}
