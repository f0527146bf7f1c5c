/**
 * Works around Node 20, whose HTTP/2 does not report that it ended a session because the server broke the protocol: it
 * sends GOAWAY, and then neither reads nor writes, while later versions report an error. A PING that is never written
 * reveals it, so one is sent whenever the server falls silent.
 */

import type { ClientHttp2Session } from 'node:http2';
import type { Wire } from '../net/index.ts';
import { Timer, type TimerWheel } from '../timers/index.ts';

/** Whether this version of Node has the fault. */
export const ENDS_SILENTLY = Number.parseInt(process.versions.node, 10) < 22;

/** How long the server must be silent before the PING, and how long writing that may take, in milliseconds. */
const SILENCE = 50;

export class SilentBreach {
  readonly #session: ClientHttp2Session;
  readonly #socket: Wire;
  readonly #timers: TimerWheel;
  readonly #found: () => void;
  readonly #timer = new Timer(() => this.#look());
  #read = 0;
  /** Whether a PING has followed the last input. */
  #tried = true;
  /** Bytes written when a PING was requested; null if none is pending. */
  #written: number | null = null;
  /** Number of open streams, and of their bodies that are not yet written. */
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

  /** Whether bytes wait because the socket's buffer is full. */
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
      // the server does not read, and the PING waits behind unread bytes
      this.#written = null;
      this.#tried = false;
    } else if (this.#written !== null) {
      const isBroken = bytesWritten === this.#written && this.#unsent === 0;
      this.#written = null;
      if (isBroken) this.#found();
    } else if (!this.#tried && this.#unsent === 0) {
      this.#tried = true;
      const isAsked = this.#session.ping(() => {
        this.#read = this.#socket.bytesRead ?? Number.NaN; // do not count its answer as input
      });
      // false if too many PINGs are unanswered
      if (isAsked) this.#written = bytesWritten;
    }
  }
}
