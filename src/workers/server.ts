/**
 * A running server: sockets, workers and the script, from start to stop. One process: of several, one of them.
 */
import {
  BindError,
  bindSockets,
  type HandOver,
  Log,
  type LogFormat,
  type Program,
  type ReceiveCounts,
  Receiver,
  type SocketHandlers,
} from '../runtime/index.ts';
import { type StallFigures, StallWatch } from '../timers/stall-watch.ts';
import { processTimers } from '../timers/timer-wheel.ts';
import {
  combine,
  type ProcessStatus,
  type ProcessView,
  readFigure,
  readFigures,
  type ServerStatus,
} from './figures.ts';
import { Generation } from './generation.ts';
import { LoopDelay } from './loop-delay.ts';
import { LoopLoad } from './loop-load.ts';
import type { PeerCounts } from './peers.ts';
import { ServerProcess } from './server-process.ts';
import { StartError } from './start-error.ts';

export interface StartOptions {
  /** How log lines are written. Default `text`. */
  readonly logFormat?: LogFormat | undefined;
  /** Gets whole log lines as bytes. Default: stderr. */
  readonly writeLog?: ((line: Buffer) => void) | undefined;
  /** How many messages may wait for a worker, in each process. Default 10,000. */
  readonly queueLimit?: number | undefined;
  /** How long a new request may wait for a worker before it is refused, in ms. Default 4,000. */
  readonly patience?: number | undefined;
}

export interface StopOptions {
  /**
   * How long calls that are being set up, and scripts that run, may take to end, in ms. New requests are answered 503
   * meanwhile. Default 30,000.
   */
  readonly grace?: number | undefined;
}

/** A server's place among the other processes. */
export interface Membership {
  readonly process: ServerProcess;
  readonly handOver: HandOver;
  readonly peers: Readonly<PeerCounts>;
  /** Told that this process has no calls left; resolves when it may end, since the others have none either. */
  readonly mayEnd: () => Promise<void>;
  /** About connections that others have. */
  readonly sockets: Pick<SocketHandlers, 'onConnection' | 'elsewhere'>;
}

/** Of {@link StopOptions}, in ms. */
export const defaultGrace = 30_000;

/** How late the event loop may be before it counts as behind, in ms. */
const behind = 15;

/** How often it is looked whether the calls have ended, in ms. */
const lookAgain = 20;

export class RunningServer {
  readonly #process: ServerProcess;
  readonly #options: StartOptions;
  readonly #stalls = new StallWatch(processTimers, {
    onLook: (late) => {
      this.#generation.pool.isBehind = late > behind;
      this.#process.memory.heap.look();
    },
    onStall: (milliseconds, stalls) =>
      this.log.warning(
        `event loop stalled for ${milliseconds} ms${stalls > 1 ? `, the longest of ${stalls} stalls` : ''}: nothing was received or sent meanwhile`,
      ),
  });
  readonly #receiver: Receiver;
  readonly #handlers: SocketHandlers;
  readonly #peers: Readonly<PeerCounts> | null;
  readonly #mayEnd: () => Promise<void>;
  readonly #loopDelay = new LoopDelay();
  readonly #loopLoad = new LoopLoad();
  #generation: Generation;
  /** Of scripts before the one that runs; calls are left that they began. */
  readonly #older = new Set<Generation>();
  #reloading: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | null = null;
  /** Until when calls may end, once it stops. */
  #stopBy = 0;

  private constructor(
    process: ServerProcess,
    generation: Generation,
    member: Membership | null,
    options: StartOptions,
  ) {
    this.#process = process;
    this.#generation = generation;
    this.#options = options;
    this.#peers = member?.peers ?? null;
    this.#mayEnd = member?.mayEnd ?? (() => Promise.resolve());
    process.readFigure = (name) => readFigure(this.#view, name);
    this.#receiver = new Receiver(generation.handler, member?.handOver ?? null);
    this.#handlers = {
      ...member?.sockets,
      onMessage: (data, source, transport) => this.#receiver.receive(data, source, transport),
      onError: (error) => this.log.error(`a socket failed: ${error.message}`),
    };
  }

  /** Starts the modules, runs startup_route, opens the sockets. Rejects with a {@link StartError}. */
  static start(program: Program, options: StartOptions = {}): Promise<RunningServer> {
    return RunningServer.startMember(program, options, null);
  }

  /** @internal */
  static async startMember(
    program: Program,
    options: StartOptions,
    member: Membership | null,
  ): Promise<RunningServer> {
    const process = member?.process ?? new ServerProcess();
    const generation = await Generation.start(program, logOf(program, process, options), process, {
      ...options,
      runsStartupRoute: process.runsStartupRoute,
    });
    const running = new RunningServer(process, generation, member, options);
    try {
      await running.#openSockets(program);
    } catch (error) {
      await running.stop({ grace: 0 });
      throw error;
    }
    process.readiness = 'running';
    generation.startTimerRoutes();
    running.#stalls.start();
    return running;
  }

  get log(): Log {
    return this.#generation.context.log;
  }

  /** `udp:127.0.0.1:5060`, with the port that a 0 became. */
  get sockets(): readonly string[] {
    return this.#process.sockets.map(({ name }) => name);
  }

  get counts(): Readonly<ReceiveCounts> {
    return this.#receiver.counts;
  }

  get transactions(): number {
    return this.#process.transactions.size;
  }

  /** Requests that were sent on and whose transactions have not ended. */
  get clientTransactions(): number {
    return this.#process.proxy.clients.size;
  }

  /** How late the event loop was. */
  get stalls(): Readonly<StallFigures> {
    return this.#stalls.figures;
  }

  get queued(): number {
    return this.#generation.pool.queued;
  }

  /** The figures of this process. */
  get figures(): ProcessStatus {
    return readFigures(this.#view);
  }

  get #view(): ProcessView {
    return {
      process: this.#process,
      received: this.#receiver.counts,
      generations: [this.#generation, ...this.#older],
      peers: this.#peers,
      loopDelay: this.#loopDelay,
      loopLoad: this.#loopLoad,
    };
  }

  async status(): Promise<ServerStatus> {
    return combine([this.figures]);
  }

  /**
   * Goes on with another script: requests that come from then on run it, calls that there are keep the one that they
   * began with until they end. Sockets that both scripts name stay open. Rejects with a {@link StartError} when the new
   * script cannot be started; then everything stays as it is.
   */
  reload(program: Program): Promise<void> {
    const reloading = this.#reloading.then(() => this.#reload(program));
    this.#reloading = reloading.catch(() => undefined);
    return reloading;
  }

  /**
   * A message that another process has handed over, so many ms after it came. What comes while this process stands
   * still is a burst, and has waited since it goes on.
   */
  receiveOwn(
    ...[data, source, transport, waited]: [...Parameters<SocketHandlers['onMessage']>, number]
  ): void {
    this.#receiver.receive(data, source, transport, Math.min(waited, this.#stalls.sinceStall));
  }

  /**
   * Refuses new requests, lets the calls that are being set up and the scripts that run end for up to `grace` ms, and
   * gives everything back. The sockets stay open until then. Where it is told so several times, the last
   * `grace` that was named counts.
   */
  stop({ grace }: StopOptions = {}): Promise<void> {
    if (grace !== undefined || this.#stopping === null)
      this.#stopBy = performance.now() + (grace ?? defaultGrace);
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#stalls.stop();
    const generations = [this.#generation, ...this.#older];
    this.#generation.stopTimerRoutes();
    this.#process.readiness = 'stopping';
    let inTime = await this.#drained();
    // until then it refuses what other processes still read for it
    if (inTime) {
      await Promise.race([this.#mayEnd(), this.#timeIsUp()]);
      inTime = await this.#drained();
    }
    this.#receiver.stop();
    if (!inTime) {
      const unfinished = generations.reduce((sum, { unfinished: some }) => sum + some, 0);
      this.log.warning(
        `stopped before all calls had ended: ${unfinished} scripts and ${this.#process.transactions.size} transactions left, whose requests get no answer`,
      );
    }
    for (const { transport } of this.#process.sockets) await transport.close();
    this.#process.close();
    this.#loopDelay.close();
    this.#loopLoad.close();
    await Promise.race([
      Promise.all(generations.map(({ context }) => context.close())),
      new Promise((resolve) => {
        setTimeout(resolve, 500).unref();
      }),
    ]);
  }

  async #timeIsUp(): Promise<void> {
    while (performance.now() < this.#stopBy) {
      await new Promise((resolve) => {
        setTimeout(resolve, lookAgain).unref();
      });
    }
  }

  /** Resolves to whether all calls and scripts have ended in time. */
  async #drained(): Promise<boolean> {
    const isBusy = () =>
      this.#process.hasOpenTransactions ||
      [this.#generation, ...this.#older].some(({ unfinished }) => unfinished > 0);
    while (isBusy()) {
      if (performance.now() >= this.#stopBy) return false;
      await new Promise((resolve) => {
        setTimeout(resolve, lookAgain);
      });
    }
    return true;
  }

  async #reload(program: Program): Promise<void> {
    if (this.#stopping !== null) throw new StartError('the server is stopping');
    const process = this.#process;
    const next = await Generation.start(program, logOf(program, process, this.#options), process, {
      ...this.#options,
      runsStartupRoute: process.number === 0, // once for the whole server
    });
    let unused: readonly (() => Promise<void>)[];
    try {
      unused = await this.#openSockets(program);
    } catch (error) {
      await next.context.close();
      throw error;
    }
    const before = this.#generation;
    this.#generation = next;
    this.#receiver.handler = next.handler;
    this.#older.add(before);
    next.startTimerRoutes();
    void before.outlive().then(async () => {
      this.#older.delete(before);
      for (const close of unused) await close();
    });
  }

  /** Opens the script's sockets; what closes those that only the script before it had. */
  async #openSockets({ settings }: Program): Promise<readonly (() => Promise<void>)[]> {
    const before = this.#process.sockets;
    const { registry } = this.#process;
    try {
      const sockets = await bindSockets(settings.sockets, settings.tcp, this.#handlers, before);
      if (sockets.length === 0) throw new StartError('the script names no socket that can be opened');
      const isKept = new Set(sockets.map(({ transport }) => transport));
      for (const { transport } of before) registry.remove(transport);
      for (const { transport, advertised } of sockets) registry.add(transport, advertised);
      this.#process.sockets = sockets;
      return before
        .filter(({ transport }) => !isKept.has(transport))
        .map(
          ({ transport }) =>
            () =>
              transport.close(),
        );
    } catch (error) {
      if (error instanceof BindError) throw new StartError(error.message, error.code);
      throw error;
    }
  }
}

function logOf({ settings }: Program, { number, count }: ServerProcess, options: StartOptions): Log {
  return new Log({
    format: options.logFormat ?? 'text',
    logLevel: settings.logLevel,
    xlogLevel: settings.xlogLevel,
    prefix: settings.logPrefix,
    process: count > 1 ? number : null,
    enabled: settings.stderrorEnabled,
    write: options.writeLog ?? ((line) => process.stderr.write(line)),
  });
}
