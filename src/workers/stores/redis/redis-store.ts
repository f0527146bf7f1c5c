/**
 * The store of several servers: what they share is in Redis, everything else in the store of this server. While Redis cannot
 * be reached the rules of the operator hold.
 */
import { hostname } from 'node:os';
import { newRedisCounts, Redis, type RedisCounts } from '../../../redis/index.ts';
import {
  type OperationKind,
  type ReplicatedValues,
  type Store,
  StoreError,
  type StoreOperation,
  type StoreResult,
} from '../../../runtime/index.ts';
import {
  type Awaitable,
  type ByteBudget,
  type Clock,
  every,
  isPending,
  type Repetition,
} from '../../../timers/index.ts';
import { ChangeReader } from './change-reader.ts';
import { Members } from './members.ts';
import { type Place, segment } from './place.ts';
import { RedisEntries } from './redis-entries.ts';
import { RedisLocks } from './redis-locks.ts';
import { RedisPermits } from './redis-permits.ts';
import { RedisValues } from './redis-values.ts';
import { signOfLife, storeScripts } from './scripts.ts';
import { isSharedLock, kindOfCollection, sharedSpaces } from './sharing.ts';
import type { StoreAddress, StoreRules } from './store-url.ts';

export interface RedisStoreOptions {
  /** The store of this server. */
  readonly local: Store;
  readonly clock: Clock;
  /** Budget of the copies. */
  readonly memory: ByteBudget;
  /** The name of its server, the same for all its processes. */
  readonly server: string;
  /** What this process says of itself. */
  readonly about: Readonly<Record<string, unknown>>;
  /** Told when Redis cannot be reached, with the reason, and when it can again, with null. */
  readonly changed: (failure: string | null) => void;
}

/** How often a process shows a sign of life, and after how long without one it counts as gone, in ms. */
const life = { every: 2000, lasts: 8000 };
const connectTimeout = 2000;
/** For the connection that follows changes: the server waits for up to a second. */
const followTimeout = 5000;
const longestReply = 64 * 1024 * 1024;

type Kind = keyof StoreRules;

export class RedisStore implements Store {
  readonly cluster: Members;
  readonly counts: RedisCounts = newRedisCounts();
  readonly #options: RedisStoreOptions;
  readonly #rules: StoreRules;
  readonly #redis: Redis;
  readonly #reader: ChangeReader;
  readonly #place: Place;
  readonly #entries: RedisEntries;
  readonly #locks: RedisLocks;
  readonly #permits: RedisPermits;
  readonly #spaces: ReadonlyMap<string, RedisValues>;
  readonly #life: Repetition;
  /** Resolves after the first attempt to connect. */
  readonly tried: Promise<void>;

  constructor({ address, prefix, timeout, rules }: StoreAddress, options: RedisStoreOptions) {
    const { clock, local, memory } = options;
    this.#options = options;
    this.#rules = rules;
    const connection = { address, connectTimeout, clock, longestReply };
    const redis = new Redis({
      ...connection,
      queryTimeout: timeout,
      scripts: storeScripts,
      counts: this.counts,
      changed: (failure) => this.#changed(failure),
    });
    this.#redis = redis;
    this.cluster = new Members(clock, `${segment(hostname())}-${options.server}`);
    this.#place = {
      redis,
      clock,
      member: this.cluster.member,
      key: (kind, ...names) =>
        [prefix, kind, ...names.slice(0, -1).map(segment), ...names.slice(-1)].join(':'),
    };
    this.#entries = new RedisEntries(this.#place);
    this.#locks = new RedisLocks(this.#place, local);
    this.#permits = new RedisPermits(this.#place);
    this.#spaces = new Map(
      [...sharedSpaces].map((space) => [space, new RedisValues(space, this.#place, memory)]),
    );
    this.#reader = new ChangeReader(
      this.#place,
      new Redis({ ...connection, queryTimeout: followTimeout }),
      this.#spaces,
    );
    this.#life = every(clock, life.every, () => void this.#live());
    this.tried = redis.tried.then(() => this.#reader.begin());
  }

  /** Why Redis cannot be reached; null while it can. */
  get failure(): string | null {
    return this.#redis.failure;
  }

  /** Processes of all servers, as of the last sign of life. */
  get members(): number {
    return this.cluster.count;
  }

  /** Changes of values that Redis does not have yet. */
  get unwritten(): number {
    let sum = 0;
    for (const { unwritten } of this.#spaces.values()) sum += unwritten;
    return sum;
  }

  ask<Kind extends OperationKind>(asked: StoreOperation<Kind>): Awaitable<StoreResult<Kind>> {
    const operation = asked as StoreOperation; // of any kind
    return this.#perform(operation);
  }

  tell(operation: StoreOperation): void {
    const answer = this.#perform(operation);
    if (isPending(answer)) answer.catch(() => undefined);
  }

  values(space: string): ReplicatedValues {
    return this.#spaces.get(space) ?? this.#options.local.values(space);
  }

  close(): void {
    this.#life.stop();
    this.#reader.close();
    this.#redis.send(['DEL', this.#place.key('member', this.#place.member)]).catch(() => undefined);
    setImmediate(() => this.#redis.close());
  }

  #perform(operation: StoreOperation): Awaitable<StoreResult> {
    const { local } = this.#options;
    switch (operation.kind) {
      case 'get':
      case 'set':
      case 'delete':
      case 'get-matching':
      case 'delete-matching':
      case 'add':
      case 'add-to-window': {
        const kind = kindOfCollection(operation.collection);
        return kind === 'own'
          ? local.ask(operation)
          : this.#otherwise(kind, operation, this.#entry(operation));
      }
      // entries of Redis expire by themselves, those that were counted without it do not
      case 'sweep':
        return local.ask(operation);
      case 'take':
        return this.#otherwise('limits', operation, this.#permits.take(operation));
      case 'give':
        return this.#permits.give(operation.key) || local.ask(operation);
      case 'lock':
        return isSharedLock(operation.space)
          ? this.#otherwise('locks', operation, this.#locks.take(operation))
          : local.ask(operation);
      case 'unlock':
        return isSharedLock(operation.space) ? this.#locks.release(operation) : local.ask(operation);
      default:
        return this.#value(operation);
    }
  }

  #entry(operation: StoreOperation): Promise<StoreResult> {
    const entries = this.#entries;
    switch (operation.kind) {
      case 'get':
        return entries.get(operation);
      case 'set':
        return entries.set(operation);
      case 'delete':
        return entries.delete(operation);
      case 'get-matching':
        return entries.getMatching(operation);
      case 'delete-matching':
        return entries.deleteMatching(operation);
      case 'add':
        return entries.add(operation);
      case 'add-to-window':
        return entries.addToWindow(operation);
      default:
        return Promise.reject(new StoreError('invalid', operation.kind));
    }
  }

  #value(operation: StoreOperation): Awaitable<StoreResult> {
    const values = 'space' in operation ? this.#spaces.get(operation.space) : undefined;
    if (values === undefined) return this.#options.local.ask(operation);
    switch (operation.kind) {
      case 'set-value':
        return values.set(operation.key, operation.value) ? 'stored' : 'full';
      case 'initialize-value':
        if (values.get(operation.key) !== undefined) return 'present';
        return values.initialize(operation.key, operation.value) ? 'stored' : 'full';
      case 'delete-value': {
        const isKnown = values.get(operation.key) !== undefined;
        values.delete(operation.key);
        return isKnown;
      }
      case 'add-to-value':
        return values.add(operation.key, operation.by);
      case 'replace-value': {
        const { key, before = values.get(key) ?? null, value } = operation;
        return Promise.resolve(values.replace(key, before === null ? null : String(before), value).result);
      }
      // Redis keeps them
      case 'keep-values':
        return { state: 'unkept', reason: null };
      case 'kept-state':
        return null;
      default:
        return Promise.reject(new StoreError('invalid', operation.kind));
    }
  }

  /** While Redis cannot be reached, by the rule of the kind. An answer that comes too late counts as none. */
  async #otherwise(
    kind: Kind,
    operation: StoreOperation,
    answer: Promise<StoreResult>,
  ): Promise<StoreResult> {
    try {
      return await answer;
    } catch (error) {
      const rule = this.#rules[kind];
      if (!(error instanceof StoreError) || error.code === 'refused' || rule === 'closed') throw error;
      return rule === 'open' ? 'full' : this.#options.local.ask(operation);
    }
  }

  #changed(failure: string | null): void {
    this.#options.changed(failure);
    if (failure !== null) return;
    void this.#live();
    this.#permits.restore();
    this.#reader.meet();
  }

  async #live(): Promise<void> {
    const { member } = this.#place;
    const keys = [this.#place.key('member', member), this.#place.key('members')];
    const about = JSON.stringify({ ...this.#options.about, at: Math.round(this.#options.clock.date()) });
    try {
      const members = await this.#redis.evaluate(signOfLife, keys, [about, member, String(life.lasts)]);
      this.cluster.alive(Array.isArray(members) ? members.map(String) : []);
    } catch {
      return; // nobody is known to have gone
    }
    // of commands that alone were not answered in time
    if (this.unwritten > 0) this.#reader.meet();
  }
}
