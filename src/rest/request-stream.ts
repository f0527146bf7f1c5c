/** Bodies of requests that are read while they are sent, and never held whole. */
import { messageOf } from './errors.ts';
import type { ErrorCode } from './failure.ts';
import type { TextEncoding } from './percent-encoding.ts';

/** Pieces of a body: bytes, or text. */
export type BodyPieces = AsyncIterable<string | Uint8Array>;

/** A body by its source. */
export class RequestStream {
  /** In bytes; null if unknown. */
  readonly length: number | null;
  readonly encoding: TextEncoding;
  readonly #open: () => BodyPieces;
  /** It can be read once more from its beginning. */
  readonly #isRepeatable: boolean;
  #isRead = false;

  constructor(
    open: () => BodyPieces,
    {
      length,
      encoding,
      isRepeatable,
    }: { readonly length: number | null; readonly encoding: TextEncoding; readonly isRepeatable: boolean },
  ) {
    this.#open = open;
    this.length = length;
    this.encoding = encoding;
    this.#isRepeatable = isRepeatable;
  }

  /** Whether it has not been read yet, or can be read again. */
  get mayBeSent(): boolean {
    return !this.#isRead || this.#isRepeatable;
  }

  read(): AsyncIterator<string | Uint8Array> {
    this.#isRead = true;
    return this.#open()[Symbol.asyncIterator]();
  }
}

/** What the pieces of a body are written to. */
export interface PieceWriter {
  /** False: no more for now; {@link BodyPump.resume} asks for the next. */
  write(piece: Buffer): boolean;
  /** All of it was written. */
  end(): void;
  /** The source has failed, or has not the length that was announced. */
  fail(code: ErrorCode, reason: string): void;
}

/** Reads a body piece by piece, no faster than they are taken. */
export class BodyPump {
  readonly #stream: RequestStream;
  readonly #writer: PieceWriter;
  #source: AsyncIterator<string | Uint8Array> | null = null;
  #sent = 0;
  #isReading = false;
  #isOver = false;

  constructor(stream: RequestStream, writer: PieceWriter) {
    this.#stream = stream;
    this.#writer = writer;
  }

  /** True once all was written, or it was stopped. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Reads the next piece, unless one is on its way. */
  resume(): void {
    if (this.#isReading || this.#isOver) return;
    this.#isReading = true;
    try {
      this.#source ??= this.#stream.read();
      this.#source.next().then(this.#onPiece, this.#onError);
    } catch (error) {
      this.#onError(error);
    }
  }

  /** Nobody takes the rest: the source may release what it holds. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const source = this.#source;
    this.#source = null;
    // it may be in the middle of a read that never ends
    void Promise.resolve(source?.return?.()).catch(ignore);
  }

  readonly #onPiece = ({ done, value }: IteratorResult<unknown>): void => {
    this.#isReading = false;
    if (this.#isOver) return;
    const { length, encoding } = this.#stream;
    if (done === true) {
      if (length !== null && this.#sent < length)
        this.#fail(`its body has ${this.#sent} bytes, not ${length}`);
      else {
        this.#isOver = true;
        this.#writer.end();
      }
      return;
    }
    const piece = bytesOf(value, encoding);
    if (piece === null) {
      this.#fail('its body has a piece that is neither text nor bytes');
      return;
    }
    this.#sent += piece.length;
    if (length !== null && this.#sent > length) this.#fail(`its body has more than ${length} bytes`);
    else if (piece.length === 0 || this.#writer.write(piece)) this.resume();
  };

  readonly #onError = (error: unknown): void => {
    this.#isReading = false;
    if (!this.#isOver) this.#fail(`its body cannot be read: ${messageOf(error)}`);
  };

  #fail(reason: string): void {
    this.stop();
    this.#writer.fail('body', reason);
  }
}

function ignore(): void {}

/** Text in an encoding, or the same bytes; null for anything else. */
export function bytesOf(piece: unknown, encoding: TextEncoding): Buffer | null {
  if (typeof piece === 'string') return Buffer.from(piece, encoding);
  if (!(piece instanceof Uint8Array)) return null;
  return Buffer.isBuffer(piece) ? piece : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
}
