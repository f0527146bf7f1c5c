/** Debian's redis-server on a port of its own, with its files in a folder of its own. */
import { join } from 'node:path';
import { parseRedisAddress, Redis, type RedisReply } from '../../src/redis/index.ts';
import { closeLater } from './close-later.ts';
import { commandPath } from './commands.ts';
import { type Launched, launch } from './launch.ts';
import { acceptsTcp, freePort } from './ports.ts';
import { temporaryFolder } from './temporary.ts';

export interface RedisServerOptions {
  readonly args?: readonly string[];
  /** Default: a free one. */
  readonly port?: number;
  /** Default: a new one. */
  readonly folder?: string;
  /** Of the URL of {@link RedisServer.send}. */
  readonly login?: string;
}

export class RedisServer {
  readonly port: number;
  readonly folder: string;
  readonly #options: RedisServerOptions;
  #program: Launched | null = null;
  #client: Redis | null = null;

  private constructor(port: number, folder: string, options: RedisServerOptions) {
    this.port = port;
    this.folder = folder;
    this.#options = options;
  }

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const port = options.port ?? (await freePort());
    const server = closeLater(new RedisServer(port, options.folder ?? temporaryFolder('redis'), options));
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://${this.#options.login ?? ''}127.0.0.1:${this.port}`;
  }

  /** Starts it again after {@link kill}. */
  async restart(args: readonly string[] = []): Promise<void> {
    const own = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder];
    const usual = ['--save', '', '--enable-debug-command', 'yes'];
    const all = [...own, ...usual, ...(this.#options.args ?? []), ...args];
    this.#program = launch(commandPath('redis-server'), all, { cwd: this.folder });
    await acceptsTcp(this.port);
  }

  kill(): Promise<unknown> {
    return this.#program?.stop('SIGKILL') ?? Promise.resolve();
  }

  /** Stops answering until {@link goOn}. */
  pause(): void {
    process.kill(this.#program?.pid ?? -1, 'SIGSTOP');
  }

  goOn(): void {
    process.kill(this.#program?.pid ?? -1, 'SIGCONT');
  }

  /** What a command answers. */
  async send(...command: readonly string[]): Promise<RedisReply> {
    this.#client ??= new Redis({
      address: parseRedisAddress(this.url),
      connectTimeout: 30_000,
      queryTimeout: 30_000,
    });
    while (this.#client.failure !== null) await new Promise((resolve) => setTimeout(resolve, 10));
    return this.#client.send(command);
  }

  async close(): Promise<void> {
    this.#client?.close();
    await this.kill();
  }
}

export const redisFile = (server: RedisServer, name: string): string => join(server.folder, name);
