/** A script at work: its routing, its workers, its timer routes. A reload starts another one beside it. */

import { receiveResponse } from '../relay/index.ts';
import { type Handler, type Log, type Module, type Program, Request, runRoute } from '../runtime/index.ts';
import { WorkerPool } from './pool.ts';
import type { ProcessHost } from './process-host.ts';
import { ScriptRouting } from './script-routing.ts';
import { StartError } from './start-error.ts';

export interface GenerationOptions {
  /** How many messages may wait for a worker. */
  readonly queueLimit?: number | undefined;
  /** How long they may, in ms. */
  readonly patience?: number | undefined;
}

/** How often a generation that is over looks whether its calls are, in ms. */
const lookAgain = 500;

export class Generation {
  readonly routing: ScriptRouting;
  readonly pool: WorkerPool;
  readonly handler: Handler;
  readonly #program: Program;
  readonly #timers: NodeJS.Timeout[] = [];

  /** Nothing of it is in force yet, and nothing outside of it has changed. */
  constructor(program: Program, log: Log, host: ProcessHost, options: GenerationOptions) {
    const { settings } = program;
    const { queueLimit, patience } = options;
    this.#program = program;
    this.routing = new ScriptRouting(program, log, host);
    this.pool = new WorkerPool(this.routing, {
      ...host.workers(settings.udpWorkers),
      memory: host.memory.waiting,
      ...(queueLimit === undefined ? {} : { queueLimit }),
      ...(patience === undefined ? {} : { patience }),
    });
    this.routing.submit = (job, size) => this.pool.submit(job, size);
    this.handler = {
      routing: this.routing,
      onResponse: (response) => receiveResponse(this.routing, response),
      submit: this.routing.submit,
      admit: (job, refuse, waited, size) => this.pool.admit(job, refuse, waited, size),
    };
  }

  /** Starts the modules and, once for the whole server, runs startup_route. Rejects with a {@link StartError}. */
  async begin({ runsStartupRoute }: { readonly runsStartupRoute: boolean }): Promise<void> {
    for (const module of this.#program.modules) await this.#startModule(module);
    this.pool.initialize();
    if (runsStartupRoute) await this.#runStartupRoute();
  }

  /** Each runs first after its interval, never beside itself, and in one process of the server. */
  startTimerRoutes(): void {
    if (this.routing.host.number !== 0) return;
    for (const route of this.#program.compiled.routes) {
      if (route.kind !== 'timer_route' || route.interval === null) continue;
      let running = false;
      const tick = () => {
        if (running) return;
        running = this.pool.submit(async (worker) => {
          try {
            await runRoute(worker, new Request(this.routing, null), route);
          } finally {
            running = false;
          }
        });
      };
      this.#timers.push(setInterval(tick, route.interval * 1000));
    }
  }

  stopTimerRoutes(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** How many scripts run or wait, in the background as well. */
  get unfinished(): number {
    return this.pool.busy + this.pool.queued + this.routing.background.size;
  }

  /** No script runs, and none waits in the background. */
  async settled(): Promise<void> {
    await this.pool.idle();
    while (this.routing.background.size > 0) {
      await this.routing.background.settled();
      await this.pool.idle();
    }
  }

  /** After a reload: lets every call that there was come to its end, for their routes are this script's. */
  async outlive(): Promise<void> {
    this.stopTimerRoutes();
    const { transactions, proxy } = this.routing.host;
    let open = [...transactions, ...proxy.clients];
    while (open.length > 0) {
      await new Promise((resolve) => {
        setTimeout(resolve, lookAgain).unref();
      });
      open = open.filter(({ state }) => state !== 'terminated');
    }
    await this.settled();
    await this.routing.close();
  }

  async #startModule(module: Module): Promise<void> {
    try {
      await module.start?.(this.routing);
    } catch (error) {
      throw new StartError(
        `the module ${module.name} cannot start: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  async #runStartupRoute(): Promise<void> {
    const route = this.#program.compiled.find('startup_route', '');
    if (route === null) return;
    this.pool.submit((worker) => runRoute(worker, new Request(this.routing, null), route));
    await this.pool.idle();
  }
}
