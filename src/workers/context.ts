import {
  Background,
  type ListeningSocket,
  type Log,
  type Program,
  type Server,
  States,
} from '../runtime/index.ts';
import { type Protocol, RFC_TIMERS, type TimerValues, type Uri } from '../sip/index.ts';
import { ServerProcess } from './server-process.ts';

/** What all workers of a process share that run the same script; a reload makes another one in the same process. */
export class ServerContext implements Server {
  readonly log: Log;
  readonly process: ServerProcess;
  readonly settings: Server['settings'];
  readonly script: Server['script'];
  readonly replyDefaults: Server['replyDefaults'];
  readonly transactions: Server['transactions'];
  readonly tags: Server['tags'];
  readonly proxy: Server['proxy'];
  readonly owner: Server['owner'];
  readonly startedAt: number;
  readonly background = new Background();
  readonly states: States<Server> = new States<Server>(this);
  /** The pool's, once there is one. */
  submit: Server['submit'] = () => false;
  readonly #program: Program;
  readonly #onLocalReply: ((reply: Buffer) => void)[] = [];
  readonly #closers: (() => void | Promise<void>)[] = [];

  constructor(program: Program, log: Log, process = new ServerProcess()) {
    this.#program = program;
    this.log = log;
    this.process = process;
    this.settings = program.settings;
    this.script = program.compiled;
    this.owner = {
      values: timerValues(this.parameters('tm')),
      made: (reply) => {
        for (const listener of this.#onLocalReply) listener(reply);
      },
    };
    this.replyDefaults =
      program.settings.serverHeader === null ? {} : { server: program.settings.serverHeader };
    this.transactions = process.transactions;
    this.tags = process.tags;
    this.proxy = process.proxy;
    this.startedAt = process.startedAt;
  }

  /** The script runs from now on: what the process has one of goes by its settings. */
  takeEffect(): void {
    const { names, registry } = this.process;
    names.ask(this.settings.names);
    registry.byRoute = this.settings.multihomed;
  }

  onLocalReply(listener: (reply: Buffer) => void): void {
    this.#onLocalReply.push(listener);
  }

  get sockets(): readonly ListeningSocket[] {
    return this.process.sockets;
  }

  destinations(uri: Uri, preferred?: Protocol | null) {
    return this.process.destinations(uri, preferred);
  }

  addresses(name: string, families?: readonly (4 | 6)[]) {
    return this.process.names.addresses(name, families);
  }

  parameters(module: string) {
    return this.#program.parameters[module] ?? {};
  }

  place(offset: number): string {
    return this.#program.place(offset);
  }

  isMyself(host: string, port: number | null): boolean {
    const name = host.toLowerCase();
    const named = this.settings.aliases.some(
      (alias) => alias === name || (port !== null && alias === `${name}:${port}`),
    );
    if (named) return true;
    const { registry } = this.process;
    if (port === null ? registry.isOwnHost(name) : registry.isOwn(name, port)) return true;
    // a host name that a socket is named by, while the socket has its address
    return this.settings.sockets.some(
      (socket) => socket.host.toLowerCase() === name && (port === null || port === socket.port),
    );
  }

  onClose(close: () => void | Promise<void>): void {
    this.#closers.push(close);
  }

  /** Runs what was handed to {@link onClose}; what fails there harms nothing else. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#closers.map(async (close) => close()));
  }
}

/** The timers of RFC 3261 with what modparam("tm", "T1_timer") and T2_timer say. */
function timerValues(tm: ReturnType<Server['parameters']>): TimerValues {
  return {
    t1: Number(tm['T1_timer'] ?? RFC_TIMERS.t1),
    t2: Number(tm['T2_timer'] ?? RFC_TIMERS.t2),
    t4: RFC_TIMERS.t4,
  };
}
