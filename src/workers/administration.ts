/** Administration of a server: one table of commands, for every channel that speaks JSON-RPC. */
import { commandsOf } from '../modules/index.ts';
import { answerJsonRpc, commandArguments, joinResults, RpcFailure } from '../observe/index.ts';
import type { CommandSpec } from '../runtime/index.ts';
import { systemClock } from '../timers/index.ts';
import type { Administered } from './administered.ts';
import type { ControlOptions, ReloadResult, ServerIdentity } from './control-protocol.ts';
import { packageVersion } from './package-version.ts';
import { type CommandFacts, type ServerContext, serverCommands } from './server-commands.ts';

/** Maximum number of commands that run at a time. */
const mostRunning = 100;

export class Administration implements ServerContext {
  readonly server: Administered;
  /** Milliseconds since 1970. */
  readonly startedAt = systemClock.date();
  readonly version = packageVersion();
  readonly reload: () => Promise<ReloadResult>;
  readonly stop: () => void;
  readonly #name: string | null;
  #running = 0;

  constructor(server: Administered, { name, reload, stop }: Partial<ControlOptions> = {}) {
    this.server = server;
    this.#name = name ?? null;
    this.reload = reload ?? notReloadable;
    this.stop = stop ?? (() => void server.stop());
  }

  /** Answers a JSON-RPC request or batch, as one line; null for notifications. Never rejects. */
  readonly answer = (text: string): Promise<string | null> =>
    answerJsonRpc(text, (method, params) => this.execute(method, params));

  get commands(): readonly CommandFacts[] {
    return [...serverCommands, ...commandsOf(this.server.modules)];
  }

  /** The facts of a command, by its name or an older one. */
  find(name: string): CommandFacts {
    const found = this.commands.find((one) => one.name === name || one.aliases?.includes(name));
    if (found === undefined)
      throw new RpcFailure(-32_601, 'Method not found', `no command ${name}; which lists them`);
    return found;
  }

  readonly identity = async (): Promise<ServerIdentity> => {
    const { state, graceLeft, total } = await this.server.status();
    const unfinished = Number(total['unfinished'] ?? 0);
    const { sockets } = this.server;
    return { pid: process.pid, name: this.#name, sockets, unfinished, state, graceLeft };
  };

  /** Runs a command. Rejects with an {@link RpcFailure}, a `CommandError`, or what the command throws. */
  async execute(method: string, params: unknown): Promise<unknown> {
    const facts = this.find(method);
    const args = commandArguments(facts.parameters, params);
    if (this.#running >= mostRunning)
      throw new RpcFailure(-32_000, 'Server busy', `${mostRunning} commands are running`);
    this.#running++;
    try {
      const { name, processes = 'any' } = facts;
      const own = serverCommands.find((one) => one.name === name);
      if (own !== undefined) return await own.run(args, this);
      const { prepare, join = joinResults } = facts as CommandSpec;
      const isPrepared = prepare !== undefined && this.server.pids.length > 1;
      if (isPrepared) await this.server.command({ name, args, step: 'prepare' }, 'every');
      return join(await this.server.command({ name, args, step: 'run' }, processes), args);
    } finally {
      this.#running--;
    }
  }
}

const notReloadable = async (): Promise<ReloadResult> => ({
  reloaded: false,
  message: 'this server was started by a program, which must reload it',
});
