/**
 * A Redis server as a process uses it: one connection, which is opened again with growing pauses, a deadline for each
 * command, and a breaker. While the server cannot be reached or does not answer, commands fail at once.
 */
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { messageOf, StoreError } from '../runtime/index.ts';
import { type Clock, systemClock, type TimerHandle } from '../timers/index.ts';
import type { RedisAddress, RedisHost } from './address.ts';
import { openRedis, type RedisConnection, type RedisReply, redisPackage } from './client.ts';

/** Commands by their outcome. */
export interface RedisCounts {
  answered: number;
  /** The server answered with an error. */
  refused: number;
  timeout: number;
  /** Failed at once, or with the connection. */
  unreachable: number;
  /** Too many were waiting. */
  overloaded: number;
}

/** A script in Lua. Each run is atomic. */
export interface RedisScript {
  readonly text: string;
  readonly sha: string;
}

export const redisScript = (text: string): RedisScript => ({
  text,
  sha: createHash('sha1').update(text).digest('hex'),
});

export const newRedisCounts = (): RedisCounts => ({
  answered: 0,
  refused: 0,
  timeout: 0,
  unreachable: 0,
  overloaded: 0,
});

export interface RedisOptions {
  readonly address: RedisAddress;
  /** For the connection, with TLS and authentication, in ms. */
  readonly connectTimeout: number;
  /** For each command, in ms. */
  readonly queryTimeout: number;
  /** The longest answer, in bytes. Default 1 MiB. */
  readonly longestReply?: number;
  /** Scripts that the server is given with each connection, so that the first use of one keeps its place. */
  readonly scripts?: readonly RedisScript[];
  /** Read for each connection. Default: by the address. */
  readonly tls?: () => ConnectionOptions | null;
  /** Where outcomes are counted. */
  readonly counts?: RedisCounts;
  /** Called after the first attempt and with each change: null if the server can be reached, else the reason. */
  readonly changed?: (failure: string | null) => void;
  /** Default: the system's. */
  readonly clock?: Clock;
}

/** Commands in a row without an answer, after which the connection is given up. */
const mostSilent = 3;
/** Commands without an answer yet. */
const mostPending = 10_000;
/** Pauses between attempts to connect, in ms; each lasts half of it to all of it, by chance. */
const firstPause = 100;
const longestPause = 2000;

interface Asked {
  readonly due: number;
  readonly reject: (error: StoreError) => void;
}

export class Redis {
  /** Resolves after the first attempt to connect. */
  readonly tried: Promise<void>;
  readonly counts: RedisCounts;
  readonly #options: RedisOptions;
  readonly #clock: Clock;
  readonly #pending = new Set<Asked>();
  #connection: RedisConnection | null = null;
  /** Ends the attempt to connect. */
  #abort: (() => void) | null = null;
  #failure: string | null = 'not connected yet';
  /** What `changed` was told last; null: nothing. */
  #told: 'reachable' | 'unreachable' | null = null;
  #attempts = 0;
  #pause = firstPause;
  /** For the earliest deadline. */
  #timer: TimerHandle | null = null;
  #retry: TimerHandle | null = null;
  /** Deadlines that have passed since the last answer. */
  #silent = 0;
  #isClosed = false;

  constructor(options: RedisOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.counts = options.counts ?? newRedisCounts();
    this.tried = this.#connect();
  }

  /** Why commands fail at present; null while they are sent. */
  get failure(): string | null {
    return this.#failure;
  }

  /** Sends a command; arguments are byte strings. Rejects with a {@link StoreError}. */
  send(command: readonly string[]): Promise<RedisReply> {
    const connection = this.#connection;
    if (connection === null) return this.#refuse('unreachable', `Redis cannot be reached: ${this.#failure}`);
    if (this.#pending.size >= mostPending)
      return this.#refuse('overloaded', `${mostPending} commands wait for Redis`);
    return new Promise((resolve, reject) => {
      const asked: Asked = { due: this.#clock.now() + this.#options.queryTimeout, reject };
      this.#pending.add(asked);
      if (this.#timer === null) this.#watch(asked.due);
      connection.send(command).then(
        (reply) => {
          this.#silent = 0;
          if (!this.#pending.delete(asked)) return;
          this.counts.answered++;
          resolve(reply);
        },
        (error: unknown) => {
          const failure =
            error instanceof StoreError ? error : new StoreError('unreachable', messageOf(error));
          if (failure.code === 'refused') this.#silent = 0;
          if (!this.#pending.delete(asked)) return;
          this.counts[failure.code === 'refused' ? 'refused' : 'unreachable']++;
          reject(failure);
        },
      );
    });
  }

  /** Runs a script, which is sent as a whole only to a server that has forgotten it. */
  async evaluate(script: RedisScript, keys: readonly string[], args: readonly string[]): Promise<RedisReply> {
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await this.send(['EVALSHA', script.sha, ...rest]);
    } catch (error) {
      if (!(error instanceof StoreError && error.message.startsWith('NOSCRIPT'))) throw error;
      return this.send(['EVAL', script.text, ...rest]);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#abort?.();
    if (this.#retry !== null) this.#clock.clearTimer(this.#retry);
    this.#drop('closed');
  }

  #refuse(code: 'unreachable' | 'overloaded', message: string): Promise<never> {
    this.counts[code]++;
    return Promise.reject(new StoreError(code, message));
  }

  #watch(due: number): void {
    this.#timer = this.#clock.setTimer(Math.max(1, due - this.#clock.now()), () => this.#expire());
  }

  #expire(): void {
    this.#timer = null;
    const now = this.#clock.now();
    const { queryTimeout } = this.#options;
    for (const asked of this.#pending) {
      if (asked.due > now) {
        this.#watch(asked.due);
        break;
      }
      this.#pending.delete(asked);
      this.counts.timeout++;
      this.#silent++;
      asked.reject(new StoreError('timeout', `Redis has not answered within ${queryTimeout} ms`));
    }
    if (this.#silent >= mostSilent && this.#connection !== null)
      this.#lost(`no answer to ${this.#silent} commands within ${queryTimeout} ms`);
  }

  #lost(reason: string): void {
    this.#drop(reason);
    this.#tell();
    this.#again();
  }

  /** Closes the connection; what waits for an answer fails. */
  #drop(reason: string): void {
    const connection = this.#connection;
    this.#connection = null;
    this.#failure = reason;
    this.#silent = 0;
    connection?.end();
    if (this.#timer !== null) this.#clock.clearTimer(this.#timer);
    this.#timer = null;
    const waiting = [...this.#pending];
    this.#pending.clear();
    for (const { reject } of waiting) {
      this.counts.unreachable++;
      reject(new StoreError('unreachable', `the connection to Redis ended: ${reason}`));
    }
  }

  #tell(): void {
    const state = this.#failure === null ? 'reachable' : 'unreachable';
    if (this.#told === state) return;
    this.#told = state;
    this.#options.changed?.(this.#failure);
  }

  #again(): void {
    if (this.#isClosed) return;
    const wait = this.#pause * (0.5 + Math.random() / 2);
    this.#pause = Math.min(2 * this.#pause, longestPause);
    this.#retry = this.#clock.setTimer(wait, () => void this.#connect());
  }

  async #connect(): Promise<void> {
    const { connectTimeout } = this.#options;
    let isOver = false;
    let timer: TimerHandle | null = null;
    try {
      // loading it the first time takes a while, which does not count
      redisPackage();
      timer = this.#clock.setTimer(connectTimeout, () => {
        isOver = true;
        this.#abort?.();
      });
      const connection = await this.#open(connectTimeout);
      if (this.#isClosed) return connection.end();
      this.#connection = connection;
      this.#failure = null;
      this.#pause = firstPause;
    } catch (error) {
      this.#abort?.();
      this.#failure = isOver ? `no connection within ${connectTimeout} ms` : messageOf(error);
      this.#again();
    } finally {
      if (timer !== null) this.#clock.clearTimer(timer);
      this.#abort = null;
    }
    if (!this.#isClosed) this.#tell();
  }

  /** Connects to the next host, and asks whether it serves: a stopped server accepts connections, too. */
  async #open(connectTimeout: number): Promise<RedisConnection> {
    const { address, tls, longestReply } = this.#options;
    const { hosts, socket, user, password, database, isSecure } = address;
    const place = socket ?? hosts[this.#attempts++ % hosts.length] ?? '';
    const opened = await openRedis(
      {
        place,
        user,
        password,
        database,
        connectTimeout,
        longestReply: longestReply ?? 1024 * 1024,
        tls: tls?.() ?? (isSecure ? secureTo(place) : null),
      },
      (end) => {
        this.#abort = end;
      },
      (reason) => {
        if (this.#connection === opened) this.#lost(reason);
      },
    );
    try {
      await opened.send(['PING']);
    } catch (error) {
      // a user of an ACL need not be allowed to ping
      if (!messageOf(error).startsWith('NOPERM')) throw error;
    }
    for (const { text } of this.#options.scripts ?? []) await opened.send(['SCRIPT', 'LOAD', text]);
    return opened;
  }
}

/** Certificates are verified for the host; the name of an IP address is not sent (RFC 6066, 3). */
const secureTo = (place: RedisHost | string): ConnectionOptions =>
  typeof place === 'string' || isIP(place.host) !== 0 ? {} : { servername: place.host };
