/** A small server that speaks Redis' protocol (RESP 2) on a port of 127.0.0.1, and fails as it is told. */

import type { AddressInfo } from 'node:net';
import net from 'node:net';
import tls, { type TlsOptions } from 'node:tls';

export interface FakeRedisOptions {
  readonly port?: number;
  /** Users and their passwords; the first password is also that of the default user. */
  readonly users?: Readonly<Record<string, string>>;
  readonly tls?: TlsOptions;
}

type Reply = string | number | null | Error | readonly Reply[];

export class FakeRedis {
  /** Commands other than PING, AUTH and SELECT, as words. */
  readonly seen: string[][] = [];
  readonly values = new Map<string, string>();
  /** Answers this error to everything. */
  error: string | null = null;
  /** How many connections there were. */
  connections = 0;
  /** Of the last SELECT. */
  database = 0;
  readonly #server: net.Server;
  readonly #users: Readonly<Record<string, string>>;
  readonly #sockets = new Set<net.Socket>();
  #held: (() => void)[] | null = null;

  private constructor(options: FakeRedisOptions) {
    this.#users = options.users ?? {};
    const serve = (socket: net.Socket) => this.#serve(socket);
    this.#server = options.tls === undefined ? net.createServer(serve) : tls.createServer(options.tls, serve);
  }

  static async start(options: FakeRedisOptions = {}): Promise<FakeRedis> {
    const fake = new FakeRedis(options);
    await new Promise<void>((resolve) => fake.#server.listen(options.port ?? 0, '127.0.0.1', resolve));
    return fake;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Stops answering, as a stopped process would: connections are accepted. */
  hang(): void {
    this.#held ??= [];
  }

  /** Answers all that came meanwhile, late. */
  goOn(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const answer of held) answer();
  }

  /** Ends all connections. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): Promise<void> {
    this.drop();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: net.Socket): void {
    this.connections++;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => {});
    let isKnown = Object.keys(this.#users).length === 0;
    let text = '';
    socket.on('data', (data) => {
      text += data.toString('latin1');
      for (;;) {
        const [words, rest] = command(text);
        if (words === null) return;
        text = rest;
        const [name = '', ...args] = words;
        const answer = () => {
          if (name === 'AUTH') isKnown = this.#knows(args);
          const reply =
            name === 'AUTH' && !isKnown
              ? new Error('WRONGPASS invalid username-password pair or user is disabled.')
              : isKnown
                ? this.#reply(name.toUpperCase(), args, words)
                : new Error('NOAUTH Authentication required.');
          socket.write(encoded(reply), 'latin1');
        };
        if (this.#held === null) answer();
        else this.#held.push(answer);
      }
    });
  }

  #knows(args: readonly string[]): boolean {
    const [user, password] = args.length === 1 ? [Object.keys(this.#users)[0] ?? '', args[0]] : args;
    return user !== undefined && this.#users[user] === password;
  }

  #reply(name: string, args: readonly string[], words: string[]): Reply {
    if (this.error !== null) return new Error(this.error);
    const [key = '', value = ''] = args;
    switch (name) {
      case 'AUTH':
        return 'OK';
      case 'PING':
        return 'PONG';
      case 'SELECT':
        this.database = Number(key);
        return 'OK';
      default:
    }
    this.seen.push(words);
    const known = this.values.get(key) ?? null;
    switch (name) {
      case 'SET':
        this.values.set(key, value);
        return 'OK';
      case 'GET':
        return known;
      case 'DEL':
        return this.values.delete(key) ? 1 : 0;
      case 'EXPIRE':
        return known === null ? 0 : 1;
      case 'MGET':
        return args.map((one) => this.values.get(one) ?? null);
      case 'NEST':
        return ['one', [2, ['three', null]], ''];
      case 'INCRBY': {
        if (!/^-?\d+$/.test(known ?? '0')) return new Error('ERR value is not an integer or out of range');
        const sum = Number(known ?? 0) + Number(value);
        this.values.set(key, String(sum));
        return sum;
      }
      default:
        return new Error(`ERR unknown command '${name}'`);
    }
  }
}

/** The first whole command, and what follows it. */
function command(text: string): readonly [string[] | null, string] {
  const head = /^\*(\d+)\r\n/.exec(text);
  if (head === null) return [null, text];
  let at = head[0].length;
  const words: string[] = [];
  for (let i = 0; i < Number(head[1]); i++) {
    const size = /^\$(\d+)\r\n/.exec(text.slice(at, at + 20));
    if (size === null) return [null, text];
    const begin = at + size[0].length;
    const end = begin + Number(size[1]);
    if (text.length < end + 2) return [null, text];
    words.push(text.slice(begin, end));
    at = end + 2;
  }
  return [words, text.slice(at)];
}

function encoded(reply: Reply): string {
  if (reply === null) return '$-1\r\n';
  if (typeof reply === 'number') return `:${reply}\r\n`;
  if (reply instanceof Error) return `-${reply.message}\r\n`;
  if (typeof reply === 'string') return `$${reply.length}\r\n${reply}\r\n`;
  return `*${reply.length}\r\n${reply.map(encoded).join('')}`;
}
