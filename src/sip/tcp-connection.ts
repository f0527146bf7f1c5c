/** One TCP connection: messages in by the framer, messages out by a bounded queue, and its time limits. */
import type { Socket } from 'node:net';
import { StreamFramer } from './stream-framer.ts';
import type { TcpLimits } from './tcp-transport.ts';
import type { Source, Transport } from './transport.ts';

const PONG = Buffer.from('\r\n');
/** More bytes than a peer sends that waits for its answers. */
const LARGE_PIECE = 16_384;

/** Why a connection was closed; `peer` by the other side, `local` by this one's end. */
export type Closing = 'peer' | 'local' | 'error' | 'idle' | 'connect' | 'slow' | 'defect' | 'queue';

/** What a connection belongs to. */
export interface ConnectionOwner extends Transport {
  readonly limits: TcpLimits;
  received(data: Buffer, source: Source, connection: TcpConnection): void;
  wasSent(): void;
  failed(error: Error): void;
  closed(connection: TcpConnection, why: Closing, detail: string): void;
  /** For its later requests to this port of the peer's (RFC 5923). */
  addAlias(connection: TcpConnection, port: number): void;
}

/**
 * As a transport it is what the replies to a request go back by: on this connection while it is open, by a new one
 * to the address that is given when it is not (RFC 3261, 18.2.2).
 */
export class TcpConnection implements Transport {
  readonly protocol = 'tcp' as const;
  readonly reliable = true;
  readonly local: { readonly address: string; readonly port: number };
  readonly listener: ConnectionOwner;
  readonly source: Source;
  readonly isAccepted: boolean;
  /** What it is found by. */
  readonly keys = new Set<string>();
  readonly #socket: Socket;
  readonly #framer: StreamFramer;
  /** For the connect, then for each message that is under way. */
  #deadline: NodeJS.Timeout | null = null;
  #isConnected: boolean;
  #isEnding = false;
  #isClosed = false;

  constructor(owner: ConnectionOwner, socket: Socket, source: Source, isAccepted: boolean) {
    const { limits } = owner;
    this.listener = owner;
    this.local = owner.local;
    this.source = source;
    this.isAccepted = isAccepted;
    this.#isConnected = isAccepted;
    this.#socket = socket;
    this.#framer = new StreamFramer(
      { header: limits.headerBytes, message: limits.messageBytes },
      {
        message: (data) => {
          this.#clearDeadline();
          owner.received(data, source, this);
        },
        ping: () => this.#write(PONG, undefined),
      },
    );
    socket.setNoDelay(true);
    socket.setTimeout(limits.idleTimeout, () => this.#close('idle'));
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (error) => this.#close(this.#isConnected ? 'error' : 'connect', error));
    socket.on('close', () => this.#close(this.#isEnding ? 'local' : 'peer'));
    if (!isAccepted) {
      this.#deadline = setTimeout(
        () => this.#close('connect', new Error('the connect timed out')),
        limits.connectTimeout,
      );
      socket.once('connect', () => {
        this.#isConnected = true;
        this.#clearDeadline();
      });
    }
  }

  get isOpen(): boolean {
    return !this.#isClosed && !this.#socket.writableEnded;
  }

  /** Requests to this port of the peer's address take this connection too (RFC 5923, `;alias` in a Via). */
  alias(port: number): void {
    if (this.isOpen) this.listener.addAlias(this, port);
  }

  send(data: Uint8Array, address: string, port: number, done?: (error: Error | null) => void): void {
    if (this.isOpen) this.#write(data, done);
    else this.listener.send(data, address, port, done);
  }

  async close(): Promise<void> {
    this.end();
  }

  /** What is queued still goes out. */
  end(): void {
    if (this.#isClosed) return;
    this.#isEnding = true;
    this.#socket.destroySoon();
  }

  destroy(): void {
    this.#close('local');
  }

  #read(chunk: Buffer): void {
    const defect = this.#framer.push(chunk);
    if (defect !== null) return this.#close('defect', new Error(defect));
    // from its first byte on, whatever other messages came whole meanwhile
    if (this.#framer.isInside && !this.#isClosed)
      this.#deadline ??= setTimeout(() => this.#close('slow'), this.listener.limits.messageTimeout);
    if (chunk.length >= LARGE_PIECE) this.#giveOthersTheirTurn();
  }

  /** What comes in as fast as it can be read would be read 32 pieces at a time, which is most of a second. */
  #giveOthersTheirTurn(): void {
    this.#socket.pause();
    setImmediate(() => this.#socket.resume());
  }

  #write(data: Uint8Array, done: ((error: Error | null) => void) | undefined): void {
    const fail = (error: Error): void => {
      this.listener.failed(error);
      done?.(error);
    };
    if (this.#socket.writableLength + data.length > this.listener.limits.queueBytes) {
      const error = new Error('the peer does not read');
      this.#close('queue', error);
      return fail(error);
    }
    this.#socket.write(data, (error) => {
      if (error) return fail(error);
      this.listener.wasSent();
      done?.(null);
    });
  }

  #clearDeadline(): void {
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    this.#deadline = null;
  }

  #close(why: Closing, error?: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#clearDeadline();
    this.#socket.destroy(); // what was queued fails, and its senders hear of it
    this.listener.closed(this, why, error?.message ?? '');
  }
}
