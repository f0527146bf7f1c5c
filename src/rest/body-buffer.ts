import { NO_BODY } from './transfer-end.ts';

const COALESCED_START = 4096;

/**
 * Collects a body. A single piece, the usual case, is kept as is; several are copied together, so that a body in a
 * million pieces does not become a million objects.
 */
export class BodyBuffer {
  length = 0;
  #bytes: Buffer = NO_BODY;
  #owned = false;
  readonly #expected: number;

  /** @param expected length of the body, to allocate no more; NaN if unknown */
  constructor(expected: number = Number.NaN) {
    this.#expected = expected;
  }

  append(piece: Buffer): void {
    const length = this.length + piece.length;
    if (this.length === 0) {
      this.#bytes = piece;
      this.#owned = false;
    } else {
      if (!this.#owned || this.#bytes.length < length) this.#grow(length);
      piece.copy(this.#bytes, this.length);
    }
    this.length = length;
  }

  take(): Buffer {
    return this.#bytes.length === this.length ? this.#bytes : this.#bytes.subarray(0, this.length);
  }

  #grow(needed: number): void {
    const ample = Math.max(needed * 2, COALESCED_START);
    const bytes = Buffer.allocUnsafeSlow(needed <= this.#expected ? Math.min(ample, this.#expected) : ample);
    this.#bytes.copy(bytes, 0, 0, this.length);
    this.#bytes = bytes;
    this.#owned = true;
  }
}
