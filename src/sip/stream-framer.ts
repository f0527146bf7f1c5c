/**
 * Splits a byte stream, which arrives in arbitrary pieces, into messages (RFC 3261, 18.3; keep-alives: RFC 5626,
 * 3.5.1).
 */
import { type Scan, scanMessage } from './scan.ts';

export interface FramerLimits {
  /** Of the start line and headers, in bytes. */
  readonly header: number;
  /** Of a whole message, in bytes. */
  readonly message: number;
}

export interface FramerEvents {
  /** Called with one complete message; the receiver may keep the bytes. */
  readonly message: (data: Buffer) => void;
  /** Called for a double CRLF between messages, which wants one CRLF in return. */
  readonly ping: () => void;
}

const CR = 13;
const LF = 10;
const FIRST_CAPACITY = 2048;
const HEADER_PIECE = 1024;

/** An error that hides where the next message starts. */
export type StreamDefect =
  | 'the header is too long'
  | 'the message is too long'
  | 'the message has no Content-Length'
  | 'the Content-Length is not a number'
  | 'the Content-Lengths differ'
  | 'the header cannot be told from the body';

export class StreamFramer {
  readonly #limits: FramerLimits;
  readonly #events: FramerEvents;
  #buffer = Buffer.alloc(0);
  #end = 0;
  /** How far the end of the header has been looked for. */
  #looked = 0;
  /** Length of the current message; -1 until its header is complete. */
  #total = -1;
  #lineBreaks = 0;
  #isBroken = false;
  #brokenHeader: Buffer | null = null;

  constructor(limits: FramerLimits, events: FramerEvents) {
    this.#limits = limits;
    this.#events = events;
  }

  /** Whether an incomplete message has been received. */
  get isInside(): boolean {
    return this.#end > 0;
  }

  /** The header of the message that broke the stream, which identifies its sender; null if incomplete. */
  get brokenHeader(): Buffer | null {
    return this.#brokenHeader;
  }

  /** Returns the error that ends the stream, if any; the remaining bytes are dropped. */
  push(chunk: Buffer): StreamDefect | null {
    if (this.#isBroken) return null;
    let at = 0;
    while (at < chunk.length) {
      if (this.#end === 0) {
        at = this.#skipLineBreaks(chunk, at);
        if (at === chunk.length) break;
      }
      const from = this.#end;
      // in small steps until the length is known, so that later messages in the chunk are not copied each time
      const wanted = this.#total >= 0 ? this.#total - from : HEADER_PIECE;
      const taken = Math.min(chunk.length - at, wanted);
      this.#append(chunk, at, taken);
      at += taken;
      const defect = this.#total < 0 ? this.#findHeader() : null;
      if (defect !== null) {
        this.#isBroken = true;
        this.#buffer = Buffer.alloc(0);
        return defect;
      }
      if (this.#total >= 0 && this.#end >= this.#total) at -= this.#cut();
    }
    return null;
  }

  #skipLineBreaks(chunk: Buffer, at: number): number {
    for (; at < chunk.length; at++) {
      const code = chunk[at];
      if (code !== CR && code !== LF) {
        this.#lineBreaks = 0;
        return at;
      }
      if (code === LF && ++this.#lineBreaks === 2) {
        this.#lineBreaks = 0;
        this.#events.ping();
      }
    }
    return at;
  }

  #append(chunk: Buffer, from: number, length: number): void {
    const needed = this.#end + length;
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#buffer.length, FIRST_CAPACITY));
      this.#buffer.copy(larger, 0, 0, this.#end);
      this.#buffer = larger;
    }
    chunk.copy(this.#buffer, this.#end, from, from + length);
    this.#end = needed;
  }

  /** Finds the empty line after the header, exactly as `scanMessage` does. */
  #findHeader(): StreamDefect | null {
    const bytes = this.#buffer.subarray(0, this.#end);
    for (let lf = bytes.indexOf(LF, this.#looked); lf >= 0; lf = bytes.indexOf(LF, lf + 1)) {
      this.#looked = lf;
      const next = bytes[lf + 1];
      if (next === undefined) break;
      const after = next === CR ? bytes[lf + 2] : next;
      if (after === undefined) break;
      if (after === LF) return this.#headerEnds(lf + (next === CR ? 3 : 2));
      this.#looked = lf + 1;
    }
    return this.#end > this.#limits.header ? 'the header is too long' : null;
  }

  #headerEnds(end: number): StreamDefect | null {
    if (end > this.#limits.header) return 'the header is too long';
    const scan = scanMessage(this.#buffer.toString('latin1', 0, end), 0);
    if (scan.broken) return 'the header cannot be told from the body';
    const defect = this.#lengthDefect(scan, end);
    if (defect !== null) this.#brokenHeader = this.#buffer.subarray(0, end);
    return defect;
  }

  #lengthDefect(scan: Scan, end: number): StreamDefect | null {
    let length = -1;
    for (const { key, value } of scan.headers) {
      if (key !== 'content-length') continue;
      if (!/^\d{1,9}$/.test(value)) return 'the Content-Length is not a number';
      if (length >= 0 && length !== Number(value)) return 'the Content-Lengths differ';
      length = Number(value);
    }
    if (length < 0) return 'the message has no Content-Length';
    if (end + length > this.#limits.message) return 'the message is too long';
    this.#total = end + length;
    return null;
  }

  /** Delivers the message; returns how many of the bytes after it were consumed. */
  #cut(): number {
    const behind = this.#end - this.#total;
    const data = this.#buffer.subarray(0, this.#total);
    // the receiver keeps the bytes, so never write to them again
    this.#buffer = Buffer.alloc(0);
    this.#end = 0;
    this.#looked = 0;
    this.#total = -1;
    this.#lineBreaks = 0;
    this.#events.message(data);
    return behind;
  }
}
