import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import type { Wire } from '../net/index.ts';
import { Timer, type TimerWheel } from '../timers/index.ts';
import { type Connection, describeConnection, resetWire } from './connection.ts';
import { firstLine, messageOf, tlsErrorText } from './errors.ts';
import type { Exchange } from './exchange.ts';
import type { ExchangeFailure } from './failure.ts';
import type { HttpTarget } from './http-target.ts';
import { CANCEL, ERROR_NAMES, HTTP_1_1_REQUIRED, NO_ERROR, REFUSED_STREAM } from './http2-errors.ts';
import { MAX_HEADER_FIELDS, MAX_HEADER_LIST } from './http2-fields.ts';
import { http2RequestFields } from './http2-request.ts';
import { http2 } from './lazy-modules.ts';
import { hasBody } from './request.ts';
import { BodyPump, type RequestStream } from './request-stream.ts';
import { ENDS_SILENTLY, SilentBreach } from './silent-breach.ts';
import type { ConnectionInfo } from './transfer-end.ts';

/** Minimum time to keep a connection that has served nothing yet, in milliseconds. */
const FIRST_USE = 1_000;
const STREAM_WINDOW = 262_144;
const CONNECTION_WINDOW = 1_048_576;
/** In MB. Node would count the caller's unsent bodies and refuse streams above 10. */
const SESSION_MEMORY = 4_096;
/** How long a doubtful connection may take to answer a PING, in milliseconds. */
const LONGEST_PING = 1_000;

/** Flag of DATA and HEADERS, RFC 9113, section 6. */
const END_STREAM = 1;

const unprocessed = (reason: string): ExchangeFailure => ({ code: 'reset', reason, fate: 'unprocessed' });
const HTTP1_REQUIRED: ExchangeFailure = {
  code: 'protocol',
  reason: 'the server wants HTTP/1.1 for this request (HTTP_1_1_REQUIRED)',
  fate: 'unprocessed',
};

function ignore(): void {}

interface IncomingStatus {
  readonly ':status'?: number;
}

/** Events of an HTTP/2 connection for its owner. */
export interface Http2Listener {
  onClosed(connection: Http2Connection): void;
  /** Called for the server's SETTINGS: how many streams it allows. */
  onStreamLimit(limit: number): void;
  /** Called when the server requires HTTP/1.1. */
  onHttp1Required(): void;
}

export interface Http2Options {
  readonly target: HttpTarget;
  readonly timers: TimerWheel;
  /** Number of streams assumed until the server's SETTINGS arrive. */
  readonly streamLimit: number;
  /** How long it is kept idle, in milliseconds; 0: not at all. */
  readonly keepAlive: number;
}

/** One HTTP/2 connection on node:http2, shared by the requests of one client to an origin. */
export class Http2Connection implements Connection {
  readonly info: ConnectionInfo;
  readonly connectedAt: number;
  served = 0;
  idleSince: number;
  readonly #listener: Http2Listener;
  readonly #keepAlive: number;
  readonly #target: HttpTarget;
  readonly #timers: TimerWheel;
  readonly #socket: Wire;
  /** Closes it after idling for too long. */
  readonly #idle = new Timer(() => this.destroy());
  /** Limits the answer to a PING. */
  readonly #pingTimeout = new Timer(() => this.#close());
  readonly #session: ClientHttp2Session;
  // a counter, not a Map: see Dispatcher
  #open = 0;
  #probing = false;
  #limit: number;
  #closed = false;
  /** The last stream that the server will process, after its GOAWAY. */
  #lastStream = Number.POSITIVE_INFINITY;
  #error: Error | null = null;
  /** The TLS alert by which the server closed, if any. */
  #alert: string | null = null;
  #wantsHttp1 = false;
  readonly #breach: SilentBreach | null;

  constructor(wire: Wire, { target, timers, streamLimit, keepAlive }: Http2Options, listener: Http2Listener) {
    this.#listener = listener;
    this.#target = target;
    this.#timers = timers;
    this.#socket = wire;
    this.connectedAt = timers.clock.now();
    this.idleSince = this.connectedAt;
    this.#limit = streamLimit;
    this.#keepAlive = keepAlive;
    this.info = describeConnection(wire, 'h2');
    this.#session = http2().connect(target.url, {
      createConnection: () => wire,
      maxSessionMemory: SESSION_MEMORY,
      maxHeaderListPairs: MAX_HEADER_FIELDS,
      // Node would silently omit such a field; it is refused here instead
      ...{ strictFieldWhitespaceValidation: false },
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW, maxHeaderListSize: MAX_HEADER_LIST },
    });
    const session = this.#session;
    this.#breach = ENDS_SILENTLY ? new SilentBreach(session, wire, timers, () => this.#onBreach()) : null;
    session.on('connect', () => {
      if (!session.destroyed) session.setLocalWindowSize(CONNECTION_WINDOW);
    });
    session.on('remoteSettings', (settings) => {
      this.#limit = settings.maxConcurrentStreams ?? Number.POSITIVE_INFINITY;
      listener.onStreamLimit(this.#limit);
      this.onSettings?.();
    });
    session.on('goaway', (code: number, lastStream: number) => {
      if (code === HTTP_1_1_REQUIRED) this.#onHttp1Required();
      this.#lastStream = Math.min(this.#lastStream, lastStream);
      this.#close();
    });
    session.on('error', (error: Error) => {
      this.#error = error;
      this.#close();
    });
    session.on('frameError', ignore);
    wire.on('error', (error) => {
      this.#alert ??= tlsErrorText(error);
    });
    session.on('close', () => this.#close());
    timers.start(this.#idle, Math.max(keepAlive, FIRST_USE));
    session.unref();
  }

  /** Called for the server's first SETTINGS, which prove that it speaks HTTP/2. */
  onSettings: (() => void) | null = null;
  /** Called once, when the connection stops taking requests. */
  onUnusable: (() => void) | null = null;

  /** NaN if the bytes on the wire are not counted. */
  get #bytesRead(): number {
    return this.#socket.bytesRead ?? Number.NaN;
  }

  get isBusy(): boolean {
    return this.#open > 0;
  }

  get usable(): boolean {
    return !this.#closed && !this.#session.closed && !this.#session.destroyed;
  }

  /** Whether another stream fits or may wait: a server that allows none would not do so on another connection. */
  get hasRoom(): boolean {
    return this.usable && (this.#limit === 0 || (!this.#probing && this.#open < this.#limit));
  }

  send(exchange: Exchange): void {
    exchange.expectContinue = false; // unused in HTTP/2: a 417 is an answer like any other
    const { body, streams } = exchange.request;
    const source = streams?.body ?? null;
    let stream: ClientHttp2Stream;
    try {
      stream = this.#session.request(http2RequestFields(exchange.request, this.#target), {
        endStream: !hasBody(exchange.request),
      });
    } catch (error) {
      // the session has just closed, or stream numbers are used up: nothing was sent
      this.#close();
      queueMicrotask(() => exchange.onError(unprocessed(messageOf(error))));
      return;
    }
    if (this.#open === 0) {
      this.#session.ref();
      this.#timers.stop(this.#idle);
    }
    this.#open++;
    this.#breach?.opened();
    exchange.stream = { stream, bytesRead: this.#bytesRead };
    this.#listen(exchange, stream);
    if (body !== null) this.#sendBody(stream, body);
    else if (source !== null) this.#pumpBody(exchange, stream, source);
  }

  #onHttp1Required(): void {
    this.#wantsHttp1 = true;
    this.#listener.onHttp1Required();
  }

  #sendBody(stream: ClientHttp2Stream, body: Buffer): void {
    this.#watchBody(stream);
    // not `end(body)`, which would miss a reset in the middle of the body
    if (body.length === 0) stream.end();
    else stream.write(body, (error) => void (error ?? stream.end()));
  }

  /** Sends a body no faster than it is taken. */
  #pumpBody(exchange: Exchange, stream: ClientHttp2Stream, source: RequestStream): void {
    this.#watchBody(stream);
    const pump = new BodyPump(source, {
      write: (piece) => stream.write(piece),
      end: () => stream.end(),
      fail: (code, reason) => {
        if (!exchange.over) exchange.onError({ code, reason, fate: 'answered' });
      },
    });
    stream.on('drain', () => pump.resume());
    stream.once('close', () => pump.stop());
    pump.resume();
  }

  #watchBody(stream: ClientHttp2Stream): void {
    const breach = this.#breach;
    if (breach !== null) {
      breach.bodyBegun();
      let isOver = false;
      const over = (): void => {
        if (!isOver) breach.bodyOver();
        isOver = true;
      };
      stream.once('finish', over);
      stream.once('close', over);
    }
  }

  #onBreach(): void {
    this.#error = Object.assign(new Error('the server broke the protocol'), { code: 'ERR_HTTP2_ERROR' });
    this.destroy();
  }

  release(exchange: Exchange): void {
    this.served++;
    this.#drop(exchange);
  }

  pause(exchange: Exchange): void {
    exchange.stream?.stream.pause();
  }

  resume(exchange: Exchange): void {
    exchange.stream?.stream.resume();
  }

  abandon(exchange: Exchange): void {
    const open = exchange.stream;
    // no bytes since the request was sent: a hanging connection would only delay the next requests
    if (open !== null && open.bytesRead === this.#bytesRead && this.#limit > 0) this.#close();
    this.#drop(exchange);
    open?.stream.close(CANCEL);
    if (open !== null) this.#probe();
  }

  /**
   * An exchange that was given up may be due to a dead connection, which takes no more requests until it has answered a
   * PING.
   */
  #probe(): void {
    if (this.#probing || !this.usable) return;
    this.#probing = true;
    this.#timers.start(this.#pingTimeout, LONGEST_PING);
    const sent = this.#session.ping((error) => {
      this.#timers.stop(this.#pingTimeout);
      this.#probing = false;
      if (error !== null) this.#close();
    });
    if (!sent) this.#close();
  }

  destroy(): void {
    this.#close();
    this.#timers.stop(this.#idle);
    this.#timers.stop(this.#pingTimeout);
    this.#breach?.stop();
    this.#session.destroy();
    this.#socket.destroy();
  }

  reset(): void {
    resetWire(this.#socket);
    this.destroy();
  }

  #listen(exchange: Exchange, stream: ClientHttp2Stream): void {
    const sendsBody = hasBody(exchange.request);
    let isEnded = false; // by the server, in order
    let isSettled = false;
    const settle = (isClosed: boolean): void => {
      if (isSettled) return;
      const isWhole = isEnded && exchange.complete && stream.rstCode === NO_ERROR;
      // as in HTTP/1, an error stops the upload
      const isUploading = sendsBody && !stream.writableFinished;
      const isDone = isWhole && (isClosed || stream.closed || (isUploading && exchange.status >= 300));
      if (!isDone && !isClosed) return;
      isSettled = true;
      if (exchange.over) {
        this.#drop(exchange);
      } else if (isDone) {
        exchange.onComplete();
        if (isUploading && !stream.closed) stream.close(CANCEL);
      } else {
        this.#drop(exchange);
        exchange.onError(this.#failureOf(stream));
      }
      if (isClosed) stream.destroy();
    };
    // Node ends the stream the same way for a reset with NO_ERROR, but closes it first
    const push = stream.push;
    stream.push = (piece, encoding) => {
      if (piece === null && !stream.closed) isEnded = true;
      return push.call(stream, piece, encoding);
    };
    stream.on('headers', (headers: IncomingStatus, _flags: number, raw: string[]) => {
      exchange.onHttp2Headers(headers[':status'] ?? 0, raw);
    });
    stream.on('response', (headers: IncomingStatus, flags: number, raw: string[]) => {
      if ((flags & END_STREAM) !== 0) isEnded = true;
      exchange.onHttp2Headers(headers[':status'] ?? 0, raw);
    });
    stream.on('trailers', () => {
      isEnded = true;
    });
    stream.on('data', (piece: Buffer) => exchange.onData(piece, false));
    stream.on('end', () => settle(false));
    // while a body is sent Node reports only the reset, and would wait for the body
    stream.on('aborted', () => setImmediate(settle, true));
    stream.on('error', ignore); // reported by `close`, with its code
    stream.on('close', () => settle(true));
  }

  #failureOf(stream: ClientHttp2Stream): ExchangeFailure {
    const { rstCode, id } = stream;
    if (rstCode === REFUSED_STREAM || (id ?? Number.POSITIVE_INFINITY) > this.#lastStream)
      return this.#wantsHttp1 ? HTTP1_REQUIRED : unprocessed('the server refused the stream');
    if (rstCode === HTTP_1_1_REQUIRED) {
      this.#onHttp1Required();
      return HTTP1_REQUIRED;
    }
    if (this.#error !== null || this.#session.destroyed || this.#socket.destroyed) return this.#lost();
    const reason =
      rstCode === NO_ERROR
        ? 'the server ended the stream before its answer was complete'
        : `the server reset the stream (${ERROR_NAMES[rstCode] ?? rstCode})`;
    return { code: 'reset', reason, fate: 'answered' };
  }

  #lost(): ExchangeFailure {
    if (this.#alert !== null)
      return { code: 'tls', reason: `the server ended TLS: ${this.#alert}`, fate: 'unknown' };
    const error: NodeJS.ErrnoException | null = this.#error;
    const why = error === null ? 'the server closed the connection' : firstLine(error.message);
    return {
      code: error?.code?.startsWith('ERR_HTTP2') === true ? 'protocol' : 'reset',
      reason: `the HTTP/2 connection was lost: ${why}`,
      fate: 'unknown',
    };
  }

  #drop(exchange: Exchange): void {
    if (exchange.stream === null) return;
    exchange.stream = null;
    this.#open--;
    this.#breach?.closed();
    if (this.#open > 0) return;
    if (!this.usable || this.#keepAlive === 0) {
      this.destroy();
      return;
    }
    this.#session.unref();
    this.idleSince = this.#timers.clock.now();
    this.#timers.start(this.#idle, this.#keepAlive, this.idleSince);
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.onClosed(this);
    this.onUnusable?.();
    if (this.#open === 0) this.destroy();
  }
}
