import { HeadInPieces } from './head-in-pieces.ts';
import { type AnswerHead, checkTrailer, parseHead } from './http1-head.ts';
import { MAX_HEADER } from './limits.ts';
import { hexDigit } from './percent-encoding.ts';

/** Receives the parts of an answer. Each call may stop the reader. */
export interface AnswerListener {
  /** The status of an answer, interim or final, before the rest of its head. */
  onStatus(status: number): void;
  /** An interim answer (1xx). */
  onInterim(status: number): void;
  onHead(head: AnswerHead, text: string): void;
  /** @param reused true if the buffer will be overwritten, so that the listener has to copy what it keeps */
  onData(piece: Buffer, reused: boolean): void;
}

/**
 * Limit on the bytes of an answer outside its body: a constant, plus a share of the body's length. Nothing else limits
 * endless chunk extensions or interim answers.
 */
const FRAMING_ALLOWANCE = 1_048_576;
const FRAMING_PER_BYTE = 16;

const LF = 10;
const CR = 13;
const SEMICOLON = 59;
const SPACE = 32;
const TAB = 9;

/** States of the reader: what it expects next. */
const STOPPED = 0;
const HEAD = 1;
/** The body, up to a given length. */
const BODY = 2;
/** The body, to the end of the connection. */
const REST = 3;
const CHUNK_SIZE = 4;
/** Blanks or an extension after the chunk size. */
const CHUNK_EXTENSION = 5;
const CHUNK = 6;
const CHUNK_END = 7;
const TRAILER = 8;
const COMPLETE = 9;

/**
 * Parses the answers of an HTTP/1 connection one after the other, from pieces of any size (RFC 9112, sections 4 to 7).
 * The server is not trusted: everything is limited, and any violation ends the answer with a fault.
 */
export class AnswerReader {
  readonly #listener: AnswerListener;
  #state: number = STOPPED;
  #fault = '';
  /** Whether the request was HEAD, whose answer never has a body. */
  #toHead = false;
  /** Size of head and trailer so far. */
  #headBytes = 0;
  /** Whether the current line is empty so far, apart from a CR. */
  #lineEmpty = true;
  /** A head or trailer that arrives in pieces. */
  #pieces: HeadInPieces | null = null;
  /** Missing bytes of the body or chunk. */
  #left = 0;
  #digits = 0;
  #taken = 0;
  #received = 0;

  constructor(listener: AnswerListener) {
    this.#listener = listener;
  }

  /** Whether the answer is complete. */
  get complete(): boolean {
    return this.#state === COMPLETE;
  }

  /** The error in the answer, or ''. */
  get fault(): string {
    return this.#fault;
  }

  get faultCode(): 'too-large' | 'protocol' {
    return this.#headBytes > MAX_HEADER ? 'too-large' : 'protocol';
  }

  /** Whether the body extends to the end of the connection. */
  get endsWithConnection(): boolean {
    return this.#state === REST;
  }

  begin(method: string): void {
    this.#toHead = method === 'HEAD';
    this.#fault = '';
    this.#taken = 0;
    this.#received = 0;
    this.#expectHead(HEAD);
  }

  /** Ignores the rest of this answer. */
  stop(): void {
    this.#state = STOPPED;
    this.#pieces = null;
  }

  /**
   * @param bytes buffer whose first `length` bytes are input
   * @param reused true if the buffer will be overwritten, so that the listener has to copy what it keeps
   * @returns how many of them belong to the answer
   */
  read(bytes: Buffer, length: number, reused: boolean): number {
    this.#taken += length;
    let at = 0;
    while (at < length) {
      switch (this.#state) {
        case HEAD:
        case TRAILER:
          at = this.#readHead(bytes, at, length);
          break;
        case BODY:
        case REST:
        case CHUNK:
          at = this.#readData(bytes, at, length, reused);
          break;
        case CHUNK_SIZE:
        case CHUNK_EXTENSION:
        case CHUNK_END:
          at = this.#readFraming(bytes, at, length);
          break;
        default:
          return at;
      }
    }
    if (
      this.#taken > FRAMING_ALLOWANCE &&
      this.#taken > FRAMING_ALLOWANCE + FRAMING_PER_BYTE * this.#received &&
      this.#state !== COMPLETE
    ) {
      this.#fail('the answer has too much framing compared with its body');
    }
    return at;
  }

  /** Handles the end of the connection; true if that completes the answer. */
  end(): boolean {
    if (this.#state === REST) this.#state = COMPLETE;
    return this.complete;
  }

  // --- head and trailer ---

  #expectHead(state: typeof HEAD | typeof TRAILER): void {
    this.#state = state;
    if (state === HEAD) this.#headBytes = 0;
    this.#lineEmpty = true;
  }

  #readHead(bytes: Buffer, from: number, length: number): number {
    const end = this.#findEmptyLine(bytes, from, length);
    const to = end < 0 ? length : end;
    this.#headBytes += to - from;
    if (this.#headBytes > MAX_HEADER) {
      this.#fail("the answer's header is too large");
      return to;
    }
    if (end < 0) {
      this.#keepPiece(bytes, from, length);
      return to;
    }
    let text: string;
    if (this.#pieces === null) {
      text = bytes.toString('latin1', from, end);
    } else {
      text = this.#pieces.finish(bytes.subarray(from, end));
      this.#pieces = null;
    }
    if (this.#state === HEAD) this.#onHead(text);
    else if (this.#settle(checkTrailer(text))) this.#state = COMPLETE;
    return end;
  }

  /** The end of the empty line after a head, or -1. */
  #findEmptyLine(bytes: Buffer, from: number, length: number): number {
    let empty = this.#lineEmpty;
    for (let at = from; at < length; at++) {
      const byte = bytes[at];
      if (byte === LF) {
        if (empty) return at + 1;
        empty = true;
      } else if (byte !== CR) {
        empty = false;
      }
    }
    this.#lineEmpty = empty;
    return -1;
  }

  #keepPiece(bytes: Buffer, from: number, length: number): void {
    this.#pieces ??= new HeadInPieces(this.#state === TRAILER);
    const head = this.#pieces;
    const before = head.status;
    head.add(bytes.subarray(from, length));
    if (head.status !== before) this.#listener.onStatus(head.status);
    if (head.fault !== '') this.#fail(head.fault);
  }

  #onHead(text: string): void {
    const head = parseHead(text);
    const { status } = head;
    if (status !== 0 && (head.fault !== '' || status === 101)) this.#listener.onStatus(status);
    if (!this.#settle(head.fault)) return;
    if (status === 101) {
      this.#fail('the server switched protocols unasked');
    } else if (status < 200) {
      this.#expectHead(HEAD);
      this.#listener.onInterim(status);
    } else {
      this.#expectBody(head);
      this.#listener.onHead(head, text);
    }
  }

  /** RFC 9112, section 6.3. */
  #expectBody(head: AnswerHead): void {
    const { status, chunked, contentLength } = head;
    if (this.#toHead || status === 204 || status === 304) {
      this.#state = COMPLETE;
    } else if (chunked) {
      this.#expectChunk();
    } else if (Number.isNaN(contentLength)) {
      this.#state = REST;
      this.#left = Number.POSITIVE_INFINITY;
    } else {
      this.#state = contentLength === 0 ? COMPLETE : BODY;
      this.#left = contentLength;
    }
  }

  // --- body ---

  #readData(bytes: Buffer, from: number, length: number, reused: boolean): number {
    const size = Math.min(this.#left, length - from);
    const to = from + size;
    this.#left -= size;
    this.#received += size;
    if (this.#left === 0) this.#state = this.#state === BODY ? COMPLETE : CHUNK_END;
    this.#listener.onData(bytes.subarray(from, to), reused);
    return to;
  }

  #expectChunk(): void {
    this.#state = CHUNK_SIZE;
    this.#left = 0;
    this.#digits = 0;
  }

  /** RFC 9112, section 7.1: sizes, extensions, and the line ends between. */
  #readFraming(bytes: Buffer, from: number, length: number): number {
    let at = from;
    for (; at < length; at++) {
      const byte = bytes[at] ?? 0;
      if (this.#state === CHUNK_SIZE) {
        const digit = hexDigit(byte);
        if (digit < 0) {
          if (this.#digits === 0 || !endsSize(byte)) {
            this.#fail('the answer has a chunk size that is not a number');
            return at;
          }
          this.#state = CHUNK_EXTENSION;
        } else {
          this.#digits++;
          this.#left = this.#left * 16 + digit;
          if (this.#left > Number.MAX_SAFE_INTEGER) {
            this.#fail('the answer has a chunk size that is too large');
            return at;
          }
          continue;
        }
      }
      if (byte === LF) {
        if (this.#state === CHUNK_END) {
          this.#expectChunk();
          continue;
        }
        if (this.#left > 0) this.#state = CHUNK;
        else this.#expectHead(TRAILER);
        return at + 1;
      }
      if (this.#state === CHUNK_END && byte !== CR) {
        this.#fail('the answer has a chunk that is longer than its size');
        return at;
      }
    }
    return at;
  }

  /** False after an error. */
  #settle(fault: string): boolean {
    if (fault !== '') this.#fail(fault);
    return fault === '';
  }

  #fail(fault: string): void {
    this.stop();
    this.#fault = fault;
  }
}

function endsSize(byte: number): boolean {
  return byte === LF || byte === CR || byte === SEMICOLON || byte === SPACE || byte === TAB;
}
