import { BodyBuffer } from './body-buffer.ts';
import {
  AnswerHead,
  BAD_NAME,
  BAD_REASON,
  BAD_STATUS,
  BAD_VALUE,
  eachField,
  FIELD_VALUE,
  NOT_HTTP,
  readField,
  TOKEN,
} from './http1-head.ts';

const LF = 10;
const CR = 13;
const SPACE = 32;
const TAB = 9;
const COLON = 58;

const PREFIX = 'HTTP/1.';

/** States: what the next byte belongs to. */
const VERSION = 0;
const BEFORE_STATUS = 1;
const STATUS = 2;
const REASON = 3;
const REASON_CR = 4;
const LINE_START = 5;
const LINE_START_CR = 6;
const NAME = 7;
const VALUE = 8;
const VALUE_CR = 9;

/**
 * A head or trailer that arrives in pieces. Each byte is checked on arrival, so that an invalid answer fails at once
 * even if the server then falls silent. The usual head, in one piece, does without this class.
 */
export class HeadInPieces {
  /** The answer's status; 0 before the end of its status line. */
  status = 0;
  /** The error in the answer, or ''. */
  fault = '';
  readonly #bytes = new BodyBuffer();
  /** Collects the complete fields; null for a trailer, whose fields are ignored. */
  readonly #head: AnswerHead | null;
  #state: number;
  /** Number of checked bytes. */
  #checked = 0;
  #digits = 0;
  #number = 0;
  /** Offset of the current field; -1 before the first. */
  #field = -1;

  constructor(isTrailer: boolean) {
    this.#head = isTrailer ? null : new AnswerHead();
    this.#state = isTrailer ? LINE_START : VERSION;
  }

  /** Number of bytes so far. */
  get length(): number {
    return this.#bytes.length;
  }

  /** Copies and checks a piece. */
  add(piece: Uint8Array): void {
    this.#bytes.append(Buffer.from(piece));
    const bytes = this.#bytes.take();
    while (this.#checked < bytes.length && this.fault === '') {
      this.fault = this.#check(bytes, this.#checked);
      this.#checked++;
    }
  }

  /** The whole text including its last piece, which is not checked here. */
  finish(piece: Uint8Array): string {
    this.#bytes.append(Buffer.from(piece));
    return this.#bytes.take().toString('latin1');
  }

  /** @returns an error, or '' */
  #check(bytes: Buffer, at: number): string {
    const byte = bytes[at] ?? 0;
    switch (this.#state) {
      case VERSION:
        return this.#checkVersion(byte, at);
      case BEFORE_STATUS:
        if (byte === SPACE) return '';
        this.#state = STATUS;
        return this.#checkStatus(byte);
      case STATUS:
        return this.#checkStatus(byte);
      case REASON:
      case REASON_CR:
        if (byte === LF) {
          this.#endStatusLine();
        } else if (byte === 0 || this.#state === REASON_CR) {
          this.#endStatusLine();
          return BAD_REASON;
        } else if (byte === CR) {
          this.#state = REASON_CR;
        }
        return '';
      case LINE_START:
        return this.#checkLineStart(byte, at);
      case NAME:
        if (byte === COLON) this.#state = VALUE;
        else if (TOKEN[byte] !== 1) return BAD_NAME;
        return '';
      case VALUE:
      case VALUE_CR:
        return this.#checkValue(bytes, byte, at);
      default:
        return BAD_NAME; // an empty line would have ended the head
    }
  }

  #checkVersion(byte: number, at: number): string {
    if (at < PREFIX.length) {
      const isSame = String.fromCharCode(byte).toUpperCase() === PREFIX[at];
      return isSame ? '' : NOT_HTTP;
    }
    if (at === PREFIX.length) return byte === 48 || byte === 49 ? '' : NOT_HTTP;
    this.#state = BEFORE_STATUS;
    return byte === SPACE ? '' : NOT_HTTP;
  }

  #checkStatus(byte: number): string {
    if (byte >= 48 && byte <= 57 && this.#digits < 3) {
      this.#digits++;
      this.#number = this.#number * 10 + byte - 48;
      return '';
    }
    const ends = byte === SPACE || byte === CR || byte === LF;
    if (this.#digits < 3 || this.#number < 100 || !ends) return BAD_STATUS;
    if (byte === LF) this.#endStatusLine();
    else this.#state = byte === CR ? REASON_CR : REASON;
    return '';
  }

  #endStatusLine(): void {
    this.status = this.#number;
    this.#state = LINE_START;
  }

  #checkLineStart(byte: number, at: number): string {
    if (this.#field >= 0 && (byte === SPACE || byte === TAB)) {
      this.#state = VALUE; // the field continues
      return '';
    }
    if (byte === CR) {
      this.#state = LINE_START_CR;
      return '';
    }
    this.#field = at;
    this.#state = NAME;
    return TOKEN[byte] === 1 ? '' : BAD_NAME;
  }

  #checkValue(bytes: Buffer, byte: number, at: number): string {
    if (byte !== LF) {
      if (this.#state === VALUE_CR) return BAD_VALUE;
      if (byte === CR) this.#state = VALUE_CR;
      else if (FIELD_VALUE[byte] !== 1) return BAD_VALUE;
      return '';
    }
    this.#state = LINE_START;
    if (this.#head === null) return '';
    const text = bytes.toString('latin1', this.#field, at + 1);
    // check only the first line of a field: a continuation cannot make an invalid line valid
    const isFolded = text.indexOf('\n') < text.length - 1;
    return isFolded ? '' : eachField(`${text}\n`, 0, this.#head, readField);
  }
}
