/**
 * One connection, over any stream transport: the framing of messages, a bounded queue for outgoing ones, and its time
 * limits.
 */
import type { Socket } from 'node:net';
import type { Framing, FramingEvents } from './framing.ts';
import { isFinalReply, isSip, wantsReply } from './message-kind.ts';
import type { StreamLimits } from './stream-limits.ts';
import type { Opening } from './stream-opening.ts';
import { TlsConnection } from './tls-connection.ts';
import type { SecurePeer } from './tls-domains.ts';
import { handshakeFailure, type SecureSocket } from './tls-handshake.ts';
import type { ConnectionWaiter, Source, Transport } from './transport.ts';
import { TRANSPORTS } from './transports.ts';

/** Ignored between messages (RFC 3261, 7.5). */
const LINE_BREAK = Buffer.from('\r\n');
/** More bytes than a well-behaved peer sends before it waits for answers. */
const LARGE_PIECE = 16_384;

/** How long to wait for the answer to a request that breaks the stream, in ms. */
const LAST_ANSWER = 2000;
/** How long a half-closed peer may take to reset the connection after the last reply, in ms. */
const RESET = 100;
/** How many replies are kept for that time. */
const MAX_UNSURE = 100;
/** How long the peer may take to close its side after ours, in ms. */
const FAREWELL = 1000;

/** Why a connection was closed; `peer` by the other side, `local` by this one. */
export type Closing =
  | 'peer'
  | 'local'
  | 'error'
  | 'idle'
  | 'connect'
  | 'handshake'
  | 'slow'
  | 'defect'
  | 'queue';

type Done = ((error: Error | null) => void) | undefined;

/** An established connection, or one being opened. */
export interface StreamSocket {
  readonly socket: Socket;
  readonly source: Source;
  /** Null for an accepted connection, which can be used at once. */
  readonly opening: Opening | null;
  /** The result of the TLS handshake of an accepted connection. */
  readonly secure: SecureSocket | null;
}

/** The owner of a connection. */
export interface ConnectionOwner extends Transport {
  readonly limits: StreamLimits;
  /** How messages lie in a connection with this peer. */
  newFraming(isAccepted: boolean, peer: Source, events: FramingEvents): Framing;
  received(data: Buffer, source: Source, connection: StreamConnection): void;
  wasSent(): void;
  failed(error: Error): void;
  /** The handshake of a connection that the owner has opened has ended. */
  isSecure(connection: StreamConnection): void;
  /** The connection accepts no more requests, only their answers. */
  takesNoRequests(connection: StreamConnection): void;
  closed(connection: StreamConnection, why: Closing, detail: string): void;
  /** Makes it an alias for requests to this port of the peer (RFC 5923). */
  addAlias(connection: StreamConnection, port: number): void;
}

/**
 * As a transport it carries the replies to a request: on this connection while it is open, afterwards on a new one to
 * the given address (RFC 3261, 18.2.2).
 */
export class StreamConnection implements Transport {
  readonly protocol: Transport['protocol'];
  readonly reliable = true;
  readonly local: { readonly address: string; readonly port: number };
  readonly listener: ConnectionOwner;
  readonly source: Source;
  readonly isAccepted: boolean;
  /** Its keys in the connection table. */
  readonly keys = new Set<string>();
  /** Waits for answers to requests sent on this connection. */
  readonly waiters = new Set<ConnectionWaiter>();
  readonly #socket: Socket;
  readonly #framing: Framing;
  /** Limits connecting and the handshakes, then the time for each message, then the farewell. */
  #deadline: NodeJS.Timeout | null = null;
  /** Messages for a peer that is not connected, or not verified yet; null once it is. */
  #held: { readonly data: Uint8Array; readonly done: Done }[] | null = null;
  #heldBytes = 0;
  /** What is under way before the peer is verified; null afterwards. */
  #phase: 'connect' | 'handshake' | null = null;
  #tls: TlsConnection | null = null;
  /** Whether the peer was asked for a sign of life, and has sent none. */
  #isDoubted = false;
  /** Until when it stays open without traffic, on the clock of `performance`. */
  #keptUntil = 0;
  #isEnding = false;
  /** Number of requests received on it that await a final reply. */
  #owed = 0;
  /** Why to close it once all replies are sent; null if it stays open. */
  #ending: Closing | null = null;
  #defect: Error | undefined;
  /**
   * Replies sent after the peer's FIN: a peer that has closed both sides resets the connection without reading them.
   */
  readonly #unsure: { readonly data: Uint8Array; readonly address: string; readonly port: number }[] = [];
  #isClosed = false;

  constructor(owner: ConnectionOwner, { socket, source, opening, secure }: StreamSocket) {
    const { limits } = owner;
    this.protocol = source.transport;
    this.listener = owner;
    this.local = owner.local;
    this.source = source;
    this.isAccepted = opening === null;
    this.#socket = socket;
    this.#framing = owner.newFraming(this.isAccepted, source, {
      message: (data) => {
        this.#clearDeadline();
        this.#deliver(data);
      },
      write: (bytes) => this.#put(bytes, undefined),
      ready: () => this.#isReady(),
      ended: () => this.#endNow('peer', undefined),
    });
    if (secure !== null) this.#tls = new TlsConnection(secure);
    socket.setNoDelay(true);
    if (limits.keepAlive !== null) socket.setKeepAlive(true, limits.keepAlive);
    socket.setTimeout(this.#framing.canPing ? limits.idleTimeout / 2 : limits.idleTimeout);
    socket.on('timeout', () => this.#idles());
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (error) => this.#fails(error));
    socket.on('end', () => this.#peerEnds());
    socket.on('close', () => this.#close(this.#ending ?? (this.#isEnding ? 'local' : 'peer'), this.#defect));
    if (opening !== null) this.#open(opening);
    else if (!this.#framing.isReady) this.#awaitHandshake();
  }

  #open(opening: Opening): void {
    const { connectTimeout, handshakeTimeout } = this.listener.limits;
    this.#held = [];
    this.#phase = 'connect';
    this.#deadline = setTimeout(
      () => this.#close('connect', new Error('the connect timed out')),
      connectTimeout,
    );
    if (opening.domain !== null)
      this.#socket.once('connect', () => {
        this.#phase = 'handshake';
        this.#clearDeadline();
        this.#deadline = setTimeout(
          () => this.#close('handshake', new Error('the server did not complete the TLS handshake in time')),
          handshakeTimeout,
        );
      });
    opening.whenReady((result) => {
      if (this.#isClosed) return;
      if (result instanceof Error) return this.#close('handshake', result);
      this.#clearDeadline();
      if (result !== null) {
        this.#tls = new TlsConnection(result);
        this.listener.isSecure(this);
      }
      if (this.#framing.isReady) return this.#isReady();
      this.#awaitHandshake();
      this.#framing.begin();
    });
  }

  /** That of the framing. */
  #awaitHandshake(): void {
    this.#phase = 'handshake';
    this.#held ??= [];
    this.#deadline = setTimeout(
      () => this.#close('handshake', new Error('the peer did not complete the handshake in time')),
      this.listener.limits.handshakeTimeout,
    );
  }

  /** All handshakes are done. */
  #isReady(): void {
    this.#clearDeadline();
    this.#phase = null;
    const held = this.#held ?? [];
    this.#held = null;
    for (const { data, done } of held) this.#write(data, done);
    if (this.#isEnding) this.end();
  }

  /** Nothing was sent or received for a while. */
  #idles(): void {
    if (!this.#isDoubted && this.#framing.ping()) {
      this.#isDoubted = true;
      return;
    }
    const left = this.#keptUntil - performance.now();
    if (left > 0 && !this.#isDoubted) this.#socket.setTimeout(left);
    else this.#close('idle');
  }

  /** Keeps it open without traffic for this many ms, unless the peer is found to be gone. */
  keepOpen(milliseconds: number): void {
    this.#keptUntil = Math.max(this.#keptUntil, performance.now() + milliseconds);
  }

  /** TLS of this connection, once its handshake has ended; null in clear text. */
  get secured(): TlsConnection | null {
    return this.#tls;
  }

  /** Whether it may carry messages for this peer as well: a server's certificate has to be for the domain. */
  serves(peer: SecurePeer): boolean {
    return this.#tls?.isFor(peer) !== false;
  }

  get isOpen(): boolean {
    return !this.#isClosed && !this.#socket.writableEnded && !this.#framing.isFinished;
  }

  /** Requests to this port of the peer's address use this connection as well (RFC 5923, `;alias` in a Via). */
  alias(port: number): void {
    if (this.isOpen) this.listener.addAlias(this, port);
  }

  send(data: Uint8Array, address: string, port: number, done?: Done, peer?: SecurePeer): void {
    if (this.isOpen) {
      if (this.listener.tap) this.listener.tap(this, data, address, port);
      if (this.#ending === 'peer' && this.#unsure.length < MAX_UNSURE)
        this.#unsure.push({ data, address, port });
      this.#write(data, done);
    } else this.#sendAnew(data, address, port, done, peer);
  }

  /** By a new connection, if the peer can accept one. */
  #sendAnew(data: Uint8Array, address: string, port: number, done?: Done, peer?: SecurePeer): void {
    if (!this.isAccepted || TRANSPORTS[this.protocol].clientsListen)
      this.listener.send(data, address, port, done, peer);
    else this.#unsent(new Error('the client has closed the connection'), done);
  }

  async close(): Promise<void> {
    this.end();
  }

  /** Sends queued messages first. */
  end(): void {
    if (this.#isClosed) return;
    this.#isEnding = true;
    if (this.#held !== null && this.#held.length > 0) return;
    if (this.#framing.finish()) this.#endNow('local', undefined);
    else this.#socket.destroySoon();
  }

  destroy(): void {
    this.#close('local');
  }

  #deliver(message: Buffer): void {
    if (wantsReply(message)) this.#owed++;
    this.listener.received(message, this.source, this);
  }

  #read(chunk: Buffer): void {
    this.#isDoubted = false;
    const defect = this.#framing.push(chunk);
    if (defect !== null) return this.#breaks(new Error(defect));
    if (this.#isClosed) return;
    if (this.#ending === null && this.#phase === null) this.#limitMessage();
    if (chunk.length >= LARGE_PIECE) this.#giveOthersTheirTurn();
  }

  /** The time counts from the message's own first byte. */
  #limitMessage(): void {
    if (!this.#framing.isInside) this.#clearDeadline();
    else this.#deadline ??= setTimeout(() => this.#close('slow'), this.listener.limits.messageTimeout);
  }

  /**
   * The start of the next message is unknown, but the sender of this one can still be answered (RFC 3261, 18.3).
   */
  #breaks(defect: Error): void {
    if (this.#framing.isFinished) return this.#endNow(this.#phase ?? 'defect', defect);
    const header = this.#framing.brokenHeader;
    if (header === null || !wantsReply(header) || !isSip(header))
      return this.#close(this.#phase ?? 'defect', defect);
    this.#defect = defect;
    this.#endAfterReplies('defect', LAST_ANSWER, () => this.#deliver(header));
  }

  /** Nothing more can be sent or received. */
  #endNow(why: Closing, defect: Error | undefined): void {
    if (this.#isClosed || this.#ending !== null) return;
    this.#defect = defect;
    this.#ending = why;
    this.listener.takesNoRequests(this);
    this.#sayFarewell();
    this.#loseWaiters(defect ?? new Error('the connection is closed'));
  }

  /** The peer sends nothing more, but may still read. */
  #peerEnds(): void {
    if (this.#isClosed || this.#ending !== null) return;
    this.#endAfterReplies('peer', this.listener.limits.idleTimeout);
    this.#loseWaiters(new Error('the peer has closed the connection'));
  }

  /** Closes it once every request received on it has its final reply, at the latest after this many ms. */
  #endAfterReplies(why: Closing, within: number, first?: () => void): void {
    this.listener.takesNoRequests(this);
    this.#clearDeadline();
    this.#deadline = setTimeout(() => this.#close(why, this.#defect), within);
    first?.();
    if (this.#isClosed) return;
    this.#ending = why;
    if (this.#owed === 0) this.#sayFarewell();
  }

  /** Sends a line break, which RFC 3261, 7.5 ignores, to find out whether the peer has closed both sides. */
  #endUnlessReset(): void {
    this.#clearDeadline();
    this.#deadline = setTimeout(() => {
      this.#socket.write(LINE_BREAK, (error) => {
        if (!error) this.#sayFarewell();
      });
    }, RESET);
  }

  /** Reads the remaining bytes: with unread ones the system would reset the connection and lose the last reply. */
  #sayFarewell(): void {
    this.#clearDeadline();
    this.#deadline = setTimeout(() => this.#close(this.#ending ?? 'local', this.#defect), FAREWELL);
    this.#framing.finish();
    this.#socket.end();
  }

  #loseWaiters(error: Error): void {
    if (this.waiters.size === 0) return;
    const lost = [...this.waiters];
    this.waiters.clear();
    for (const waiter of lost) waiter.connectionLost(error);
  }

  /** Pauses a flooding peer, which otherwise gets 32 chunks read at a time, most of a second's work. */
  #giveOthersTheirTurn(): void {
    this.#socket.pause();
    setImmediate(() => this.#socket.resume());
  }

  #write(message: Uint8Array, done: Done): void {
    if (this.#held !== null) return this.#hold(this.#held, message, done);
    this.#put(this.#framing.encode(message), done);
    if (this.#owed > 0 && isFinalReply(message)) this.#owed--;
    if (this.#owed > 0 || this.#ending === null) return;
    if (this.#ending === 'peer') this.#endUnlessReset();
    else this.#sayFarewell();
  }

  #hold(held: { readonly data: Uint8Array; readonly done: Done }[], data: Uint8Array, done: Done): void {
    if (this.#heldBytes + data.length > this.listener.limits.queueBytes) return this.#isFull(done);
    held.push({ data, done });
    this.#heldBytes += data.length;
  }

  #put(bytes: Uint8Array, done: Done): void {
    if (this.#socket.writableLength + bytes.length > this.listener.limits.queueBytes)
      return this.#isFull(done);
    this.#socket.write(bytes, (error) => {
      if (error) return this.#unsent(error, done);
      this.listener.wasSent();
      done?.(null);
    });
  }

  #isFull(done: Done): void {
    const error = new Error('the peer does not read');
    this.#close('queue', error);
    this.#unsent(error, done);
  }

  #unsent(error: Error, done: Done): void {
    this.listener.failed(error);
    done?.(error);
  }

  #clearDeadline(): void {
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    this.#deadline = null;
  }

  #fails(error: Error): void {
    this.#close(this.#phase ?? 'error', new Error(handshakeFailure(error)));
  }

  #close(why: Closing, error?: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#clearDeadline();
    this.#socket.destroy(); // queued messages fail, and their senders are notified
    const reason = error ?? new Error('the connection is closed');
    const held = this.#held ?? [];
    this.#held = null;
    this.listener.closed(this, why, error?.message ?? '');
    for (const { done } of held) this.#unsent(reason, done);
    this.#loseWaiters(reason);
    if (why === 'error')
      for (const { data, address, port } of this.#unsure.splice(0)) this.#sendAnew(data, address, port);
  }
}
