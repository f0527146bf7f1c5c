/** The Routing of a running program: modules, parameters, startup and timer routes. Its policy is a script, or handlers. */
import { initialSlots } from '../core/index.ts';
import { runRoute, WorkerPool } from '../engine/index.ts';
import { restBegins, restEnded } from '../modules/index.ts';
import { receiveResponse } from '../relay/index.ts';
import type { RestClient } from '../rest/index.ts';
import { type HandlerWatch, handlerWatch, type PolicyRouting, policyRouting } from '../routing/index.ts';
import {
  type Job,
  type JobKind,
  type Log,
  type Module,
  messageOf,
  type Program,
  Request,
  type Run,
  type RunRouting,
  startModule,
  tmParameters,
} from '../runtime/index.ts';
import type { CompiledScript, ParameterSpec, RowValues } from '../script/index.ts';
import { RFC_TIMERS, type SipResponse, type TimerValues } from '../sip/index.ts';
import { every, type Repetition, type TimerWheel, timersOf } from '../timers/index.ts';
import { type CommandCall, runCommand } from './administered.ts';
import type { ProcessHost } from './process-host.ts';
import { type QueueOptions, RunningRouting } from './running-routing.ts';
import { StartError } from './start-error.ts';

/** How long a handler may take, in ms. */
const handlerTime = 30_000;

export abstract class RunningProgram extends RunningRouting implements PolicyRouting {
  readonly script: CompiledScript<Run>;
  readonly pool: WorkerPool<RunRouting>;
  readonly timers: TimerWheel;
  readonly watch: HandlerWatch;
  readonly restNotes = { begins: restBegins, ended: restEnded };
  readonly #program: Program;
  readonly #timers: Repetition[] = [];

  /** Creates it without any effect on the process. */
  constructor(program: Program, log: Log, host: ProcessHost, queue: QueueOptions = {}) {
    const { settings, parameters, compiled } = program;
    super(settings, timerValues(parameters.get(tmParameters)), log, host);
    this.#program = program;
    this.timers = timersOf(host.clock);
    this.watch = host.states.get(handlerWatch);
    this.states.set(policyRouting, this);
    this.script = compiled;
    this.pool = new WorkerPool<RunRouting>(this, {
      ...host.workers(settings.udpWorkers),
      memory: host.memory.waiting,
      queueLimit: queue.queueLimit,
      queueTimeout: queue.queueTimeout,
      handlerLimit: queue.handlerLimit,
    });
  }

  /** The client of handlers. */
  abstract get rest(): RestClient;

  get handlers() {
    return this.pool;
  }

  get handlerTime(): number {
    return handlerTime;
  }

  get respondWithin(): number {
    return 1000 * this.parameters(tmParameters).fr_timeout;
  }

  get ringFor(): number {
    return 1000 * this.parameters(tmParameters).fr_inv_timeout;
  }

  newState(): object {
    return {};
  }

  command(call: CommandCall): Promise<unknown> {
    return runCommand(call, this.#program.modules, this);
  }

  get modules(): readonly Module[] {
    return this.#program.modules;
  }

  parameters<const Rows extends readonly ParameterSpec[]>(rows: Rows): RowValues<Rows> {
    return this.#program.parameters.get(rows);
  }

  place(offset: number): string {
    return this.#program.place(offset);
  }

  submit(job: Job<RunRouting>, size?: number, kind?: JobKind): boolean {
    return this.pool.submit(job, size, kind);
  }

  takeResponse(response: SipResponse): void {
    receiveResponse(this, response);
  }

  /** Starts the modules; in one process, the first time, also runs startup_route. Rejects with a {@link StartError}. */
  async begin({ isFirst }: { readonly isFirst: boolean }): Promise<void> {
    for (const module of this.#program.modules) await this.#startModule(module);
    // variables set by modules, before any worker runs a script
    this.pool.initialize(this.states.get(initialSlots));
    if (isFirst) await this.#runStartupRoute();
  }

  async #startModule(module: Module): Promise<void> {
    try {
      await startModule(module, this);
    } catch (error) {
      throw new StartError(`the module ${module.name} cannot start: ${messageOf(error)}`);
    }
  }

  async #runStartupRoute(): Promise<void> {
    const route = this.script.find('startup_route', '');
    if (route === null) return;
    this.pool.submit((worker) => runRoute(worker, new Request(this, null), route));
    await this.pool.idle();
  }

  /** Each timer route first runs after its interval, never overlaps itself, and runs in only one process. */
  startTimers(): void {
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

  stopTimers(): void {
    for (const timer of this.#timers) timer.stop();
  }
}

/** The timers of RFC 3261 with T1_timer and T2_timer of tm. */
function timerValues({ T1_timer, T2_timer }: RowValues<typeof tmParameters>): TimerValues {
  return { t1: T1_timer, t2: T2_timer, t4: RFC_TIMERS.t4 };
}
