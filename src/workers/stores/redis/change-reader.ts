/**
 * Follows the stream of changes on a connection of its own, and brings copies and Redis together when they meet: at the
 * start, and whenever Redis could not be reached.
 */
import type { Redis, RedisReply } from '../../../redis/index.ts';
import { StoreError } from '../../../runtime/index.ts';
import { pause } from '../../../timers/index.ts';
import { decoded, type Place } from './place.ts';
import type { RedisValues } from './redis-values.ts';
import { nameData } from './scripts.ts';
import { beginning, isAfter } from './stream-place.ts';

/** How long the server waits for a change, in ms, before it answers that there is none. */
const waitFor = '1000';
const mostAtOnce = '500';
/** Before another attempt, in ms. */
const pauseLength = 250;

export class ChangeReader {
  readonly #place: Place;
  readonly #spaces: ReadonlyMap<string, RedisValues>;
  /** Waits for changes; nothing else is sent by it. */
  readonly #follower: Redis;
  #read = beginning;
  /** The name of the data in Redis, which is another one after a loss. */
  #data: string | null = null;
  #isClosed = false;
  #again = true;

  constructor(place: Place, follower: Redis, spaces: ReadonlyMap<string, RedisValues>) {
    this.#place = place;
    this.#follower = follower;
    this.#spaces = spaces;
  }

  /** Brings both together; then follows the stream until it is closed. */
  async begin(): Promise<void> {
    await this.#attempt();
    void this.#follow();
  }

  /** Redis can be reached again. */
  meet(): void {
    this.#again = true;
  }

  close(): void {
    this.#isClosed = true;
    this.#follower.close();
  }

  async #follow(): Promise<void> {
    while (!this.#isClosed) {
      if (!(await this.#attempt())) await pause(this.#place.clock, pauseLength);
    }
  }

  async #attempt(): Promise<boolean> {
    try {
      if (this.#again) {
        await this.#bringTogether();
        this.#again = false;
        return true;
      }
      this.#hear(await this.#follower.send(this.#command()));
      return true;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#again = true;
      return false;
    }
  }

  #command(): readonly string[] {
    return [
      'XREAD',
      'COUNT',
      mostAtOnce,
      'BLOCK',
      waitFor,
      'STREAMS',
      this.#place.key('changes'),
      this.#read,
    ];
  }

  #hear(reply: RedisReply): void {
    const [stream] = list(reply);
    for (const entry of list(list(stream)[1])) {
      const [id, words] = list(entry);
      const [, space, , key, , value, , member] = list(words);
      if (typeof id !== 'string') continue;
      this.#read = id;
      if (typeof space !== 'string' || typeof key !== 'string') continue;
      this.#spaces.get(space)?.heard(key, decoded(value), id, member === this.#place.member);
    }
  }

  /** What was changed here is written before all is read; changes that are made meanwhile follow in the stream. */
  async #bringTogether(): Promise<void> {
    const { redis, member } = this.#place;
    const name = await redis.evaluate(
      nameData,
      [this.#place.key('data')],
      [`${member} ${this.#place.clock.date()}`],
    );
    const stream = this.#place.key('changes');
    const [entry] = list(await redis.send(['XREVRANGE', stream, '+', '-', 'COUNT', '1']));
    const [id] = list(entry);
    const last = typeof id === 'string' ? id : beginning;
    // data of an earlier time has an earlier last change
    const hasLost = this.#data !== null && (name !== this.#data || isAfter(this.#read, last));
    const isWhole = !hasLost && this.#data !== null && (await this.#has(stream, this.#read));
    if (!isWhole) {
      this.#read = last;
      for (const values of this.#spaces.values()) values.forget();
    }
    this.#data = String(name);
    for (const values of this.#spaces.values()) await values.write(hasLost);
    if (!isWhole) for (const values of this.#spaces.values()) await values.read();
  }

  /** Whether the stream still has the last change that was read, and so all later ones. */
  async #has(stream: string, id: string): Promise<boolean> {
    return list(await this.#place.redis.send(['XRANGE', stream, id, id])).length > 0;
  }
}

const list = (reply: unknown): readonly unknown[] =>
  Array.isArray(reply) ? (reply as readonly unknown[]) : [];
