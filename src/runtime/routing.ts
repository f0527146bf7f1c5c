/**
 * The state of a running policy: settings, module parameters, log, state of modules, listeners and workers. A reload
 * creates another Routing on the same {@link Host}; transactions, timers and listeners keep the one that created them.
 *
 * A script is one kind of policy, {@link ScriptRouting}; TypeScript functions may be another.
 */
import type { CompiledScript, ParameterSpec, RowValues, Value } from '../script/index.ts';
import type { ReplyContent, SipRequest, TransactionOwner } from '../sip/index.ts';
import type { Background } from './background.ts';
import type { Host } from './host.ts';
import { Listeners } from './listeners.ts';
import type { Log } from './log.ts';
import type { Settings } from './settings.ts';
import type { States } from './state.ts';

/** The listeners of a Routing, by event. */
export class RoutingListeners {
  /** A request has been received, possibly a retransmission; the policy has not seen it yet. */
  readonly request = new Listeners<[message: SipRequest]>();
  /** A transaction is about to send a generated (not relayed) reply. */
  readonly reply = new Listeners<[reply: Buffer]>();
  /** A transaction has ended; a non-INVITE transaction ends with its final reply. */
  readonly transactionEnded = new Listeners<Parameters<TransactionOwner['ended']>>();
  /** The Routing has taken effect: it receives all new calls. */
  readonly inForce = new Listeners<[]>();
  /** All its calls have ended, so modules release their resources. */
  readonly closed = new Listeners<[]>();
}

export interface Routing {
  readonly host: Host;
  readonly log: Log;
  readonly settings: Settings;
  /** The values of a module's parameters, with the types of its table. */
  parameters<const Rows extends readonly ParameterSpec[]>(rows: Rows): RowValues<Rows>;
  /** Fields of all replies: the Server header. */
  readonly replyDefaults: Pick<ReplyContent, 'server'>;
  /** The owner of its transactions. */
  readonly owner: TransactionOwner;
  readonly listeners: RoutingListeners;
  readonly states: States<Routing>;
  /** Scripts that wait in the background. */
  readonly background: Background;
  /** What keeps it open after a reload, beside its transactions: calls whose end it waits for. */
  readonly kept: Background;
  /**
   * Gives a job to a worker, or queues it; false if the queue is full. `size` is the size of its message, in bytes.
   * Default kind: `script`.
   */
  submit(job: Job, size?: number, kind?: JobKind): boolean;
  /** Whether this is an address, name or alias of the server; null stands for any port. */
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
  /** Its number in the whole server, from 0. */
  readonly id: number;
  readonly routing: R;
  /** The worker's `$var` store, by slot; see variables/script-store.ts. */
  readonly slots: Value[];
  /** `$log_level` and `$xlog_level`, if a script has set them. */
  logLevel: number | null;
  xlogLevel: number | null;
  readonly states: States<Worker>;
  /** Runs the job as soon as this worker is free, before any new message. */
  resume(job: Job<R>): void;
  /**
   * Puts another worker in its place until a promise settles: a blocking call that waits for something outside then holds
   * up no other message.
   */
  replaceUntil(settled: Promise<unknown>): void;
}

/**
 * How long a job occupies its worker. A script uses its worker's `$var` and connections, and keeps the worker until its
 * promise settles: a blocking call suspends the worker. A handler returns the worker at its first `await`; until its
 * promise settles it counts against the limits, and stopping waits for it.
 */
export type JobKind = 'script' | 'handler';

/** Work for a worker. */
export type Job<R extends Routing = Routing> = (worker: Worker<R>) => unknown;
