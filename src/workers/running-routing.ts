/**
 * A Routing at work, whatever its policy is: workers, listeners, state of modules. A reload starts another one on the
 * same host, and this one goes on until the calls that it began are over.
 */
import type { Intake, PoolState, ReceivingRouting } from '../engine/index.ts';
import {
  Background,
  type Job,
  type JobKind,
  Listeners,
  type Log,
  type Routing,
  type RoutingEvents,
  type Settings,
  States,
} from '../runtime/index.ts';
import type { ParameterSpec, RowValues } from '../script/index.ts';
import type { SipResponse, TimerValues, TransactionOwner } from '../sip/index.ts';
import { pause } from '../timers/index.ts';
import type { ProcessHost } from './process-host.ts';

export interface QueueOptions {
  /** How many messages may wait for a worker. */
  readonly queueLimit?: number | undefined;
  /** How long they may, in ms. */
  readonly queueTimeout?: number | undefined;
}

/** How often a Routing that a reload has replaced looks whether its calls are over, in ms. */
const lookAgain = 500;

export abstract class RunningRouting implements ReceivingRouting {
  readonly host: ProcessHost;
  readonly log: Log;
  readonly settings: Settings;
  readonly replyDefaults: Routing['replyDefaults'];
  readonly owner: TransactionOwner;
  readonly listeners = new Listeners<RoutingEvents>();
  readonly background = new Background();
  readonly states: States<Routing> = new States<Routing>(this);
  abstract readonly pool: PoolState;
  abstract readonly intake: Intake;

  /** Nothing of it is in force yet, and nothing outside of it has changed. */
  constructor(settings: Settings, timers: TimerValues, log: Log, host: ProcessHost) {
    const { listeners } = this;
    this.log = log;
    this.host = host;
    this.settings = settings;
    this.owner = {
      values: timers,
      made: (reply) => listeners.emit('reply', reply),
      ended: (transaction, ending) => listeners.emit('transactionEnded', transaction, ending),
    };
    this.replyDefaults = settings.serverHeader === null ? {} : { server: settings.serverHeader };
  }

  /** Starts its modules; what of it runs once for the whole server runs if it is the `first`. Rejects with a {@link StartError}. */
  abstract begin(options: { readonly isFirst: boolean }): Promise<void>;
  /** Begins what it does by itself, at its times. */
  abstract startTimers(): void;
  abstract stopTimers(): void;

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
    // a host name that a socket is named by, while the socket has its address
    return this.settings.sockets.some(
      (socket) => socket.host.toLowerCase() === name && (port === null || port === socket.port),
    );
  }

  /** It is in force from now on: its settings apply to everything that the process has once. */
  takeEffect(): void {
    const { names, registry } = this.host;
    names.ask(this.settings.names);
    registry.byRoute = this.settings.multihomed;
  }

  /** How many scripts and handlers run or wait, in the background as well. */
  get unfinished(): number {
    return this.pool.busy + this.pool.queued + this.pool.handlers + this.background.size;
  }

  /** Resolves when nothing of it runs or waits. */
  async settled(): Promise<void> {
    await this.pool.idle();
    while (this.background.size > 0) {
      await this.background.settled();
      await this.pool.idle();
    }
  }

  /** After a reload: lets every call that there was come to its end, which goes on by this policy. */
  async outlive(): Promise<void> {
    this.stopTimers();
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
