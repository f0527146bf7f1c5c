/** Log lines that wait for a reader: a buffer that grows to its capacity, and refuses more. */

const smallest = 64 * 1024;

export class Backlog {
  readonly #capacity: number;
  #bytes: Buffer | null = null;
  #start = 0;
  #end = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#end - this.#start;
  }

  /** False, keeping nothing, without room for all of it. */
  append(data: Uint8Array): boolean {
    const room = this.#roomFor(data.length);
    if (room === null) return false;
    room.set(data, this.#end);
    this.#end += data.length;
    return true;
  }

  /** Valid until the next append. */
  peek(): Buffer {
    return this.#bytes?.subarray(this.#start, this.#end) ?? Buffer.alloc(0);
  }

  advance(bytes: number): void {
    this.#start += bytes;
    if (this.size > 0) return;
    this.#start = this.#end = 0;
    // do not keep megabytes
    if (this.#bytes !== null && this.#bytes.length > smallest) this.#bytes = null;
  }

  /** Drops everything; returns the number of lines. */
  clear(): number {
    let lines = 0;
    for (const byte of this.peek()) if (byte === 0x0a) lines++;
    this.advance(this.size);
    return lines;
  }

  #roomFor(length: number): Buffer | null {
    const needed = this.size + length;
    if (needed > this.#capacity) return null;
    const bytes = this.#bytes;
    if (bytes !== null && this.#end + length <= bytes.length) return bytes;
    const isLargeEnough = bytes !== null && needed <= bytes.length / 2;
    const next = isLargeEnough
      ? bytes
      : Buffer.allocUnsafeSlow(Math.min(Math.max(2 * needed, smallest), this.#capacity));
    bytes?.copy(next, 0, this.#start, this.#end);
    this.#end = this.size;
    this.#start = 0;
    this.#bytes = next;
    return next;
  }
}
