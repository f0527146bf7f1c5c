import {
  Background,
  DnsNames,
  findDestinations,
  type ListeningSocket,
  type Log,
  type Program,
  ProxyCore,
  RFC_TIMERS,
  type Server,
  SocketRegistry,
  StatelessTags,
  States,
  type TimerValues,
  TransactionTable,
  type Uri,
} from '../runtime/index.ts';

/** What all workers of a process share. */
export class ServerContext implements Server {
  readonly log: Log;
  readonly settings: Server['settings'];
  readonly script: Server['script'];
  readonly replyDefaults: Server['replyDefaults'];
  readonly transactions: TransactionTable;
  readonly tags = new StatelessTags();
  readonly background = new Background();
  readonly registry = new SocketRegistry();
  readonly proxy: ProxyCore;
  readonly #names = new DnsNames();
  readonly states: States<Server> = new States<Server>(this);
  readonly startedAt = Date.now();
  readonly processNumber = 0;
  /** The pool's, once there is one. */
  submit: Server['submit'] = () => false;
  /** Once they are open. */
  sockets: readonly ListeningSocket[] = [];
  readonly #loaded: Program;
  readonly #closers: (() => void | Promise<void>)[] = [];

  constructor(loaded: Program, log: Log) {
    this.#loaded = loaded;
    this.log = log;
    this.settings = loaded.settings;
    this.script = loaded.compiled;
    const values = timerValues(this.parameters('tm'));
    this.transactions = new TransactionTable({ values });
    this.proxy = new ProxyCore({ sockets: this.registry, values });
    this.replyDefaults =
      loaded.settings.serverHeader === null ? {} : { server: loaded.settings.serverHeader };
  }

  destinations(uri: Uri) {
    return findDestinations(uri, { names: this.#names, protocols: this.registry.protocols });
  }

  parameters(module: string) {
    return this.#loaded.parameters[module] ?? {};
  }

  place(offset: number): string {
    return this.#loaded.place(offset);
  }

  isMyself(host: string, port: number | null): boolean {
    const name = host.toLowerCase();
    const named = this.settings.aliases.some(
      (alias) => alias === name || (port !== null && alias === `${name}:${port}`),
    );
    if (named) return true;
    return (
      this.settings.sockets.some(
        (socket) => socket.host.toLowerCase() === name && (port === null || port === socket.port),
      ) ||
      this.sockets.some(
        ({ transport: { local }, advertised }) =>
          (local.address === name && (port === null || port === local.port)) ||
          (advertised?.host.toLowerCase() === name &&
            (port === null || port === (advertised.port ?? local.port))),
      )
    );
  }

  onClose(close: () => void | Promise<void>): void {
    this.#closers.push(close);
  }

  /** Runs what was handed to {@link onClose}; what fails there harms nothing else. */
  async close(): Promise<void> {
    this.proxy.close();
    this.transactions.close();
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
