/**
 * A running server: sockets, workers and the script, from start to stop. One process.
 */
import {
  BindError,
  bindSockets,
  Log,
  type LogFormat,
  type Module,
  type Program,
  type ReceiveCounts,
  Receiver,
  Request,
  runRoute,
} from '../runtime/index.ts';
import { type StallFigures, StallWatch } from '../timers/stall-watch.ts';
import { processTimers } from '../timers/timer-wheel.ts';
import { ServerContext } from './context.ts';
import { WorkerPool } from './pool.ts';

export interface StartOptions {
  /** How log lines are written. Default `text`. */
  readonly logFormat?: LogFormat;
  /** Gets whole log lines as bytes. Default: stderr. */
  readonly writeLog?: (line: Buffer) => void;
  /** How many messages may wait for a worker. Default 10,000. */
  readonly queueLimit?: number;
}

export interface StopOptions {
  /** How long scripts that run may go on, in ms. Default 3,000. */
  readonly grace?: number;
}

/** Why a server could not start: a sentence for people. */
export class StartError extends Error {
  /** The system's code where there is one: `EADDRINUSE`. */
  readonly code: string | undefined;
  constructor(message: string, code?: string) {
    super(message);
    this.name = 'StartError';
    this.code = code;
  }
}

export class RunningServer {
  readonly log: Log;
  readonly #script: Program;
  readonly #stalls = new StallWatch(processTimers, {
    onStall: (milliseconds, stalls) =>
      this.log.warning(
        `event loop stalled for ${milliseconds} ms${stalls > 1 ? `, the longest of ${stalls} stalls` : ''}: nothing was received or sent meanwhile`,
      ),
  });
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #pool: WorkerPool;
  readonly #receiver: Receiver;
  readonly #context: ServerContext;
  #stopping: Promise<void> | null = null;

  private constructor(script: Program, options: StartOptions) {
    const { settings } = script;
    this.#script = script;
    this.log = new Log({
      format: options.logFormat ?? 'text',
      logLevel: settings.logLevel,
      xlogLevel: settings.xlogLevel,
      prefix: settings.logPrefix,
      enabled: settings.stderrorEnabled,
      write: options.writeLog ?? ((line) => process.stderr.write(line)),
    });
    this.#context = new ServerContext(script, this.log);
    this.#pool = new WorkerPool(this.#context, settings.udpWorkers, options.queueLimit ?? 10_000);
    this.#context.submit = (job) => this.#pool.submit(job);
    this.#receiver = new Receiver(this.#context, this.#context.submit);
  }

  /** Starts the modules, runs startup_route, opens the sockets. Rejects with a {@link StartError}. */
  static async start(script: Program, options: StartOptions = {}): Promise<RunningServer> {
    const running = new RunningServer(script, options);
    try {
      for (const module of script.modules) await running.#startModule(module);
      running.#pool.initialize();
      await running.#runStartupRoute();
      running.#context.sockets = await bindSockets(script.settings.sockets, script.settings.tcp, {
        onMessage: (data, source, transport) => running.#receiver.receive(data, source, transport),
        onError: (error) => running.log.error(`a socket failed: ${error.message}`),
      });
      for (const { transport, advertised } of running.#context.sockets)
        running.#context.registry.add(transport, advertised);
    } catch (error) {
      await running.stop({ grace: 0 });
      if (error instanceof BindError) throw new StartError(error.message, error.code);
      throw error;
    }
    running.#startTimerRoutes();
    running.#stalls.start();
    return running;
  }

  /** `udp:127.0.0.1:5060`, with the port that a 0 became. */
  get sockets(): readonly string[] {
    return this.#context.sockets.map(({ name }) => name);
  }

  get counts(): Readonly<ReceiveCounts> {
    return this.#receiver.counts;
  }

  get transactions(): number {
    return this.#context.transactions.size;
  }

  /** Requests that were sent on and whose transactions have not ended. */
  get clientTransactions(): number {
    return this.#context.proxy.clients.size;
  }

  /** How late the event loop was. */
  get stalls(): Readonly<StallFigures> {
    return this.#stalls.figures;
  }

  get queued(): number {
    return this.#pool.queued;
  }

  /**
   * Takes no more messages, lets the scripts that run end for up to `grace` ms, and gives everything back. The
   * sockets stay open until then, since scripts that end still answer.
   */
  stop({ grace = 3000 }: StopOptions = {}): Promise<void> {
    this.#stopping ??= this.#stop(grace);
    return this.#stopping;
  }

  async #stop(grace: number): Promise<void> {
    this.#stalls.stop();
    for (const timer of this.#timers) clearInterval(timer);
    this.#receiver.stop();
    if (!(await within(this.#settled(), grace))) {
      const unfinished = this.#pool.busy + this.#pool.queued + this.#context.background.size;
      this.log.warning(
        `stopped before all scripts had ended, ${unfinished} left: their requests get no answer`,
      );
    }
    for (const { transport } of this.#context.sockets) await transport.close();
    await within(this.#context.close(), 500);
  }

  /** No script runs, and none waits in the background. */
  async #settled(): Promise<void> {
    await this.#pool.idle();
    while (this.#context.background.size > 0) {
      await this.#context.background.settled();
      await this.#pool.idle();
    }
  }

  async #startModule(module: Module): Promise<void> {
    try {
      await module.start?.(this.#context);
    } catch (error) {
      throw new StartError(
        `the module ${module.name} cannot start: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  async #runStartupRoute(): Promise<void> {
    const route = this.#script.compiled.find('startup_route', '');
    if (route === null) return;
    this.#pool.submit((worker) => runRoute(worker, new Request(this.#context, null), route));
    await this.#pool.idle();
  }

  /** Each runs first after its interval, and never beside itself. */
  #startTimerRoutes(): void {
    for (const route of this.#script.compiled.routes) {
      if (route.kind !== 'timer_route' || route.interval === null) continue;
      let running = false;
      const tick = () => {
        if (running) return;
        running = this.#pool.submit(async (worker) => {
          try {
            await runRoute(worker, new Request(this.#context, null), route);
          } finally {
            running = false;
          }
        });
      };
      this.#timers.push(setInterval(tick, route.interval * 1000));
    }
  }
}

/** Whether it is done before the time is up. */
async function within(done: Promise<void>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  const inTime = await Promise.race([done.then(() => true), timeout]);
  clearTimeout(timer);
  return inTime;
}
