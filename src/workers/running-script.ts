/** A script at work: its workers, its modules' state, its timer routes. A reload starts another one on the same host. */

import { receiveResponse } from '../relay/index.ts';
import {
  type Admission,
  Background,
  type Job,
  type JobKind,
  Listeners,
  type Log,
  type Module,
  type Program,
  parseError,
  type ReceivingRouting,
  Request,
  type Routing,
  type RoutingEvents,
  type Run,
  type RunRouting,
  runRoute,
  States,
  scriptError,
  startModule,
  tmParameters,
  type Waiting,
} from '../runtime/index.ts';
import type { CompiledScript, ParameterSpec, RowValues } from '../script/index.ts';
import {
  type MalformedMessage,
  RFC_TIMERS,
  reasonPhrase,
  type SipRequest,
  type SipResponse,
  type TimerValues,
  type TransactionOwner,
} from '../sip/index.ts';
import { every, pause, type Repetition } from '../timers/index.ts';
import { WorkerPool } from './pool.ts';
import type { ProcessHost } from './process-host.ts';
import { StartError } from './start-error.ts';

export interface QueueOptions {
  /** How many messages may wait for a worker. */
  readonly queueLimit?: number | undefined;
  /** How long they may, in ms. */
  readonly patience?: number | undefined;
}

/** How often a script that a reload has replaced looks whether its calls are over, in ms. */
const lookAgain = 500;

export class RunningScript implements RunRouting, ReceivingRouting {
  readonly host: ProcessHost;
  readonly log: Log;
  readonly settings: Program['settings'];
  readonly script: CompiledScript<Run>;
  readonly replyDefaults: Routing['replyDefaults'];
  readonly owner: TransactionOwner;
  readonly listeners = new Listeners<RoutingEvents>();
  readonly background = new Background();
  readonly states: States<Routing> = new States<Routing>(this);
  readonly pool: WorkerPool;
  readonly #program: Program;
  readonly #timers: Repetition[] = [];

  /** Nothing of it is in force yet, and nothing outside of it has changed. */
  constructor(program: Program, log: Log, host: ProcessHost, { queueLimit, patience }: QueueOptions = {}) {
    const { settings } = program;
    const { listeners } = this;
    this.#program = program;
    this.log = log;
    this.host = host;
    this.settings = settings;
    this.script = program.compiled;
    this.owner = {
      values: timerValues(this.parameters(tmParameters)),
      made: (reply) => listeners.emit('reply', reply),
      ended: (transaction, ending) => listeners.emit('transactionEnded', transaction, ending),
    };
    this.replyDefaults = settings.serverHeader === null ? {} : { server: settings.serverHeader };
    this.pool = new WorkerPool(this, {
      ...host.workers(settings.udpWorkers),
      memory: host.memory.waiting,
      ...(queueLimit === undefined ? {} : { queueLimit }),
      ...(patience === undefined ? {} : { patience }),
    });
  }

  parameters<const Rows extends readonly ParameterSpec[]>(rows: Rows): RowValues<Rows> {
    return this.#program.parameters.get(rows);
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

  submit(job: Job<RunRouting>, size?: number, kind?: JobKind): boolean {
    return this.pool.submit(job, size, kind);
  }

  takeRequest(request: Request): boolean {
    const { main } = this.script;
    return this.pool.submit((worker) => runRoute(worker, request, main), request.message?.raw.length);
  }

  admitRequest(request: Request, waiting: Waiting, waited: number): Admission {
    return this.pool.admit(
      (worker) => {
        waiting.begins(request);
        return runRoute(worker, request, this.script.main);
      },
      () => waiting.isLate(request),
      waited,
      request.message?.raw.length,
    );
  }

  /** Runs error_route. */
  takeMalformed({ reason, status }: MalformedMessage, message: SipRequest): boolean {
    const route = this.script.find('error_route', '');
    if (route === null) return false;
    const request = new Request(this, message);
    request.state(scriptError).error = parseError(reason, status, reasonPhrase(status));
    return this.pool.submit((worker) => runRoute(worker, request, route), message.raw.length);
  }

  takeResponse(response: SipResponse): void {
    receiveResponse(this, response);
  }

  /** Starts the modules and, once for the whole server, runs startup_route. Rejects with a {@link StartError}. */
  async begin({ runsStartupRoute }: { readonly runsStartupRoute: boolean }): Promise<void> {
    for (const module of this.#program.modules) await this.#startModule(module);
    this.pool.initialize();
    if (runsStartupRoute) await this.#runStartupRoute();
  }

  async #startModule(module: Module): Promise<void> {
    try {
      await startModule(module, this);
    } catch (error) {
      throw new StartError(
        `the module ${module.name} cannot start: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  async #runStartupRoute(): Promise<void> {
    const route = this.script.find('startup_route', '');
    if (route === null) return;
    this.pool.submit((worker) => runRoute(worker, new Request(this, null), route));
    await this.pool.idle();
  }

  /** The script runs from now on: what the process has one of goes by its settings. */
  takeEffect(): void {
    const { names, registry } = this.host;
    names.ask(this.settings.names);
    registry.byRoute = this.settings.multihomed;
  }

  /** Each runs first after its interval, never beside itself, and in one process of the server. */
  startTimerRoutes(): void {
    if (this.host.number !== 0) return;
    for (const route of this.script.routes) {
      if (route.kind !== 'timer_route' || route.interval === null) continue;
      let running = false;
      const tick = () => {
        if (running) return;
        running = this.pool.submit(async (worker) => {
          try {
            await runRoute(worker, new Request(this, null), route);
          } finally {
            running = false;
          }
        });
      };
      this.#timers.push(every(this.host.clock, route.interval * 1000, tick));
    }
  }

  stopTimerRoutes(): void {
    for (const timer of this.#timers) timer.stop();
  }

  /** How many scripts and handlers run or wait, in the background as well. */
  get unfinished(): number {
    return this.pool.busy + this.pool.queued + this.pool.handlers + this.background.size;
  }

  /** Resolves when no script runs, and none waits in the background. */
  async settled(): Promise<void> {
    await this.pool.idle();
    while (this.background.size > 0) {
      await this.background.settled();
      await this.pool.idle();
    }
  }

  /** After a reload: lets every call that there was come to its end, for their routes are this script's. */
  async outlive(): Promise<void> {
    this.stopTimerRoutes();
    const { transactions, proxy } = this.host;
    let open = [...transactions, ...proxy.clients];
    while (open.length > 0) {
      await pause(this.host.clock, lookAgain);
      open = open.filter(({ state }) => state !== 'terminated');
    }
    await this.settled();
    await this.close();
  }

  /** Gives back what its modules hold. */
  close(): Promise<void> {
    return this.listeners.settle('closed');
  }
}

/** The timers of RFC 3261 with what modparam("tm", "T1_timer") and T2_timer say. */
function timerValues({ T1_timer, T2_timer }: RowValues<typeof tmParameters>): TimerValues {
  return { t1: T1_timer, t2: T2_timer, t4: RFC_TIMERS.t4 };
}
