import type { Socket } from 'node:net';
import { ExplainedError } from './errors.ts';
import type { SocketReader } from './socket-reader.ts';
import type { Transfer } from './transfer.ts';

/** How long a body waits for `100 Continue` (parameter `enable_expect_100`), in milliseconds. */
export const CONTINUE_PATIENCE = 1_000;
/** An interim answer that is longer, or one more than these, goes to the engine, which ends the transfer. */
const MAX_INTERIM_HEADER = 16_384;
const MAX_INTERIM = 100;
/**
 * What an answer may take of the connection beside its body: so much, and for each byte of the body so many
 * more. A chunk extension, a reason phrase or empty lines without an end are within no other limit.
 */
const FRAMING_ALLOWANCE = 1_048_576;
const FRAMING_PER_BYTE = 16;

type Read = (size?: number) => Buffer | null;
type Write = (chunk: string | Uint8Array, encoding?: BufferEncoding) => boolean;

/**
 * What the engine cannot say or hear on the wire: HTTP/1.0 request lines, `Expect: 100-continue` with its
 * patience, and `100 Continue`, which it takes for an error although a client has to put up with it unasked
 * (RFC 9110, section 15.2). It stands in for the socket's own read and write; where none of that is needed a
 * read costs one comparison.
 */
export class Http1Wire {
  readonly #socket: Socket;
  readonly #read: Read;
  readonly #write: Write;
  readonly #http10: boolean;
  #writesReplaced = false;
  /** The next bytes begin an answer (interim or final). */
  #atStart = false;
  /** Bytes that came and are not decided on. */
  #undecided: Buffer | null = null;
  #expect = false;
  #body: Uint8Array | null = null;
  #patience: NodeJS.Timeout | null = null;
  #withheld = false;
  #interim = 0;
  #transfer: Transfer | null = null;
  /** Bytes read since the request began. */
  #taken = 0;

  constructor(socket: Socket, reader: SocketReader | null, http10: boolean) {
    this.#socket = socket;
    this.#http10 = http10;
    this.#read = reader === null ? (socket.read.bind(socket) as Read) : reader.attach(socket);
    this.#write = socket.write.bind(socket);
    // With a size it is Node that asks, to start reading or to end.
    socket.read = (size?: number) => {
      if (size !== undefined) return this.#read(size);
      return this.#atStart ? this.#readStart() : this.#next();
    };
    if (http10) this.#replaceWrites();
  }

  /** True when the last request's body was not sent: the connection is of no more use. */
  get withheld(): boolean {
    return this.#withheld;
  }

  /** A request goes out next. */
  begin(transfer: Transfer): void {
    this.#atStart = false;
    this.#transfer = transfer;
    this.#taken = 0;
    this.#withheld = false;
    if (this.#http10) transfer.expectContinue = false; // RFC 9110, section 10.1.1
    this.#expect = transfer.expectContinue;
    if (this.#expect) this.#replaceWrites();
  }

  /** It is written now: what comes from here on is its answer. */
  onWriting(): void {
    this.#atStart = true;
    this.#undecided = null;
    this.#interim = 0;
  }

  /** The connection is over. */
  stop(): void {
    if (this.#patience !== null) clearTimeout(this.#patience);
    this.#patience = null;
    this.#body = null;
  }

  #replaceWrites(): void {
    if (this.#writesReplaced) return;
    this.#writesReplaced = true;
    this.#socket.write = (chunk: string | Uint8Array, encoding?: unknown): boolean =>
      typeof chunk === 'string'
        ? this.#writeHeader(chunk, encoding as BufferEncoding)
        : this.#writeBody(chunk);
  }

  /** The engine writes a request's header as one string, and its body as bytes after it. */
  #writeHeader(header: string, encoding: BufferEncoding): boolean {
    // A path has no spaces, so the first match is the request line's.
    const text = this.#http10 ? header.replace(' HTTP/1.1\r\n', ' HTTP/1.0\r\n') : header;
    if (!this.#expect) return this.#write(text, encoding);
    return this.#write(`${text.slice(0, -2)}Expect: 100-continue\r\n\r\n`, encoding);
  }

  #writeBody(body: Uint8Array): boolean {
    if (!this.#expect) return this.#write(body);
    this.#expect = false;
    this.#body = body;
    this.#patience = setTimeout(() => this.#sendBody(), CONTINUE_PATIENCE);
    return true;
  }

  #sendBody(): void {
    const body = this.#body;
    this.stop();
    if (body !== null && !this.#socket.destroyed) this.#write(body);
  }

  #next(): Buffer | null {
    const chunk = this.#read();
    if (chunk === null) return null;
    this.#taken += chunk.length;
    if (this.#taken > FRAMING_ALLOWANCE) {
      const received = this.#transfer?.received ?? 0;
      if (this.#taken > FRAMING_ALLOWANCE + FRAMING_PER_BYTE * received) {
        this.#socket.destroy(new ExplainedError('the answer has too much framing for its body'));
        return null;
      }
    }
    return chunk;
  }

  /** Reads where an answer begins, and leaves out what says `100 Continue`. */
  #readStart(): Buffer | null {
    for (;;) {
      const chunk = this.#next();
      if (chunk === null) return null;
      // The usual case: a final answer with its status in one piece.
      if (this.#undecided === null && chunk.length >= 12 && chunk[9] !== ONE) return this.#final(chunk);
      const bytes = this.#undecided === null ? chunk : Buffer.concat([this.#undecided, chunk]);
      this.#undecided = null;
      const rest = this.#dropContinue(bytes);
      if (rest !== null) return rest;
    }
  }

  #dropContinue(bytes: Buffer): Buffer | null {
    let from = 0;
    for (;;) {
      const left = bytes.length - from;
      if (left < 12) {
        if (left > 0 && !startsLikeHttp(bytes, from)) return this.#final(bytes.subarray(from));
        this.#undecided = left === 0 ? null : bytes.subarray(from);
        return null;
      }
      const status = startsLikeHttp(bytes, from) ? bytes.toString('latin1', from + 9, from + 12) : '';
      if (status === '101') {
        this.#socket.destroy(new ExplainedError('the server switched protocols, which was not asked for'));
        return null;
      }
      if (!/^1\d\d$/.test(status)) return this.#final(bytes.subarray(from));
      const end = bytes.indexOf('\r\n\r\n', from);
      if (end < 0) {
        if (left > MAX_INTERIM_HEADER) return this.#final(bytes.subarray(from));
        this.#undecided = bytes.subarray(from);
        return null;
      }
      // Other interim answers are left out with it: nobody is told of them.
      if (status === '100') this.#sendBody();
      this.#interim++;
      if (this.#interim > MAX_INTERIM) return this.#final(bytes.subarray(from));
      from = end + 4;
    }
  }

  /** From here on the engine reads for itself. */
  #final(bytes: Buffer): Buffer {
    this.#atStart = false;
    if (this.#body !== null) {
      this.#withheld = true;
      this.stop();
    }
    return bytes;
  }
}

const ONE = 0x31;
const HTTP = Buffer.from('HTTP/1.');

function startsLikeHttp(bytes: Buffer, from: number): boolean {
  const length = Math.min(HTTP.length, bytes.length - from);
  return bytes.compare(HTTP, 0, length, from, from + length) === 0;
}
