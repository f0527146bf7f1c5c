/**
 * A running Routing with any policy: workers, listeners, state of modules. A reload starts another one on the same
 * host, while this one continues until its calls have ended.
 */
import type { Intake, PoolState, ReceivingRouting } from '../engine/index.ts';
import {
  Background,
  type Job,
  type JobKind,
  type Log,
  type Module,
  type Routing,
  RoutingListeners,
  type Settings,
  States,
} from '../runtime/index.ts';
import type { ParameterSpec, RowValues } from '../script/index.ts';
import type { SipResponse, TimerValues, TransactionOwner } from '../sip/index.ts';
import { pause } from '../timers/index.ts';
import type { CommandCall } from './administered.ts';
import type { ProcessHost } from './process-host.ts';

export interface QueueOptions {
  /** Maximum number of messages that wait for a worker. */
  readonly queueLimit?: number | undefined;
  /** How long a new request may wait, in ms. */
  readonly queueTimeout?: number | undefined;
  /** Maximum number of waiting handlers. */
  readonly handlerLimit?: number | undefined;
}

/** How often a replaced Routing checks whether its calls have ended, in ms. */
const lookAgain = 500;

export abstract class RunningRouting implements ReceivingRouting {
  readonly host: ProcessHost;
  readonly log: Log;
  readonly settings: Settings;
  readonly replyDefaults: Routing['replyDefaults'];
  readonly owner: TransactionOwner;
  readonly listeners = new RoutingListeners();
  readonly background = new Background();
  readonly kept = new Background();
  readonly states: States<Routing> = new States<Routing>(this);
  abstract readonly pool: PoolState;
  abstract readonly intake: Intake;
  /** The modules that it loads. */
  abstract readonly modules: readonly Module[];

  /** Creates it without any effect on the process. */
  constructor(settings: Settings, timers: TimerValues, log: Log, host: ProcessHost) {
    const { listeners } = this;
    this.log = log;
    this.host = host;
    this.settings = settings;
    this.owner = {
      values: timers,
      made: (reply) => listeners.reply.emit(reply),
      ended: (transaction, ending) => listeners.transactionEnded.emit(transaction, ending),
    };
    this.replyDefaults = settings.serverHeader === null ? {} : { server: settings.serverHeader };
  }

  /** Starts its modules; `isFirst`: also what runs once for the whole server. Rejects with a {@link StartError}. */
  abstract begin(options: { readonly isFirst: boolean }): Promise<void>;
  /** Starts its timer routes. */
  abstract startTimers(): void;
  abstract stopTimers(): void;

  /** Runs an administration command in this process. Rejects with a `CommandError`, or what the command throws. */
  abstract command(call: CommandCall): Promise<unknown>;

  abstract parameters<const Rows extends readonly ParameterSpec[]>(rows: Rows): RowValues<Rows>;
  abstract place(offset: number): string;
  abstract takeResponse(response: SipResponse): void;
  abstract submit(job: Job, size?: number, kind?: JobKind): boolean;

  isMyself(host: string, port: number | null): boolean {
    const name = host.toLowerCase();
    const named = this.settings.aliases.some(
      (alias) => alias === name || (port !== null && alias === `${name}:${port}`),
    );
    if (named) return true;
    const { registry } = this.host;
    if (port === null ? registry.isOwnHost(name) : registry.isOwn(name, port)) return true;
    // matches the host name of a socket, although the socket has its address
    return this.settings.sockets.some(
      (socket) => socket.host.toLowerCase() === name && (port === null || port === socket.port),
    );
  }

  /** Applies its settings to everything that exists once in the process. */
  takeEffect(): void {
    const { names, registry, failedTargets } = this.host;
    names.ask(this.settings.names);
    failedTargets.avoidance = this.settings.avoidance;
    registry.byRoute = this.settings.multihomed;
  }

  /** Number of scripts and handlers that run or wait, including those in the background. */
  get unfinished(): number {
    return this.pool.busy + this.pool.queued + this.pool.handlers + this.background.size;
  }

  /** Resolves when none of them are left. */
  async settled(): Promise<void> {
    await this.pool.idle();
    while (this.background.size > 0) {
      await this.background.settled();
      await this.pool.idle();
    }
  }

  /** After a reload: keeps serving its calls until all have ended. */
  async outlive(): Promise<void> {
    this.stopTimers();
    const { transactions, proxy } = this.host;
    let open = [...transactions, ...proxy.clients];
    while (open.length > 0) {
      await pause(this.host.clock, lookAgain);
      open = open.filter(({ state }) => state !== 'terminated');
    }
    await this.kept.settled();
    await this.settled();
    await this.close();
  }

  /** Releases its modules' resources. */
  close(): Promise<void> {
    return this.listeners.closed.settle();
  }
}
