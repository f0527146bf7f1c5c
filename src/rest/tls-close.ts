/**
 * Whether TLS was closed in order, or cut: a body without a length is complete only after a close_notify (RFC 9112, 9.8;
 * RFC 8446, 6.1), and Node ends the stream in the same way without one. What tells is when it ends: with a close_notify
 * in the turn of the event loop in which bytes have come, else in a later one.
 */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** The most that a record takes with an alert in it: its two bytes, padded and authenticated by any cipher of TLS 1.2. */
const LARGEST_ALERT = 96;

/** What each TLS socket reads from. */
const wires = new WeakMap<Socket, Socket>();

export function rememberWire(socket: TLSSocket, wire: Socket): void {
  wires.set(socket, wire);
}

export class TlsClose {
  readonly #wire: Socket;
  /** Bytes of the wire, when a piece of the body had come. */
  #read = 0;
  #isSameTurn = false;

  private constructor(wire: Socket) {
    this.#wire = wire;
  }

  /** Null for a socket without TLS. */
  static of(socket: Socket): TlsClose | null {
    const wire = wires.get(socket);
    return wire === undefined ? null : new TlsClose(wire);
  }

  /** A piece of a body has come whose end is that of the connection. */
  onBytes(): void {
    this.#read = this.#wire.bytesRead;
    if (this.#isSameTurn) return;
    this.#isSameTurn = true;
    setImmediate(() => {
      this.#isSameTurn = false;
    });
  }

  /** At the end of the stream: whether a close_notify came with the last piece, or as a record of its own after it. */
  get isOrderly(): boolean {
    const after = this.#wire.bytesRead - this.#read;
    return after === 0 ? this.#isSameTurn : after <= LARGEST_ALERT;
  }
}
