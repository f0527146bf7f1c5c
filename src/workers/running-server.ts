/** A running server process, from start to stop: sockets, workers and the script. */
import { type HandOver, type Passed, Receiver } from '../engine/index.ts';
import { type HandlerWatch, handlerWatch, type Policy } from '../routing/index.ts';
import {
  BindError,
  bindSockets,
  defaultExport,
  type Log,
  type Module,
  messageOf,
  type PortWait,
  type ReceiveCounts,
  type SocketHandlers,
} from '../runtime/index.ts';
import { formatHostPort, TRANSPORTS, type Transport } from '../sip/index.ts';
import { pause, processTimers, type StallFigures, StallWatch } from '../timers/index.ts';
import type { Administered, CommandCall } from './administered.ts';
import { Drain } from './drain.ts';
import { isOverloaded } from './figures/sip-figures.ts';
import { LoadedPolicy } from './load-policy.ts';
import { type Loaded, toLoaded } from './loaded.ts';
import { NextRouting } from './next-routing.ts';
import { ProcessHost } from './process-host.ts';
import { RunningPolicy } from './running-policy.ts';
import type { RunningRouting } from './running-routing.ts';
import { RunningScript } from './running-script.ts';
import { ServerLogs } from './server-logs.ts';
import { sharedStoreOf } from './shared-store.ts';
import { defaultGrace, type ProcessOptions, type StopOptions } from './sip-server.ts';
import { StartError } from './start-error.ts';
import { combine, type ProcessStatus, readFigures, type ServerStatus, stateOf } from './status.ts';

/** The host that a server runs on, and its place among other processes, if any. */
export interface Membership {
  readonly host: ProcessHost;
  readonly handOver?: HandOver;
  /** Called when this process has no calls left; resolves when none of the others has. */
  readonly mayEnd?: () => Promise<void>;
  /** Exchanges connections with other processes. */
  readonly sockets?: Pick<SocketHandlers, 'onConnection' | 'elsewhere'>;
}

/** How late the event loop may be before it counts as behind, in ms. */
const behind = 15;

export class RunningServer implements Administered {
  readonly #host: ProcessHost;
  readonly #options: ProcessOptions;
  /** Measures the real event loop, whatever the host's clock. */
  readonly #stalls = new StallWatch(processTimers, {
    onLook: (late) => {
      this.#watch.ends();
      this.#routing.pool.isBehind = late > behind;
      this.#host.memory.heap.look();
    },
    onStall: (milliseconds, stalls) => {
      const among = stalls > 1 ? `, the longest of ${stalls} stalls` : '';
      const culprit = this.#watch.take();
      this.log.warning(
        `event loop stalled for ${milliseconds} ms${among}: nothing was received or sent during that time${culprit === '' ? '' : `; ${culprit}`}`,
      );
    },
  });
  readonly #watch: HandlerWatch;
  /** It holds the Routing about to run, at the start or in a reload; messages from its sockets wait meanwhile. */
  readonly #receiver: Receiver<NextRouting>;
  readonly #handlers: SocketHandlers;
  readonly #mayEnd: () => Promise<void>;
  #routing: RunningRouting;
  /** Earlier ones with unfinished calls. */
  readonly #older = new Set<RunningRouting>();
  #reloading: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | null = null;
  readonly #drain: Drain;

  private constructor(
    host: ProcessHost,
    routing: RunningRouting,
    member: Membership | null,
    options: ProcessOptions,
  ) {
    this.#host = host;
    this.#watch = host.states.get(handlerWatch);
    this.#routing = routing;
    this.#options = options;
    this.#mayEnd = member?.mayEnd ?? (() => Promise.resolve());
    this.#receiver = new Receiver(routing, member?.handOver ?? null);
    this.#drain = new Drain(host, () => [this.#routing, ...this.#older]);
    this.#handlers = {
      ...member?.sockets,
      onMessage: this.#receiver.listener,
      onError: (error) => this.log.error(`a socket failed: ${error.message}`),
      onClose: (source, why, detail) => {
        const { transport, address, port } = source;
        if (why === 'handshake')
          this.log.warning(
            `${TRANSPORTS[transport].label} with ${formatHostPort(address, port)} failed: ${detail}`,
          );
      },
      count: host.connections,
      tls: host.tls,
    };
  }

  /**
   * Opens the sockets, starts the modules, runs startup_route, and starts serving. Rejects with a {@link StartError}.
   */
  static async start(
    loaded: Loaded,
    options: ProcessOptions = {},
    member: Membership | null = null,
  ): Promise<RunningServer> {
    const host =
      member?.host ??
      new ProcessHost({ logs: new ServerLogs(options), shared: sharedStoreOf(loaded, options) });
    host.watch();
    const routing = routingOf(loaded, host, options);
    const running = new RunningServer(host, routing, member, options);
    try {
      const next = await running.#open(routing);
      await host.sharedStore?.tried;
      const { failure = null } = host.sharedStore ?? {};
      if (failure !== null) routing.log.warning(`the store cannot be reached: ${failure}`);
      // startup_route may send requests
      running.#putInForce(next);
      await routing.begin({ isFirst: host.runsStartupRoute });
      // a module may have said how spans leave the process
      startTraces(host, options);
    } catch (error) {
      await running.stop({ grace: 0 });
      throw error;
    }
    host.readiness = 'running';
    running.#serve();
    if (!host.isSimulated) running.#stalls.start();
    return running;
  }

  get log(): Log {
    return this.#routing.log;
  }

  /** The open sockets, such as `udp:127.0.0.1:5060`; a port of 0 is shown as the chosen port. */
  get sockets(): readonly string[] {
    return this.#host.sockets.map(({ name }) => name);
  }

  get counts(): Readonly<ReceiveCounts> {
    return this.#host.received;
  }

  get transactions(): number {
    return this.#host.transactions.size;
  }

  /** Number of client transactions. */
  get clientTransactions(): number {
    return this.#host.proxy.clients.size;
  }

  /** Delays of the event loop. */
  get stalls(): Readonly<StallFigures> {
    return this.#stalls.figures;
  }

  get queued(): number {
    return this.#routing.pool.queued;
  }

  /** The figures of this process. */
  get figures(): ProcessStatus {
    return readFigures(this.#host);
  }

  get pids(): readonly number[] {
    return [process.pid];
  }

  get modules(): readonly Module[] {
    return this.#routing.modules;
  }

  async command(call: CommandCall): Promise<readonly unknown[]> {
    return [await this.#routing.command(call)];
  }

  async status(): Promise<ServerStatus> {
    const state = stateOf(this.#stopping === null ? null : this.#drain.rest);
    return combine(state, this.modules, [this.figures]);
  }

  /** Whether it refused a request because of overload in the last seconds. */
  get isOverloaded(): boolean {
    return isOverloaded(this.#host);
  }

  async whyNotReady(): Promise<string | null> {
    if (this.#stopping !== null) return 'stopping';
    return this.isOverloaded ? 'overloaded' : null;
  }

  /**
   * Replaces the script: new requests run the new one, existing calls keep theirs until they end. Sockets of both
   * scripts stay open. Rejects with a {@link StartError} if the new script cannot start; nothing changes then.
   */
  reload(script: Loaded | Policy): Promise<void> {
    const reloading = this.#reloading.then(async () => {
      const { reloads } = this.#host;
      try {
        await this.prepare(await toLoaded(script));
        await this.proceed();
      } catch (error) {
        reloads.failed++;
        throw error;
      }
      reloads.done++;
    });
    this.#reloading = reloading.catch(() => undefined);
    return reloading;
  }

  /**
   * The first half of a reload: opens the new sockets of the script, and does nothing else before {@link proceed} or
   * {@link abandon}. Rejects with a {@link StartError}.
   *
   * @internal
   */
  async prepare(loaded: Loaded): Promise<void> {
    if (this.#stopping !== null) throw new StartError('the server is stopping');
    await this.abandon();
    await this.#open(routingOf(loaded, this.#host, this.#options));
  }

  /**
   * The second half: starts the modules, runs startup_route, and switches to the new script.
   *
   * @internal
   */
  async proceed(): Promise<void> {
    const next = this.#receiver.holding;
    if (next === null) return;
    try {
      await next.routing.begin({ isFirst: this.#host.number === 0 }); // once for the whole server
      if (this.#stopping !== null) throw new StartError('the server is stopping');
    } catch (error) {
      await this.abandon();
      throw error;
    }
    const before = this.#routing;
    this.#older.add(before);
    const unused = this.#putInForce(next);
    this.#serve();
    void before.outlive().then(async () => {
      this.#older.delete(before);
      this.#host.routings = [this.#routing, ...this.#older];
      for (const transport of unused) await transport.close();
    });
  }

  /**
   * Cancels instead of the second half.
   *
   * @internal
   */
  async abandon(): Promise<void> {
    const next = this.#receiver.holding;
    this.#receiver.holding = null;
    this.#host.pending = [];
    await next?.abandon();
  }

  /**
   * Receives a message from another process. Messages from a time when this process
   * was stopped are a burst: they have waited only since it continued.
   */
  receiveOwn(
    ...[data, source, transport, { at, waited }]: [...Parameters<SocketHandlers['onMessage']>, Passed]
  ): void {
    this.#receiver.receive(data, source, transport, {
      at,
      waited: Math.min(waited, this.#stalls.sinceStall),
    });
  }

  /**
   * Refuses new requests, lets calls being set up and running scripts end for up to `grace` ms, then releases
   * everything. The sockets stay open until then. A repeated call replaces `grace`.
   */
  stop({ grace }: StopOptions = {}): Promise<void> {
    if (grace !== undefined || this.#stopping === null)
      this.#drain.until = this.#host.clock.now() + (grace ?? defaultGrace);
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(): Promise<void> {
    this.#stalls.stop();
    const routings = [this.#routing, ...this.#older];
    this.#routing.stopTimers();
    this.#host.readiness = 'stopping';
    if (this.#receiver.holding?.routing !== this.#routing) await this.abandon();
    this.#receiver.holding = null;
    let inTime = await this.#drain.finished();
    if (inTime) await this.#drain.letAcksPass();
    // until then it refuses messages that other processes pass to it
    if (inTime) {
      await Promise.race([this.#mayEnd(), this.#drain.timeIsUp()]);
      inTime = await this.#drain.finished();
    }
    this.#receiver.stop();
    if (!inTime) {
      const unfinished = routings.reduce((sum, { unfinished: some }) => sum + some, 0);
      this.log.warning(
        `stopped before all calls had ended: ${unfinished} scripts and ${this.#host.transactions.size} transactions left, whose requests get no reply`,
      );
    }
    for (const { transport } of this.#host.sockets) await transport.close();
    await this.#host.traces.close();
    await this.#host.close();
    await Promise.race([
      Promise.all(routings.map((routing) => routing.close())),
      pause(this.#host.clock, 500),
    ]);
    await this.#host.logs.close();
  }

  /** Opens the script's sockets; keeps those that the previous script has too. */
  async #open(routing: RunningRouting): Promise<NextRouting> {
    const { settings } = routing;
    const before = this.#host.sockets;
    const next = new NextRouting(routing, before);
    this.#receiver.holding = next;
    try {
      const sockets = await bindSockets(
        settings.sockets,
        settings.tcp,
        this.#handlers,
        before,
        before.length === 0 ? this.#portWait(routing) : null,
        this.#host.socketSource,
      );
      next.sockets = sockets;
      if (sockets.length === 0) throw new StartError('none of the sockets in the script can be opened');
      this.#host.pending = sockets;
      return next;
    } catch (error) {
      await this.abandon();
      if (error instanceof BindError) throw new StartError(error.message, error.code, error.socket);
      throw error;
    }
  }

  /** How to wait for a port until the previous server has finished its calls. */
  #portWait({ log }: RunningRouting): PortWait {
    const wait = this.#options.waitForPort ?? 0;
    const { clock } = this.#host;
    return {
      clock,
      until: clock.now() + wait,
      isWanted: () => this.#stopping === null,
      onWait: (socket) => {
        if (wait > 0) log.notice(`${socket} is in use: waiting for it up to ${wait / 1000} s`);
      },
    };
  }

  /**
   * Makes a script's settings and sockets those of the process. Returns the sockets that only the previous script had.
   */
  #putInForce({ routing, sockets }: NextRouting): readonly Transport[] {
    const before = this.#host.sockets;
    const { registry } = this.#host;
    const now = sockets ?? [];
    const isKept = new Set(now.map(({ transport }) => transport));
    for (const { transport } of before) registry.remove(transport);
    for (const { transport, advertised } of now) registry.add(transport, advertised);
    this.#host.sockets = now;
    this.#host.pending = [];
    routing.takeEffect();
    this.#routing = routing;
    this.#host.routings = [routing, ...this.#older];
    this.#receiver.routing = routing;
    return before.flatMap(({ transport }) => (isKept.has(transport) ? [] : transport));
  }

  #serve(): void {
    this.#routing.listeners.inForce.emit();
    const next = this.#receiver.holding;
    this.#receiver.holding = null;
    this.#routing.startTimers();
    next?.release(this.#receiver.listener);
  }
}

function startTraces({ traces }: ProcessHost, options: ProcessOptions): void {
  if (options.traces === undefined) return;
  try {
    traces.start(defaultExport, options.traces);
  } catch (error) {
    throw new StartError(`traces: ${messageOf(error)}`);
  }
}

function routingOf(loaded: Loaded, host: ProcessHost, options: ProcessOptions): RunningRouting {
  const { program } = loaded;
  const log = host.logs.open(program.settings, host.count > 1 ? host.number : null);
  if (loaded instanceof LoadedPolicy) return new RunningPolicy(loaded.policy, program, log, host, options);
  return new RunningScript(program, log, host, options);
}
