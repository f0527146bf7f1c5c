import type { Log } from '../runtime/index.ts';
import { encode } from './text.ts';

/** Logs lines about a call: each ends with its Call-ID. */
export class CallLog {
  readonly #log: Log;
  readonly #callId: string;

  /** @internal */
  constructor(log: Log, callId: string) {
    this.#log = log;
    this.#callId = callId;
  }

  /** Something failed. */
  error(text: string): void {
    this.#write(-1, text);
  }

  /** Something is wrong, but the call continues. */
  warning(text: string): void {
    this.#write(1, text);
  }

  /** Something rare and important. */
  notice(text: string): void {
    this.#write(2, text);
  }

  /** Something that happens in every call. */
  info(text: string): void {
    this.#write(3, text);
  }

  /** Details. */
  debug(text: string): void {
    this.#write(4, text);
  }

  #write(level: number, text: string): void {
    if (level <= this.#log.logLevel) this.#log.log(level, `${encode(text)}, Call-ID ${this.#callId}`);
  }
}
