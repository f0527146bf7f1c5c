/**
 * Node 20's HTTP/2 ends a session whose server breaks the protocol without a word to the program: it says GOAWAY to the
 * server, and from then on reads and writes nothing, while later versions report an error. What shows it is a PING that
 * is never written. It is tried once after each time that the server has said something and then fallen silent.
 */

import type { ClientHttp2Session } from 'node:http2';
import type { Wire } from '../net/index.ts';
import { Timer, type TimerWheel } from '../timers/index.ts';

/** Whether this Node says nothing. */
export const ENDS_SILENTLY = Number.parseInt(process.versions.node, 10) < 22;

/** For how long a server is silent before it is tried, and how long the PING may take to be written, in milliseconds. */
const SILENCE = 50;

export class SilentBreach {
  readonly #session: ClientHttp2Session;
  readonly #socket: Wire;
  readonly #timers: TimerWheel;
  readonly #found: () => void;
  readonly #timer = new Timer(() => this.#look());
  #read = 0;
  /** Whether what was read last has been followed by a PING. */
  #tried = true;
  /** Bytes written when a PING was requested; null if none is expected. */
  #written: number | null = null;
  /** How many streams are open, and how many of their bodies are not yet written. */
  #open = 0;
  #unsent = 0;

  constructor(session: ClientHttp2Session, socket: Wire, timers: TimerWheel, found: () => void) {
    this.#timers = timers;
    this.#session = session;
    this.#socket = socket;
    this.#found = found;
  }

  opened(): void {
    this.#open++;
    if (!this.#timer.running) this.#timers.start(this.#timer, SILENCE);
  }

  closed(): void {
    this.#open--;
  }

  /** A body may wait for the server to read, and a PING behind it. */
  bodyBegun(): void {
    this.#unsent++;
  }

  bodyOver(): void {
    this.#unsent--;
  }

  stop(): void {
    this.#timers.stop(this.#timer);
    this.#open = 0;
  }

  /** Whether bytes wait for room in the socket's buffer. */
  get #isFull(): boolean {
    const { _handle } = this.#socket as unknown as {
      readonly _handle?: { readonly writeQueueSize?: number } | null;
    };
    return (_handle?.writeQueueSize ?? 0) > 0;
  }

  #look(): void {
    if (this.#open <= 0) return;
    this.#timers.start(this.#timer, SILENCE);
    const { bytesRead = Number.NaN, bytesWritten = Number.NaN } = this.#socket;
    const isSilent = bytesRead === this.#read;
    this.#read = bytesRead;
    if (!isSilent) {
      this.#tried = false;
      this.#written = null;
    } else if (this.#isFull) {
      // The server does not read: what waits for that waits before the PING.
      this.#written = null;
      this.#tried = false;
    } else if (this.#written !== null) {
      const isBroken = bytesWritten === this.#written && this.#unsent === 0;
      this.#written = null;
      if (isBroken) this.#found();
    } else if (!this.#tried && this.#unsent === 0) {
      this.#tried = true;
      const isAsked = this.#session.ping(() => {
        this.#read = this.#socket.bytesRead ?? Number.NaN; // its answer is nothing new
      });
      // false when too many have had no answer
      if (isAsked) this.#written = bytesWritten;
    }
  }
}
