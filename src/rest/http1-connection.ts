import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { Client } from 'undici';
import { type Connection, describeConnection } from './connection.ts';
import { engine } from './engine.ts';
import { Http1Wire } from './http1-wire.ts';
import { IDLE_MARGIN, IDLE_TIMEOUT, LONGEST_IDLE, MAX_HEADER } from './limits.ts';
import type { OriginPool } from './origin-pool.ts';
import type { ConnectionInfo, ConnectionProtocol } from './outcome.ts';
import type { SocketReader } from './socket-reader.ts';
import { StaleConnectionError, type Transfer } from './transfer.ts';

function ignore(): void {}

let waiting: Http1Connection[] = [];

/**
 * The engine writes on a kept connection in the next check phase, so that bytes which a server sent unasked are
 * met first. In the middle of a turn that is too early: nothing is read any more in this turn. So it is asked in
 * this turn's check phase, and writes in that of the next, after everything was read that had come.
 */
function dispatchNextTurn(connection: Http1Connection): void {
  if (waiting.length === 0) setImmediate(dispatchWaiting);
  waiting.push(connection);
}

function dispatchWaiting(): void {
  const connections = waiting;
  waiting = [];
  for (const connection of connections) connection.dispatchNow();
}

/** One HTTP/1 connection: a socket with an undici `Client` of its own on it. */
export class Http1Connection implements Connection {
  readonly info: ConnectionInfo;
  readonly connectedAt: number;
  served = 0;
  // Its place in the pool's stack of idle connections.
  idle = false;
  newer: Http1Connection | null = null;
  older: Http1Connection | null = null;
  readonly #pool: OriginPool;
  readonly #socket: Socket;
  readonly #client: Client;
  readonly #wire: Http1Wire;
  #transfer: Transfer | null = null;
  #handedOver = false;
  #closed = false;

  constructor(
    pool: OriginPool,
    socket: Socket,
    reader: SocketReader | null,
    protocol: ConnectionProtocol,
    connectedAt: number,
  ) {
    this.#pool = pool;
    this.#socket = socket;
    this.connectedAt = connectedAt;
    this.info = describeConnection(socket, protocol);
    this.#wire = new Http1Wire(socket, reader, protocol === 'http/1.0');
    this.#client = new (engine().Client)(pool.engineUrl, {
      pipelining: 1,
      // Deadlines are the transfer's: undici's timers are coarse.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: IDLE_TIMEOUT,
      keepAliveMaxTimeout: LONGEST_IDLE,
      keepAliveTimeoutThreshold: IDLE_MARGIN,
      maxHeaderSize: MAX_HEADER,
      connect: (_options, callback) => {
        // A second call means that the socket was closed with a request waiting that was not written.
        const stale = this.#handedOver || socket.destroyed;
        this.#handedOver = true;
        // Later, since the engine has to have returned from asking.
        process.nextTick(() => {
          if (stale) callback(new StaleConnectionError(), null);
          else callback(null, socket);
        });
      },
    });
    (this.#client as EventEmitter).on('error', ignore);
    // Heard before the engine hears it: that takes a reset for the end of a body that ends with the connection.
    socket.on('error', (error) => this.#transfer?.onSocketError(error));
    socket.once('close', () => {
      this.#closed = true;
      this.#wire.stop();
      pool.onClosed(this);
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
    transfer.begin(this);
    this.#wire.begin(transfer);
    if (this.served === 0) this.#client.dispatch(transfer, transfer);
    else dispatchNextTurn(this);
  }

  /** Hands the request to the engine, one turn of the event loop after it was dispatched. */
  dispatchNow(): void {
    const transfer = this.#transfer;
    if (transfer !== null && !transfer.over) this.#client.dispatch(transfer, transfer);
  }

  onWriting(): void {
    this.#wire.onWriting();
  }

  release(transfer: Transfer): void {
    this.#transfer = null;
    this.served++;
    // An answer before the whole body was taken: what is left of it must not meet the next request.
    if (transfer.body !== null && (this.#wire.withheld || this.#socket.writableLength > 0)) this.destroy();
    else this.#pool.onIdle(this);
  }

  abandon(_transfer: Transfer, abort: ((error?: Error) => void) | null): void {
    this.#transfer = null;
    abort?.();
    this.destroy();
  }

  destroy(): void {
    this.#closed = true;
    this.#socket.destroy();
  }
}
