import { Background, type Log, type Program, type Routing, States } from '../runtime/index.ts';
import { RFC_TIMERS, type TimerValues } from '../sip/index.ts';
import { ProcessHost } from './process-host.ts';

/** What all workers of a process share that run the same script; a reload makes another one in the same process. */
export class ScriptRouting implements Routing {
  readonly log: Log;
  readonly host: ProcessHost;
  readonly settings: Routing['settings'];
  readonly script: Routing['script'];
  readonly replyDefaults: Routing['replyDefaults'];
  readonly owner: Routing['owner'];
  readonly background = new Background();
  readonly states: States<Routing> = new States<Routing>(this);
  /** The pool's, once there is one. */
  submit: Routing['submit'] = () => false;
  readonly #program: Program;
  readonly #onLocalReply: ((reply: Buffer) => void)[] = [];
  readonly #closers: (() => void | Promise<void>)[] = [];

  constructor(program: Program, log: Log, host = new ProcessHost()) {
    this.#program = program;
    this.log = log;
    this.host = host;
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
  }

  /** The script runs from now on: what the process has one of goes by its settings. */
  takeEffect(): void {
    const { names, registry } = this.host;
    names.ask(this.settings.names);
    registry.byRoute = this.settings.multihomed;
  }

  onLocalReply(listener: (reply: Buffer) => void): void {
    this.#onLocalReply.push(listener);
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
    const { registry } = this.host;
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
function timerValues(tm: ReturnType<Routing['parameters']>): TimerValues {
  return {
    t1: Number(tm['T1_timer'] ?? RFC_TIMERS.t1),
    t2: Number(tm['T2_timer'] ?? RFC_TIMERS.t2),
    t4: RFC_TIMERS.t4,
  };
}
