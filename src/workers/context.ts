import {
  Background,
  DnsNames,
  findDestinations,
  type ListeningSocket,
  type Log,
  type Program,
  ProxyCore,
  type Server,
  SocketRegistry,
  StatelessTags,
  States,
  TransactionTable,
  type Uri,
} from '../runtime/index.ts';

/** What all workers of a process share. */
export class ServerContext implements Server {
  readonly log: Log;
  readonly settings: Server['settings'];
  readonly script: Server['script'];
  readonly replyDefaults: Server['replyDefaults'];
  readonly transactions = new TransactionTable();
  readonly tags = new StatelessTags();
  readonly background = new Background();
  readonly registry = new SocketRegistry();
  readonly proxy = new ProxyCore({ sockets: this.registry });
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
