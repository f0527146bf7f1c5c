import type { Socket } from 'node:net';
import { type AnswerListener, AnswerReader } from './answer-reader.ts';
import { type Connection, describeConnection, resetSocket } from './connection.ts';
import type { ExchangeFailure } from './failure.ts';
import type { AnswerHead } from './http1-head.ts';
import { requestHead } from './http1-request.ts';
import { IDLE_MARGIN, IDLE_TIMEOUT, LONGEST_IDLE } from './limits.ts';
import type { OriginPool } from './origin-pool.ts';
import type { ConnectionInfo, ConnectionProtocol } from './outcome.ts';
import { socketFailure } from './socket-failure.ts';
import type { SocketReader } from './socket-reader.ts';
import { TlsClose } from './tls-close.ts';
import type { Transfer } from './transfer.ts';

/** How long a body waits for `100 Continue` (parameter `enable_expect_100`), in milliseconds. */
const CONTINUE_PATIENCE = 1_000;
/** A body of so many bytes is copied behind its head, which is cheaper than writing it by itself. */
const COPIED_BODY = 16_384;

/** When so many requests are dispatched in one turn of the event loop, they do not wait for the next. */
const MANY = 8;

const NOTHING = Buffer.alloc(0);

let waiting: Http1Connection[] = [];

/**
 * On a kept connection a request is written when everything was read that had come by now: where the server has sent
 * something unasked, the connection is not used. What comes later nobody can tell from an answer. In the middle of a
 * turn of the event loop nothing is read any more in this turn: so it is written after the reads of the next.
 *
 * With many in one turn the loop is busy, and what arrives lies there for about a turn before it is read: what the
 * server sent right behind an answer was read with it. Then they are written at the end of this turn, since a turn is a
 * good part of the time that a blocking call takes, and so of what a worker can do.
 */
function writeSoon(connection: Http1Connection): void {
  if (waiting.length === 0) setImmediate(endTurn);
  waiting.push(connection);
}

function endTurn(): void {
  const connections = waiting;
  waiting = [];
  if (connections.length < MANY) setImmediate(writeAll, connections);
  else writeAll(connections);
}

function writeAll(connections: readonly Http1Connection[]): void {
  for (const connection of connections) connection.write();
}

/** One connection of HTTP/1, for one request at a time. */
export class Http1Connection implements Connection, AnswerListener {
  readonly info: ConnectionInfo;
  readonly connectedAt: number;
  served = 0;
  // Its place in the pool's stack of idle connections.
  idle = false;
  newer: Http1Connection | null = null;
  older: Http1Connection | null = null;
  idleSince = 0;
  /** Until when it may be kept idle, on the clock of `performance.now()`. */
  idleUntil = 0;
  readonly #pool: OriginPool;
  readonly #socket: Socket;
  readonly #http10: boolean;
  readonly #answer: AnswerReader = new AnswerReader(this);
  readonly #tls: TlsClose | null;
  #transfer: Transfer | null = null;
  #written = false;
  #closed = false;
  /** The answer in hand, or the one before it, lets the connection live so long; 0: not at all. */
  #idleTime = 0;
  #status = 0;
  /** The answer is complete, and the rest of the request is still on its way. */
  #isUploading = false;
  /** Bytes have arrived that no request has asked for. */
  #isOutOfStep = false;
  /** A body that waits for `100 Continue`. */
  #body: Buffer | null = null;
  #patience: NodeJS.Timeout | null = null;

  constructor(
    pool: OriginPool,
    socket: Socket,
    reader: SocketReader | null,
    protocol: ConnectionProtocol,
    connectedAt: number,
  ) {
    this.#pool = pool;
    this.#socket = socket;
    this.#tls = TlsClose.of(socket);
    this.#http10 = protocol === 'http/1.0';
    this.connectedAt = connectedAt;
    this.info = describeConnection(socket, protocol);
    if (reader === null) socket.on('data', (piece) => this.#onBytes(piece, piece.length, false));
    else reader.receive = (bytes, length) => this.#onBytes(bytes, length, true);
    socket.on('error', (error) => this.#onLost(socketFailure(error)));
    socket.once('end', () => this.#onEnd());
    socket.once('close', () => {
      this.#closed = true;
      pool.onClosed(this);
      this.#onLost(CLOSED);
    });
  }

  get isBusy(): boolean {
    return this.#transfer !== null;
  }

  get usable(): boolean {
    return !this.#closed && !this.#socket.destroyed;
  }

  dispatch(transfer: Transfer): void {
    this.#transfer = transfer;
    this.#written = false;
    transfer.begin(this);
    this.#socket.ref();
    if (this.served === 0) this.write();
    else writeSoon(this);
  }

  /** Writes the request that was dispatched, unless it has come to nothing meanwhile. */
  write(): void {
    const transfer = this.#transfer;
    if (transfer === null || this.#written) return;
    this.#written = true;
    if (this.#http10) transfer.expectContinue = false; // RFC 9110, section 10.1.1
    this.#answer.begin(transfer.request.method);
    const head = requestHead(transfer, this.#http10);
    const { body } = transfer.request;
    const socket = this.#socket;
    if (body === null || body.length === 0) {
      socket.write(head, 'latin1');
    } else if (transfer.expectContinue) {
      socket.write(head, 'latin1');
      this.#body = body;
      this.#patience = setTimeout(() => this.#sendBody(), CONTINUE_PATIENCE);
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

  release(transfer: Transfer): void {
    this.#transfer = null;
    this.served++;
    // An answer before the whole body was taken: what is left of it must not meet the next request.
    const owes = transfer.request.body !== null && (this.#withdrawBody() || this.#socket.writableLength > 0);
    if (this.#isOutOfStep) {
      this.reset();
      return;
    }
    if (owes || transfer.request.headers.closes || this.#idleTime <= 0) {
      this.destroy();
      return;
    }
    this.idleSince = transfer.clock.ended;
    this.idleUntil = this.idleSince + this.#idleTime;
    this.#socket.unref();
    this.#pool.onIdle(this);
  }

  abandon(): void {
    this.destroy();
  }

  reset(): void {
    resetSocket(this.#socket);
    this.destroy();
  }

  destroy(): void {
    this.#transfer = null;
    this.#isUploading = false;
    this.#closed = true;
    this.#answer.stop();
    this.#withdrawBody();
    this.#socket.destroy();
  }

  // --- the answer ---

  onStatus(status: number): void {
    this.#transfer?.onStatus(status);
  }

  onInterim(status: number): void {
    if (status === 100) this.#sendBody();
    this.#transfer?.onInterim(status);
  }

  onHead(head: AnswerHead, text: string): void {
    const seconds = head.idleSeconds;
    this.#status = head.status;
    this.#idleTime = !head.keepAlive
      ? 0
      : Number.isNaN(seconds)
        ? IDLE_TIMEOUT
        : Math.min(seconds * 1000 - IDLE_MARGIN, LONGEST_IDLE);
    this.#transfer?.onHead(head, text);
  }

  onData(piece: Buffer, reused: boolean): void {
    this.#transfer?.onData(piece, reused);
  }

  #onBytes(bytes: Buffer, length: number, reused: boolean): void {
    const transfer = this.#transfer;
    if (transfer === null || !this.#written) {
      resetSocket(this.#socket); // the server is out of step: nothing that it sends on this connection can be trusted
      this.#onLost(STALE);
      return;
    }
    if (this.#isUploading) {
      this.#isOutOfStep = true;
      return;
    }
    transfer.onAnswering();
    const answer = this.#answer;
    const taken = answer.read(bytes, length, reused);
    if (this.#transfer !== transfer) return; // given up, for what has come
    if (answer.complete) {
      if (taken < length) this.#isOutOfStep = true;
      this.#onAnswer(transfer);
    } else if (answer.fault !== '') {
      transfer.onError({ code: answer.faultCode, reason: answer.fault, fate: 'answered' });
    } else if (this.#tls !== null && answer.endsWithConnection) {
      this.#tls.onBytes();
    }
  }

  /**
   * A success that comes before the whole request was sent does not end the upload: the service may still want it, as with
   * libcurl. Any other answer does.
   */
  #onAnswer(transfer: Transfer): void {
    const socket = this.#socket;
    if (
      transfer.request.body === null ||
      this.#body !== null ||
      this.#status >= 300 ||
      socket.writableLength === 0
    ) {
      transfer.onComplete();
      return;
    }
    this.#isUploading = true;
    socket.write(NOTHING, () => {
      if (this.#isUploading && this.#transfer === transfer) this.#onUploaded(transfer);
    });
  }

  #onUploaded(transfer: Transfer): void {
    this.#isUploading = false;
    transfer.onComplete();
  }

  #onEnd(): void {
    const transfer = this.#transfer;
    if (this.#tls?.isOrderly === false && this.#answer.endsWithConnection) {
      this.#onLost(CUT);
    } else if (transfer !== null && this.#written && this.#answer.end()) {
      this.#idleTime = 0;
      this.#onUploaded(transfer); // whatever was not sent: nobody reads it any more
    } else {
      this.#onLost(CLOSED);
    }
  }

  /** The connection is lost, to whatever transfer is on it. */
  #onLost(failure: ExchangeFailure): void {
    const transfer = this.#transfer;
    const written = this.#written;
    this.destroy();
    transfer?.onError(written ? failure : STALE);
  }

  // --- a body that waits ---

  #sendBody(): void {
    const body = this.#body;
    if (this.#withdrawBody() && body !== null && !this.#socket.destroyed) this.#socket.write(body);
  }

  /** True when there was one that had not gone out. */
  #withdrawBody(): boolean {
    if (this.#body === null) return false;
    this.#body = null;
    if (this.#patience !== null) clearTimeout(this.#patience);
    this.#patience = null;
    return true;
  }
}

/** Whatever ended the connection before the request was written. */
const STALE: ExchangeFailure = {
  code: 'reset',
  reason: 'the kept connection was closed by the server',
  fate: 'unsent',
};
const CUT: ExchangeFailure = {
  code: 'reset',
  reason: 'the server cut TLS without a close_notify, so that nobody can say that its answer was complete',
  fate: 'unknown',
};
const CLOSED: ExchangeFailure = {
  code: 'reset',
  reason: 'the server closed the connection before its answer was complete',
  fate: 'unknown',
};
