/** Finds commands in the byte stream of a FIFO: `:REPLY_FIFO:JSON`, each with or without a line end. */
import { longestRequest } from './json-rpc.ts';

export interface FifoCommand {
  /** The name of the reply FIFO; '' for none. */
  readonly replyTo: string;
  readonly text: string;
}

export class CommandStream {
  readonly #onInvalid: () => void;
  #bytes: Buffer = Buffer.alloc(0);
  /** Where scanning continues, and what is open there. */
  #at = 0;
  #depth = 0;
  #isString = false;

  /** @param onInvalid called for bytes that are not a command, or too many; they are discarded up to the next line */
  constructor(onInvalid: () => void) {
    this.#onInvalid = onInvalid;
  }

  /** Whether a command is incomplete. */
  get isOpen(): boolean {
    return this.#bytes.length > 0;
  }

  /** Returns the completed commands. */
  push(chunk: Buffer): readonly FifoCommand[] {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    const found: FifoCommand[] = [];
    for (;;) {
      const command = this.#next();
      if (command === null) return found;
      if (command !== 'invalid') found.push(command);
      else {
        const next = this.#bytes.indexOf('\n') + 1;
        this.#bytes = next === 0 ? Buffer.alloc(0) : this.#bytes.subarray(next);
        this.#restart();
        this.#onInvalid();
      }
    }
  }

  clear(): void {
    this.#bytes = Buffer.alloc(0);
    this.#restart();
  }

  #restart(): void {
    this.#at = 0;
    this.#depth = 0;
    this.#isString = false;
  }

  /** Null if more bytes are needed. */
  #next(): FifoCommand | 'invalid' | null {
    let begin = 0;
    while (begin < this.#bytes.length && (this.#bytes[begin] ?? 0) <= 0x20) begin++;
    if (begin > 0) this.#bytes = this.#bytes.subarray(begin);
    if (this.#bytes.length === 0) return null;
    if (this.#bytes.length > 2 * longestRequest) return 'invalid';
    const body = this.#bytes.indexOf(0x3a, 1) + 1;
    if (this.#bytes[0] !== 0x3a) return 'invalid';
    if (body === 0) return this.#bytes.length > 256 ? 'invalid' : null;
    const end = this.#endOfJson(body);
    if (end === 'invalid') return end;
    if (end === null) return this.#bytes.length > longestRequest ? 'invalid' : null;
    const replyTo = this.#bytes.toString('utf8', 1, body - 1);
    const text = this.#bytes.toString('utf8', body, end);
    this.#bytes = this.#bytes.subarray(end);
    this.#restart();
    return { replyTo, text };
  }

  /** The end of the object or array that begins at `body`. */
  #endOfJson(body: number): number | 'invalid' | null {
    const bytes = this.#bytes;
    if (this.#at === 0) this.#at = body;
    for (; this.#at < bytes.length; this.#at++) {
      const byte = bytes[this.#at];
      if (this.#isString) {
        if (byte === 0x5c) {
          if (this.#at + 1 >= bytes.length) return null; // the escaped character follows
          this.#at++;
        } else if (byte === 0x22) this.#isString = false;
      } else if (byte === 0x22) this.#isString = true;
      else if (byte === 0x7b || byte === 0x5b) this.#depth++;
      else if (byte === 0x7d || byte === 0x5d) {
        this.#depth--;
        if (this.#depth <= 0) return this.#at + 1;
      } else if (this.#depth === 0 && (byte ?? 0) > 0x20) return 'invalid';
    }
    return null;
  }
}
