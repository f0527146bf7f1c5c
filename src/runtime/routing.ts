/**
 * The state of a running policy: settings, module parameters, log, state of modules, listeners and workers. A reload
 * makes another Routing on the same {@link Host}; each transaction, timer and listener keeps the one that began it.
 *
 * A script is one kind of policy, {@link ScriptRouting}; functions in TypeScript may be another.
 */
import type { CompiledScript, ParameterSpec, RowValues, Value } from '../script/index.ts';
import type { ReplyContent, SipRequest, TransactionOwner } from '../sip/index.ts';
import type { Background } from './background.ts';
import type { Host } from './host.ts';
import type { Listeners } from './listeners.ts';
import type { Log } from './log.ts';
import type { Settings } from './settings.ts';
import type { States } from './state.ts';

/** The events of a Routing, with what listeners get. */
export interface RoutingEvents {
  /** A request has been received, retransmissions included; the policy has not seen it yet. */
  readonly request: readonly [message: SipRequest];
  /** A transaction is about to send a reply that was made here, not relayed. */
  readonly reply: readonly [reply: Buffer];
  /** A transaction has ended; a non-INVITE transaction ends with its final reply. */
  readonly transactionEnded: Parameters<TransactionOwner['ended']>;
  /** All of its calls have ended: its modules release their resources. */
  readonly closed: readonly [];
}

export interface Routing {
  readonly host: Host;
  readonly log: Log;
  readonly settings: Settings;
  /** The values of a module's parameters, with the types of its table. */
  parameters<const Rows extends readonly ParameterSpec[]>(rows: Rows): RowValues<Rows>;
  /** What all replies have: the Server header. */
  readonly replyDefaults: Pick<ReplyContent, 'server'>;
  /** Of the transactions that it begins. */
  readonly owner: TransactionOwner;
  readonly listeners: Listeners<RoutingEvents>;
  readonly states: States<Routing>;
  /** Jobs that wait for a worker. */
  readonly background: Background;
  /**
   * Gives a job to a worker, or queues it; false when there is no room. `size` is that of its message, in bytes. Default
   * kind: `script`.
   */
  submit(job: Job, size?: number, kind?: JobKind): boolean;
  /** Whether this is an address, name or alias that the server listens on; any port when null. */
  isMyself(host: string, port: number | null): boolean;
  /** `file:line` of an offset in the policy's source, for log lines. */
  place(offset: number): string;
}

/** The Routing of a script, whose routes run as `R`. */
export interface ScriptRouting<R> extends Routing {
  readonly script: CompiledScript<R>;
  submit(job: Job<ScriptRouting<R>>, size?: number, kind?: JobKind): boolean;
}

/** Handles one message at a time; many share a process. */
export interface Worker<R extends Routing = Routing> {
  /** From 0, within the whole server. */
  readonly id: number;
  readonly routing: R;
  /** The worker's `$var` store, by slot; see variables/script-store.ts. */
  readonly slots: Value[];
  /** `$log_level` and `$xlog_level`, where a script has set them. */
  logLevel: number | null;
  xlogLevel: number | null;
  readonly states: States<Worker>;
  /** Does the job on this worker as soon as it is free, before any new message. */
  resume(job: Job<R>): void;
}

/**
 * How long a job occupies its worker. A script has its worker's `$var` and connections, and keeps it until its promise
 * settles: a blocking call suspends the worker. A handler has what it needs itself, and gives the worker back at its first
 * `await`; until its promise settles it counts against the bounds, and a stop waits for it.
 */
export type JobKind = 'script' | 'handler';

/** A piece of work for a worker. */
export type Job<R extends Routing = Routing> = (worker: Worker<R>) => unknown;
