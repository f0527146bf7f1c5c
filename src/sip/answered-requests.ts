/**
 * Answered non-INVITE requests, kept while they may be retransmitted (RFC 3261, 17.2.2, timer J: 32 s). There may be
 * hundreds of thousands, so what a retransmission needs (key, reply and destination) is stored as bytes in blocks
 * that the garbage collector does not scan. They expire in the order in which they were answered, or earlier if their
 * memory is used up.
 */
import { ByteBudget, Timer, type TimerWheel } from '../timers/index.ts';
import { randomToken } from './branch.ts';
import { Checksum } from './checksum.ts';
import type { Destination } from './reply.ts';
import type { Transport } from './transport.ts';

/** One megabyte: thousands of typical records. */
const BLOCK_SHIFT = 18;
const BLOCK_WORDS = 1 << BLOCK_SHIFT;
const BLOCK_BYTES = 4 * BLOCK_WORDS;
/** A power of two. 12,000 requests a second leave 400,000 here within 32 s: one or two in each bucket. */
const BUCKETS = 1 << 18;
/** A bucket this full is an attack on the hash; further entries are not kept. */
const MOST_IN_BUCKET = 64;

/*
 * A record, in words of 4 bytes. It begins at an even word because it contains a double; half of that index, counted
 * over all blocks, is its position, with 0 for none. The bytes of the key, the address and the reply follow its
 * header.
 */
/** The position of the next record in its bucket. */
const NEXT = 0;
/** The checksum of the key. */
const HASH = 1;
/** A double: its expiry, on the wheel's clock. */
const DUE = 2;
/** Its length in words. */
const LENGTH = 4;
/** Lengths of the key and the address in bytes, 16 bits each. */
const TEXTS = 5;
/** Length of the reply, or {@link GONE}. */
const REPLY = 6;
/** The port and the number of the socket, 16 bits each. */
const WHERE = 7;
const HEAD = 8;
/** The largest 16-bit value. */
const MOST = 0xffff;
/** The first word of a block that a record begins at. */
const FIRST = 2;
/** Instead of a length: the record was removed early. */
const GONE = 0xffffffff;

class Block {
  readonly bytes: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  readonly words: Uint32Array = new Uint32Array(this.bytes.buffer);
  readonly doubles: Float64Array = new Float64Array(this.bytes.buffer);
  /** The word after its last record. */
  end = FIRST;
}

/** Blocks of tables that were emptied, for the next that needs one. */
const spare: Block[] = [];
const MOST_SPARE = 4;

const positionOf = (block: number, word: number): number =>
  ((block << (BLOCK_SHIFT - 1)) | (word >> 1)) >>> 0;
const blockOf = (position: number): number => position >>> (BLOCK_SHIFT - 1);
const wordOf = (position: number): number => (position << 1) & (BLOCK_WORDS - 1);
const byteOf = (word: number): number => word << 2;

export interface AnsweredRequestsOptions {
  /** Default: unlimited. One block is always allowed. */
  readonly memory?: ByteBudget | undefined;
  /** Default: a random one. */
  readonly salt?: string;
  /** Number of buckets, a power of two. Default: for hundreds of thousands of requests. */
  readonly buckets?: number | undefined;
}

export class AnsweredRequests {
  readonly #timers: TimerWheel;
  readonly #forgotten: () => void;
  readonly #memory: ByteBudget;
  /** Seed of all checksums, so that nobody can choose keys that share a bucket. */
  readonly #salt: string;
  readonly #buckets: Uint32Array;
  readonly #mask: number;
  /** By number: blocks in use, and blocks for reuse. */
  #blocks: Block[] = [];
  /** Numbers of the blocks in use, oldest first. */
  #inUse: number[] = [];
  #free: number[] = [];
  #sockets: Transport[] = [];
  /** The word at which the oldest record begins. */
  #oldest = FIRST;
  #size = 0;
  readonly #timer = new Timer(() => this.#forget());

  /** @param forgotten called for each request that expires or cannot be kept */
  constructor(timers: TimerWheel, forgotten: () => void, options: AnsweredRequestsOptions = {}) {
    this.#timers = timers;
    this.#salt = options.salt ?? randomToken();
    this.#memory = options.memory ?? new ByteBudget(Number.POSITIVE_INFINITY);
    this.#forgotten = forgotten;
    const { buckets = BUCKETS } = options;
    this.#buckets = new Uint32Array(buckets);
    this.#mask = buckets - 1;
  }

  get size(): number {
    return this.#size;
  }

  /** @param lifetime how long it is kept, in ms; longer if an earlier one is kept longer */
  add(
    key: string,
    reply: Uint8Array,
    socket: Transport,
    { address, port }: Destination,
    lifetime: number,
  ): void {
    const length = HEAD + (((key.length + address.length + reply.length + 7) >> 3) << 1);
    const socketNumber = this.#numberOf(socket);
    const hash = this.#hash(key);
    const bucket = hash & this.#mask;
    // larger than any datagram, or more sockets than exist
    const isOdd = key.length > MOST || length > BLOCK_WORDS - FIRST || socketNumber > MOST;
    if (isOdd || this.#isCrowded(bucket)) return this.#forgotten();
    const number = this.#blockFor(length);
    const { words, doubles, bytes, end } = this.#block(number);
    words[end + NEXT] = this.#buckets[bucket] as number;
    words[end + HASH] = hash;
    doubles[(end + DUE) >> 1] = this.#timers.clock.now() + lifetime;
    words[end + LENGTH] = length;
    words[end + TEXTS] = (key.length << 16) | address.length;
    words[end + REPLY] = reply.length;
    words[end + WHERE] = (port << 16) | socketNumber;
    let at = byteOf(end + HEAD);
    at += bytes.write(key, at, 'latin1');
    at += bytes.write(address, at, 'latin1');
    bytes.set(reply, at);
    this.#buckets[bucket] = positionOf(number, end);
    this.#block(number).end = end + length;
    this.#size++;
    if (!this.#timer.running) this.#timers.start(this.#timer, lifetime);
  }

  has(key: string): boolean {
    return this.#find(key) !== 0;
  }

  /** Sends the reply again. */
  resend(key: string): void {
    const position = this.#find(key);
    if (position === 0) return;
    const { words, bytes } = this.#block(blockOf(position));
    const at = wordOf(position);
    const texts = words[at + TEXTS] as number;
    const where = words[at + WHERE] as number;
    const address = byteOf(at + HEAD) + (texts >>> 16);
    const reply = address + (texts & MOST);
    // a copy: the block may be reused before the system has read it
    const data = Buffer.from(bytes.subarray(reply, reply + (words[at + REPLY] as number)));
    this.#sockets[where & MOST]?.send(data, bytes.toString('latin1', address, reply), where >>> 16);
  }

  /** Removes a record early, without calling `forgotten`. */
  delete(key: string): void {
    const position = this.#find(key);
    if (position === 0) return;
    this.#unlink(position);
    this.#block(blockOf(position)).words[wordOf(position) + REPLY] = GONE;
    this.#size--;
  }

  /** Removes all records, without calling `forgotten`. */
  clear(): void {
    this.#timers.stop(this.#timer);
    this.#buckets.fill(0);
    this.#letGo();
  }

  #letGo(): void {
    this.#memory.release(this.#blocks.length * BLOCK_BYTES);
    spare.push(...this.#blocks.slice(0, MOST_SPARE - spare.length));
    this.#blocks = [];
    this.#inUse = [];
    this.#free = [];
    this.#sockets = [];
    this.#oldest = FIRST;
    this.#size = 0;
  }

  /** The position of a record, or 0. */
  #find(key: string): number {
    if (this.#size === 0) return 0;
    const hash = this.#hash(key);
    let position = this.#buckets[hash & this.#mask] as number;
    while (position !== 0) {
      const { words, bytes } = this.#block(blockOf(position));
      const at = wordOf(position);
      if (words[at + HASH] === hash) {
        const from = byteOf(at + HEAD);
        const length = (words[at + TEXTS] as number) >>> 16;
        if (length === key.length && bytes.toString('latin1', from, from + length) === key) return position;
      }
      position = words[at + NEXT] as number;
    }
    return 0;
  }

  #hash(key: string): number {
    return new Checksum().add(this.#salt).add(key).number;
  }

  #isCrowded(bucket: number): boolean {
    let position = this.#buckets[bucket] as number;
    for (let count = 0; count < MOST_IN_BUCKET; count++) {
      if (position === 0) return false;
      position = this.#block(blockOf(position)).words[wordOf(position) + NEXT] as number;
    }
    return true;
  }

  /** Removes an existing record from its bucket. */
  #unlink(position: number): void {
    const { words } = this.#block(blockOf(position));
    const at = wordOf(position);
    let list: Uint32Array = this.#buckets;
    let link = (words[at + HASH] as number) & this.#mask;
    for (let next = list[link] as number; next !== position; next = list[link] as number) {
      list = this.#block(blockOf(next)).words;
      link = wordOf(next) + NEXT;
    }
    list[link] = words[at + NEXT] as number;
  }

  /** Removes expired records. */
  #forget(): void {
    const now = this.#timers.clock.now();
    for (let number = this.#inUse[0]; number !== undefined; number = this.#inUse[0]) {
      const { words, doubles, end } = this.#block(number);
      for (let at = this.#oldest; at < end; at += words[at + LENGTH] as number) {
        this.#oldest = at;
        const due = doubles[(at + DUE) >> 1] as number;
        if (due > now) return this.#timers.start(this.#timer, due - now, now);
        this.#forgetRecord(number, at);
      }
      this.#inUse.shift();
      this.#free.push(number);
      this.#oldest = FIRST;
    }
    this.#letGo();
  }

  #forgetRecord(block: number, at: number): void {
    if (this.#block(block).words[at + REPLY] === GONE) return;
    this.#unlink(positionOf(block, at));
    this.#size--;
    this.#forgotten();
  }

  /** The number of a block with space for a record of this size in words. */
  #blockFor(length: number): number {
    const newest = this.#inUse.at(-1);
    if (newest !== undefined && this.#block(newest).end + length <= BLOCK_WORDS) return newest;
    const number = this.#free.pop() ?? this.#newBlock();
    this.#block(number).end = FIRST;
    this.#inUse.push(number);
    return number;
  }

  #newBlock(): number {
    const oldest = this.#inUse[0];
    if (!this.#memory.reserve(BLOCK_BYTES)) {
      if (oldest !== undefined) return this.#emptied(oldest);
      this.#memory.charge(BLOCK_BYTES);
    }
    return this.#blocks.push(spare.pop() ?? new Block()) - 1;
  }

  /** Frees the oldest block, whose records are removed early. */
  #emptied(oldest: number): number {
    const { words, end } = this.#block(oldest);
    for (let at = this.#oldest; at < end; at += words[at + LENGTH] as number) this.#forgetRecord(oldest, at);
    this.#inUse.shift();
    this.#oldest = FIRST;
    return oldest;
  }

  #block(number: number): Block {
    return this.#blocks[number] as Block;
  }

  #numberOf(socket: Transport): number {
    const number = this.#sockets.indexOf(socket);
    return number >= 0 ? number : this.#sockets.push(socket) - 1;
  }
}
