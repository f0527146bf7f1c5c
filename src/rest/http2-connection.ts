import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import { type Connection, describeConnection, resetSocket } from './connection.ts';
import { firstLine, tlsErrorText } from './errors.ts';
import type { ExchangeFailure } from './failure.ts';
import { MAX_HEADER_FIELDS, MAX_HEADER_LIST } from './http2-fields.ts';
import { http2 } from './lazy-modules.ts';
import { IDLE_TIMEOUT } from './limits.ts';
import type { OriginPool } from './origin-pool.ts';
import type { ConnectionInfo } from './outcome.ts';
import { ENDS_SILENTLY, SilentBreach } from './silent-breach.ts';
import type { Transfer } from './transfer.ts';

const STREAM_WINDOW = 262_144;
const CONNECTION_WINDOW = 1_048_576;
/** In MB. Node counts bodies that wait to be sent, which are the caller's, and would refuse streams above 10. */
const SESSION_MEMORY = 4_096;
/** How long a connection in doubt has to answer a PING, in milliseconds. */
const PING_PATIENCE = 1_000;

/** Error codes, RFC 9113, 7. */
const NO_ERROR = 0;
const REFUSED_STREAM = 7;
const CANCEL = 8;
const HTTP_1_1_REQUIRED = 13;

/** Flag of DATA and HEADERS, RFC 9113, section 6. */
const END_STREAM = 1;

/** Fields of HTTP/1 that HTTP/2 has no place for (RFC 9113, section 8.2.2). */
const NOT_IN_HTTP2 = new Set(['host', 'connection', 'proxy-connection', 'keep-alive', 'upgrade']);
/** Fields that Node sends once only. */
const SINGLE = new Set(['content-type', 'authorization', 'user-agent', 'referer', 'from', 'date']);

const unprocessed = (reason: string): ExchangeFailure => ({ code: 'reset', reason, fate: 'unprocessed' });
const HTTP1_REQUIRED: ExchangeFailure = {
  code: 'protocol',
  reason: 'the server wants HTTP/1.1 for this request (HTTP_1_1_REQUIRED)',
  fate: 'unprocessed',
};

function ignore(): void {}

/** RFC 9113, section 7, by number. */
const ERROR_NAMES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
];

interface IncomingStatus {
  readonly ':status'?: number;
}

export interface OpenStream {
  readonly stream: ClientHttp2Stream;
  /** What the connection had read when it was opened. */
  readonly bytesRead: number;
}

/**
 * One HTTP/2 connection, shared by the transfers of one client to an origin, on node:http2. */
export class Http2Connection implements Connection {
  readonly info: ConnectionInfo;
  readonly connectedAt: number;
  served = 0;
  idleSince: number;
  readonly #pool: OriginPool;
  readonly #socket: Socket;
  readonly #session: ClientHttp2Session;
  // Counted, not kept in a Map: see RestClient.
  #open = 0;
  #probing = false;
  #limit: number;
  #closed = false;
  /** The last stream that the server will look at, once it has said goodbye. */
  #lastStream = Number.POSITIVE_INFINITY;
  #error: Error | null = null;
  /** Why TLS ended, where the server said so. */
  #alert: string | null = null;
  #wantsHttp1 = false;
  readonly #breach: SilentBreach | null;

  constructor(pool: OriginPool, socket: Socket, connectedAt: number) {
    this.#pool = pool;
    this.#socket = socket;
    this.connectedAt = connectedAt;
    this.idleSince = connectedAt;
    this.#limit = pool.streamLimit;
    this.info = describeConnection(socket, 'h2');
    this.#session = http2().connect(pool.url, {
      createConnection: () => socket,
      maxSessionMemory: SESSION_MEMORY,
      maxHeaderListPairs: MAX_HEADER_FIELDS,
      // Otherwise such a field is left out without a word; it is refused here instead.
      ...{ strictFieldWhitespaceValidation: false },
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW, maxHeaderListSize: MAX_HEADER_LIST },
    });
    const session = this.#session;
    this.#breach = ENDS_SILENTLY ? new SilentBreach(session, socket, () => this.#onBreach()) : null;
    session.on('connect', () => {
      if (!session.destroyed) session.setLocalWindowSize(CONNECTION_WINDOW);
    });
    session.on('remoteSettings', (settings) => {
      this.#limit = settings.maxConcurrentStreams ?? Number.POSITIVE_INFINITY;
      pool.streamLimit = Math.max(this.#limit, 1);
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
    socket.on('error', (error) => {
      this.#alert ??= tlsErrorText(error);
    });
    session.on('close', () => this.#close());
    session.setTimeout(IDLE_TIMEOUT, () => {
      if (this.#open === 0) this.destroy();
    });
    session.unref();
  }

  /** Called when the server's first SETTINGS have come: it does speak HTTP/2. */
  onSettings: (() => void) | null = null;
  /** Called once when the connection takes no more requests. */
  onUnusable: (() => void) | null = null;

  get isBusy(): boolean {
    return this.#open > 0;
  }

  get usable(): boolean {
    return !this.#closed && !this.#session.closed && !this.#session.destroyed;
  }

  /** True when a further stream fits, or waits: a server that allows none would not allow more on other connections. */
  get hasRoom(): boolean {
    return this.usable && (this.#limit === 0 || (!this.#probing && this.#open < this.#limit));
  }

  dispatch(transfer: Transfer): void {
    transfer.begin(this);
    transfer.expectContinue = false; // nothing is asked here: a 417 is an answer like any other
    const { body } = transfer.request;
    let stream: ClientHttp2Stream;
    try {
      stream = this.#session.request(http2Headers(transfer, this.#pool), { endStream: body === null });
    } catch (error) {
      // A session that closed this instant, or stream numbers used up: nothing was sent.
      this.#close();
      queueMicrotask(() => transfer.onError(unprocessed(messageOf(error))));
      return;
    }
    if (this.#open === 0) this.#session.ref();
    this.#open++;
    this.#breach?.opened();
    transfer.stream = { stream, bytesRead: this.#socket.bytesRead };
    this.#listen(transfer, stream);
    if (body !== null) this.#send(stream, body);
  }

  #onHttp1Required(): void {
    this.#wantsHttp1 = true;
    this.#pool.requireHttp1();
  }

  #send(stream: ClientHttp2Stream, body: Buffer): void {
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
    // Not `end(body)`: a reset in the middle of the body would then go unheard.
    if (body.length === 0) stream.end();
    else stream.write(body, (error) => void (error ?? stream.end()));
  }

  #onBreach(): void {
    this.#error = Object.assign(new Error('the server broke the protocol'), { code: 'ERR_HTTP2_ERROR' });
    this.destroy();
  }

  release(transfer: Transfer): void {
    this.served++;
    this.#drop(transfer);
  }

  abandon(transfer: Transfer): void {
    const open = transfer.stream;
    // Not a byte since the request went out: a connection that hangs would only delay the next ones.
    if (open !== null && open.bytesRead === this.#socket.bytesRead && this.#limit > 0) this.#close();
    this.#drop(transfer);
    open?.stream.close(CANCEL);
    if (open !== null) this.#probe();
  }

  /**
   * A transfer that was given up may have met a connection that is dead. It takes no more requests until it has
   * answered a PING.
   */
  #probe(): void {
    if (this.#probing || !this.usable) return;
    this.#probing = true;
    const patience = setTimeout(() => this.#close(), PING_PATIENCE).unref();
    const sent = this.#session.ping((error) => {
      clearTimeout(patience);
      this.#probing = false;
      if (error !== null) this.#close();
    });
    if (!sent) this.#close();
  }

  destroy(): void {
    this.#close();
    this.#breach?.stop();
    this.#session.destroy();
    this.#socket.destroy();
  }

  reset(): void {
    resetSocket(this.#socket);
    this.destroy();
  }

  #listen(transfer: Transfer, stream: ClientHttp2Stream): void {
    let isEnded = false; // by the server, in order
    let isSettled = false;
    const settle = (isClosed: boolean): void => {
      if (isSettled) return;
      const isWhole = isEnded && transfer.complete && stream.rstCode === NO_ERROR;
      // As with HTTP/1: after an error nobody wants the rest of the request.
      const isUploading = transfer.request.body !== null && !stream.writableFinished;
      const isDone = isWhole && (isClosed || stream.closed || (isUploading && transfer.status >= 300));
      if (!isDone && !isClosed) return;
      isSettled = true;
      if (transfer.over) {
        this.#drop(transfer);
      } else if (isDone) {
        transfer.onComplete();
        if (isUploading && !stream.closed) stream.close(CANCEL);
      } else {
        this.#drop(transfer);
        transfer.onError(this.#failureOf(stream));
      }
      if (isClosed) stream.destroy();
    };
    // Node ends the stream in the same way for a reset with NO_ERROR: but then it is closed first.
    const push = stream.push;
    stream.push = (piece, encoding) => {
      if (piece === null && !stream.closed) isEnded = true;
      return push.call(stream, piece, encoding);
    };
    stream.on('headers', (headers: IncomingStatus, _flags: number, raw: string[]) => {
      transfer.onHttp2Headers(headers[':status'] ?? 0, raw);
    });
    stream.on('response', (headers: IncomingStatus, flags: number, raw: string[]) => {
      if ((flags & END_STREAM) !== 0) isEnded = true;
      transfer.onHttp2Headers(headers[':status'] ?? 0, raw);
    });
    stream.on('trailers', () => {
      isEnded = true;
    });
    stream.on('data', (piece: Buffer) => transfer.onData(piece, false));
    stream.on('end', () => settle(false));
    // While a body is sent, a reset is all that Node says: it would wait for the body.
    stream.on('aborted', () => setImmediate(settle, true));
    stream.on('error', ignore); // told by close, with its code
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

  #drop(transfer: Transfer): void {
    if (transfer.stream === null) return;
    transfer.stream = null;
    this.#open--;
    this.#breach?.closed();
    if (this.#open > 0) return;
    this.idleSince = performance.now();
    if (this.usable) this.#session.unref();
    else this.destroy();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pool.onClosed(this);
    this.onUnusable?.();
    if (this.#open === 0) this.destroy();
  }
}

function http2Headers(transfer: Transfer, pool: OriginPool): OutgoingHttpHeaders {
  const { method, path, headers, body } = transfer.request;
  const { fields } = headers;
  const out: OutgoingHttpHeaders = {
    ':method': method,
    ':scheme': pool.authority.scheme,
    ':authority': pool.authority.host,
    ':path': path,
  };
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = (fields[i] ?? '').toLowerCase();
    const value = fields[i + 1] ?? '';
    if (name === 'host') out[':authority'] = value;
    if (NOT_IN_HTTP2.has(name)) continue;
    const known = out[name];
    if (known === undefined) out[name] = value;
    else if (Array.isArray(known)) known.push(value);
    else if (!SINGLE.has(name)) out[name] = [String(known), value];
  }
  if (body !== null) out['content-length'] = body.length;
  return out;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
