import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { Client } from 'undici';
import { type Connection, describeConnection } from './connection.ts';
import { Http1Wire } from './http1-wire.ts';
import { IDLE_MARGIN, IDLE_TIMEOUT, LONGEST_IDLE, MAX_HEADER } from './limits.ts';
import type { OriginPool } from './origin-pool.ts';
import type { ConnectionInfo, ConnectionProtocol } from './outcome.ts';
import { StaleConnectionError, type Transfer } from './transfer.ts';

function ignore(): void {}

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

  constructor(pool: OriginPool, socket: Socket, protocol: ConnectionProtocol, connectedAt: number) {
    this.#pool = pool;
    this.#socket = socket;
    this.connectedAt = connectedAt;
    this.info = describeConnection(socket, protocol);
    this.#wire = new Http1Wire(socket, protocol === 'http/1.0');
    this.#client = new Client(pool.engineUrl, {
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

  get usable(): boolean {
    return !this.#closed && !this.#socket.destroyed;
  }

  dispatch(transfer: Transfer): void {
    this.#transfer = transfer;
    transfer.begin(this);
    this.#wire.begin(transfer.expectContinue);
    this.#client.dispatch(transfer, transfer);
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
