import type { Wire } from '../net/index.ts';
import { Timer, type TimerWheel } from '../timers/index.ts';
import { type AnswerListener, AnswerReader } from './answer-reader.ts';
import { type Connection, describeConnection, resetWire } from './connection.ts';
import type { Exchange } from './exchange.ts';
import type { ExchangeFailure } from './failure.ts';
import type { HttpTarget } from './http-target.ts';
import type { AnswerHead } from './http1-head.ts';
import { requestHead } from './http1-request.ts';
import { IDLE_MARGIN, LONGEST_IDLE } from './limits.ts';
import { hasBody } from './request.ts';
import { BodyPump, type PieceWriter } from './request-stream.ts';
import { socketFailure } from './socket-failure.ts';
import type { SocketReader } from './socket-reader.ts';
import { TlsClose } from './tls-close.ts';
import type { ConnectionInfo } from './transfer-end.ts';
import { writeSoon } from './write-soon.ts';

/** Limit on waiting for `100 Continue`, in milliseconds. */
const LONGEST_CONTINUE = 1_000;
/** Bodies up to this size are copied behind their head, which is cheaper than a separate write. */
const COPIED_BODY = 16_384;

const NOTHING = Buffer.alloc(0);

/** Events of an HTTP/1 connection for its owner. */
export interface Http1Listener {
  /** Called when its request has ended and it may take another. */
  onIdle(connection: Http1Connection): void;
  onClosed(connection: Http1Connection): void;
}

export interface Http1Options {
  readonly target: HttpTarget;
  readonly timers: TimerWheel;
  readonly http10: boolean;
  /** How long to keep it idle unless the server says otherwise, in milliseconds; 0: not at all. */
  readonly keepAlive: number;
  /** Reads the wire without its stream; null: events do. */
  readonly reader: SocketReader | null;
}

/** An HTTP/1 connection, for one request at a time. */
export class Http1Connection implements Connection, AnswerListener {
  readonly info: ConnectionInfo;
  readonly connectedAt: number;
  served = 0;
  // its place in the pool's stack of idle connections
  idle = false;
  newer: Http1Connection | null = null;
  older: Http1Connection | null = null;
  idleSince = 0;
  /** When idling ends, on the client's clock. */
  idleUntil = 0;
  readonly #listener: Http1Listener;
  readonly #socket: Wire;
  readonly #target: HttpTarget;
  readonly #timers: TimerWheel;
  readonly #keepAlive: number;
  readonly #http10: boolean;
  readonly #answer: AnswerReader = new AnswerReader(this);
  readonly #tls: TlsClose | null;
  #exchange: Exchange | null = null;
  #written = false;
  #closed = false;
  /** How long the current or previous answer keeps the connection open; 0: not at all. */
  #idleTime = 0;
  #status = 0;
  /** Whether the rest of the request is still being sent after the complete answer. */
  #isUploading = false;
  /** Whether unsolicited bytes have arrived. */
  #isOutOfStep = false;
  /** The body that waits for `100 Continue`. */
  #body: Buffer | null = null;
  #timeout: Timer | null = null;
  /** A body that is read while it is sent. */
  #pump: BodyPump | null = null;

  constructor(
    wire: Wire,
    { target, timers, http10, keepAlive, reader }: Http1Options,
    listener: Http1Listener,
  ) {
    this.#listener = listener;
    this.#socket = wire;
    this.#target = target;
    this.#timers = timers;
    this.#tls = TlsClose.of(wire);
    this.#http10 = http10;
    this.#keepAlive = keepAlive;
    this.connectedAt = timers.clock.now();
    this.info = describeConnection(wire, http10 ? 'http/1.0' : 'http/1.1');
    if (reader === null) wire.on('data', (piece: Buffer) => this.#onBytes(piece, piece.length, false));
    else reader.receive = (bytes, length) => this.#onBytes(bytes, length, true);
    wire.on('error', (error) => this.#onLost(socketFailure(error)));
    wire.once('end', () => this.#onEnd());
    wire.once('close', () => {
      this.#closed = true;
      listener.onClosed(this);
      this.#onLost(CLOSED);
    });
  }

  get isBusy(): boolean {
    return this.#exchange !== null;
  }

  get usable(): boolean {
    return !this.#closed && !this.#socket.destroyed;
  }

  send(exchange: Exchange): void {
    this.#exchange = exchange;
    this.#written = false;
    this.#socket.ref?.();
    if (this.served === 0) this.write();
    else writeSoon(this);
  }

  /** Writes the request, unless it has been given up. */
  write(): void {
    const exchange = this.#exchange;
    if (exchange === null || this.#written) return;
    this.#written = true;
    if (this.#http10) exchange.expectContinue = false; // RFC 9110, section 10.1.1
    this.#answer.begin(exchange.request.method);
    const { request, expectContinue } = exchange;
    const { body, streams } = request;
    const stream = streams?.body ?? null;
    if (stream !== null && stream.length === null && this.#http10) {
      exchange.onError(NO_CHUNKS);
      return;
    }
    const head = requestHead(request, this.#target, this.#http10, expectContinue);
    const socket = this.#socket;
    if (stream !== null) {
      socket.write(head, 'latin1');
      this.#pump = new BodyPump(stream, this.#pieceWriter(stream.length === null));
      if (expectContinue) this.#awaitContinue();
      else this.#pump.resume();
    } else if (body === null || body.length === 0) {
      socket.write(head, 'latin1');
    } else if (expectContinue) {
      socket.write(head, 'latin1');
      this.#body = body;
      this.#awaitContinue();
    } else if (body.length <= COPIED_BODY) {
      const bytes = Buffer.allocUnsafe(head.length + body.length);
      bytes.write(head, 'latin1');
      body.copy(bytes, head.length);
      socket.write(bytes);
    } else {
      socket.cork();
      socket.write(head, 'latin1');
      socket.write(body);
      socket.uncork();
    }
  }

  release(exchange: Exchange): void {
    this.#exchange = null;
    this.served++;
    // the answer came before the whole body was sent: its rest must not precede the next request
    const owes = hasBody(exchange.request) && (this.#withdrawBody() || this.#socket.writableLength > 0);
    if (this.#isOutOfStep) {
      this.reset();
      return;
    }
    if (owes || exchange.request.headers.closes || this.#idleTime <= 0) {
      this.destroy();
      return;
    }
    this.idleSince = exchange.clock.ended;
    this.idleUntil = this.idleSince + this.#idleTime;
    this.#socket.unref?.();
    this.#listener.onIdle(this);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  abandon(): void {
    this.destroy();
  }

  reset(): void {
    resetWire(this.#socket);
    this.destroy();
  }

  destroy(): void {
    this.#exchange = null;
    this.#isUploading = false;
    this.#closed = true;
    this.#answer.stop();
    this.#withdrawBody();
    this.#socket.destroy();
  }

  // --- the answer ---

  onStatus(status: number): void {
    this.#exchange?.onStatus(status);
  }

  onInterim(status: number): void {
    if (status === 100) this.#sendBody();
    this.#exchange?.onInterim(status);
  }

  onHead(head: AnswerHead, text: string): void {
    const seconds = head.idleSeconds;
    this.#status = head.status;
    this.#idleTime = !(head.keepAlive && this.#keepAlive > 0)
      ? 0
      : Number.isNaN(seconds)
        ? this.#keepAlive
        : Math.min(seconds * 1000 - IDLE_MARGIN, LONGEST_IDLE);
    this.#exchange?.onHead(head, text);
  }

  onData(piece: Buffer, reused: boolean): void {
    this.#exchange?.onData(piece, reused);
  }

  #onBytes(bytes: Buffer, length: number, reused: boolean): void {
    const exchange = this.#exchange;
    if (exchange === null || !this.#written) {
      resetWire(this.#socket); // answers no longer match requests: nothing more on this connection can be trusted
      this.#onLost(STALE);
      return;
    }
    if (this.#isUploading) {
      this.#isOutOfStep = true;
      return;
    }
    exchange.onAnswering();
    const answer = this.#answer;
    const taken = answer.read(bytes, length, reused);
    if (this.#exchange !== exchange) return; // these bytes ended it
    if (answer.complete) {
      if (taken < length) this.#isOutOfStep = true;
      this.#onAnswer(exchange);
    } else if (answer.fault !== '') {
      exchange.onError({ code: answer.faultCode, reason: answer.fault, fate: 'answered' });
    } else if (this.#tls !== null && answer.endsWithConnection) {
      this.#tls.onBytes();
    }
  }

  /**
   * As in libcurl, a success that arrives before the whole request was sent does not stop the upload, which the service
   * may still need. Any other answer does.
   */
  #onAnswer(exchange: Exchange): void {
    const socket = this.#socket;
    const isPumping = this.#pump?.isOver === false;
    if (
      !hasBody(exchange.request) ||
      this.#body !== null ||
      this.#timeout?.running === true ||
      this.#status >= 300 ||
      (socket.writableLength === 0 && !isPumping)
    ) {
      exchange.onComplete();
      return;
    }
    this.#isUploading = true;
    if (!isPumping) this.#flushThenComplete(exchange);
  }

  #flushThenComplete(exchange: Exchange): void {
    this.#socket.write(NOTHING, () => {
      if (this.#isUploading && this.#exchange === exchange) this.#onUploaded(exchange);
    });
  }

  #onUploaded(exchange: Exchange): void {
    this.#isUploading = false;
    exchange.onComplete();
  }

  #onEnd(): void {
    const exchange = this.#exchange;
    if (this.#answer.endsWithConnection && this.#tls?.isOrderly === false) {
      this.#onLost(CUT);
    } else if (exchange !== null && this.#written && this.#answer.end()) {
      this.#idleTime = 0;
      this.#onUploaded(exchange); // even if bytes are unsent: the server reads no more
    } else {
      this.#onLost(CLOSED);
    }
  }

  /** Fails the current exchange, if any. */
  #onLost(failure: ExchangeFailure): void {
    const exchange = this.#exchange;
    const written = this.#written;
    this.destroy();
    exchange?.onError(written ? failure : STALE);
  }

  // --- a delayed body, or one that is read while it is sent ---

  #awaitContinue(): void {
    this.#timeout ??= new Timer(() => this.#sendBody());
    this.#timers.start(this.#timeout, LONGEST_CONTINUE);
  }

  #pieceWriter(isChunked: boolean): PieceWriter {
    const socket = this.#socket;
    const exchange = this.#exchange;
    return {
      write: (piece) => {
        let hasRoom: boolean;
        if (isChunked) {
          socket.cork();
          socket.write(`${piece.length.toString(16)}\r\n`, 'latin1');
          socket.write(piece);
          hasRoom = socket.write('\r\n', 'latin1');
          socket.uncork();
        } else hasRoom = socket.write(piece);
        if (!hasRoom) socket.once('drain', () => this.#pump?.resume());
        return hasRoom;
      },
      end: () => {
        if (isChunked) socket.write('0\r\n\r\n', 'latin1');
        if (this.#isUploading && exchange !== null && exchange === this.#exchange)
          this.#flushThenComplete(exchange);
      },
      fail: (code, reason) => exchange?.onError({ code, reason, fate: 'answered' }),
    };
  }

  #sendBody(): void {
    const pump = this.#pump;
    if (pump !== null) {
      if (this.#timeout !== null) this.#timers.stop(this.#timeout);
      pump.resume();
      return;
    }
    const body = this.#body;
    if (this.#withdrawBody() && body !== null && !this.#socket.destroyed) this.#socket.write(body);
  }

  /** Whether there was a body that had not been sent. */
  #withdrawBody(): boolean {
    const pump = this.#pump;
    if (this.#body === null && pump === null) return false;
    this.#body = null;
    this.#pump = null;
    if (this.#timeout !== null) this.#timers.stop(this.#timeout);
    if (pump === null) return true;
    const isPending = !pump.isOver;
    pump.stop();
    return isPending;
  }
}

/** HTTP/1.0 has no chunks (RFC 9112, section 6.1). */
const NO_CHUNKS: ExchangeFailure = {
  code: 'body',
  reason: 'HTTP/1.0 needs the length of a body before it, and this one says none',
  fate: 'answered',
};

/** The connection ended, for any reason, before the request was written. */
const STALE: ExchangeFailure = {
  code: 'reset',
  reason: 'the kept connection was closed by the server',
  fate: 'unsent',
};
const CUT: ExchangeFailure = {
  code: 'reset',
  reason: 'the server ended TLS without close_notify, so its answer may be incomplete',
  fate: 'unknown',
};
const CLOSED: ExchangeFailure = {
  code: 'reset',
  reason: 'the server closed the connection before its answer was complete',
  fate: 'unknown',
};
