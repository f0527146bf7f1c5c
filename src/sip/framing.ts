/** How messages and keep-alives lie in the bytes of a connection. */
import { type FramerLimits, StreamFramer } from './stream-framer.ts';

export interface FramingEvents {
  /** Called with one complete message; the receiver may keep the bytes. */
  readonly message: (data: Buffer) => void;
  /** Writes bytes that are not a message: a handshake, the answer to a ping. */
  readonly write: (bytes: Uint8Array) => void;
  /** Messages can be sent from now on. Not called if they could from the start. */
  readonly ready: () => void;
  /** The peer sends nothing more and reads nothing more. */
  readonly ended: () => void;
}

export interface Framing {
  /** Whether messages can be sent: false during a handshake. */
  readonly isReady: boolean;
  /** Whether an incomplete message has been received. */
  readonly isInside: boolean;
  /** Whether it has told the peer that no more messages are sent. */
  readonly isFinished: boolean;
  /** The header of a message that breaks the stream, which identifies its sender; null if incomplete. */
  readonly brokenHeader: Buffer | null;
  /** Called once the connection exists. */
  begin(): void;
  /** Returns the error that ends the stream, if any; the remaining bytes are dropped. */
  push(chunk: Buffer): string | null;
  /** The bytes of a message. */
  encode(message: Uint8Array): Uint8Array;
  /** Whether the protocol can ask the peer for a sign of life. */
  readonly canPing: boolean;
  /** Asks for it; false if that is not possible now. */
  ping(): boolean;
  /** Tells the peer that no more messages are sent; false if the protocol has no such word. */
  finish(): boolean;
}

const PONG = Buffer.from('\r\n');

/** Messages that only Content-Length delimits (RFC 3261, 18.3). */
export class StreamFraming implements Framing {
  readonly isReady = true;
  readonly isFinished = false;
  /** Only clients ask (RFC 5626, 4.4.1). */
  readonly canPing = false;
  readonly #framer: StreamFramer;

  constructor(limits: FramerLimits, { message, write }: FramingEvents) {
    this.#framer = new StreamFramer(limits, { message, ping: () => write(PONG) });
  }

  get isInside(): boolean {
    return this.#framer.isInside;
  }

  get brokenHeader(): Buffer | null {
    return this.#framer.brokenHeader;
  }

  begin(): void {
    // there is no handshake
  }

  push(chunk: Buffer): string | null {
    return this.#framer.push(chunk);
  }

  encode(message: Uint8Array): Uint8Array {
    return message;
  }

  ping(): boolean {
    return false;
  }

  finish(): boolean {
    return false;
  }
}
