/**
 * One connection to a Redis server, by the package `@redis/client`, which is loaded when a server is configured. It
 * sends the commands of a turn together, fails those without an answer when the connection ends, and never sends one
 * again, so that nothing is counted twice.
 */
import type { ConnectionOptions } from 'node:tls';
import { optionalPackage, StoreError } from '../runtime/index.ts';
import type { RedisHost } from './address.ts';

/** Texts are byte strings. */
export type RedisReply = string | number | null | readonly RedisReply[];

export interface RedisTarget {
  /** A string: the path of a UNIX socket. */
  readonly place: RedisHost | string;
  readonly user: string | null;
  readonly password: string | null;
  readonly database: number;
  /** Null: no TLS. */
  readonly tls: ConnectionOptions | null;
  /** For the connection, TLS included, in ms. */
  readonly connectTimeout: number;
  /** In bytes. */
  readonly longestReply: number;
}

export interface RedisConnection {
  /** Rejects with a {@link StoreError}: `refused` for an error that the server answers, else `unreachable`. */
  send(command: readonly string[]): Promise<RedisReply>;
  /** Closes it; commands without an answer fail. */
  end(): void;
}

/** The part of the package that is used, in its versions 5 and 6. */
interface Client {
  on(event: 'error', listener: (error: Error) => void): unknown;
  connect(): Promise<unknown>;
  sendCommand(command: readonly (string | Buffer)[]): Promise<unknown>;
  destroy(): void;
}
interface Package {
  readonly createClient: (options: object) => Client;
  readonly ErrorReply: new () => Error;
  readonly RESP_TYPES: { readonly BLOB_STRING: number };
}

const packageName = '@redis/client';

/** @throws Error that says how to install it */
export function redisPackage(): Package {
  const found = optionalPackage<Package>(packageName)?.exports;
  if (found === undefined)
    throw new Error(`the package ${packageName} is missing; npm install ${packageName}`);
  return found;
}

/** What a value of a reply takes beside its bytes. */
const valueSize = 32;

/**
 * Opens a connection; rejects with an Error. `lost` is called once if it ends by itself later. `opening` gets what ends
 * the attempt.
 */
export async function openRedis(
  target: RedisTarget,
  opening: (end: () => void) => void,
  lost: (reason: string) => void,
): Promise<RedisConnection> {
  const { createClient, ErrorReply, RESP_TYPES } = redisPackage();
  const { place, user, password, database, tls, connectTimeout, longestReply } = target;
  const where = typeof place === 'string' ? { path: place } : place;
  const client = createClient({
    ...(user === null ? {} : { username: user }),
    ...(password === null ? {} : { password }),
    database,
    // older servers do not know version 3 of the protocol
    RESP: 2,
    maintNotifications: 'disabled',
    disableClientInfo: true,
    disableOfflineQueue: true,
    commandOptions: { timeout: undefined, typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
    socket: {
      ...where,
      ...(tls === null ? {} : { ...tls, tls: true }),
      connectTimeout,
      reconnectStrategy: false,
    },
  });
  let isOpen = false;
  const end = (): void => {
    isOpen = false;
    try {
      client.destroy();
    } catch {
      // it was closed already
    }
  };
  client.on('error', ({ message }) => {
    if (!isOpen) return;
    end();
    lost(message);
  });
  opening(end);
  await client.connect();
  isOpen = true;
  return {
    send: async (command) => {
      let reply: unknown;
      try {
        reply = await client.sendCommand(command.map(argument));
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        throw new StoreError(error instanceof ErrorReply ? 'refused' : 'unreachable', message);
      }
      return new ReplyReader(longestReply).read(reply);
    },
    end,
  };
}

/** Byte strings beyond ASCII would be sent as UTF-8. */
const argument = (text: string): string | Buffer =>
  /[^\0-\x7f]/.test(text) ? Buffer.from(text, 'latin1') : text;

class ReplyReader {
  readonly #longest: number;
  #bytes: number;

  constructor(longest: number) {
    this.#longest = longest;
    this.#bytes = longest;
  }

  read(value: unknown): RedisReply {
    this.#bytes -= valueSize + (value instanceof Uint8Array ? value.length : 0);
    if (this.#bytes < 0) throw new StoreError('refused', `the answer exceeds ${this.#longest} bytes`);
    if (typeof value === 'number' || value === null || value === undefined) return value ?? null;
    if (Array.isArray(value)) return value.map((one: unknown) => this.read(one));
    if (value instanceof Uint8Array)
      return Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1');
    if (value instanceof Error) return value.message;
    return typeof value === 'string' ? value : '';
  }
}
