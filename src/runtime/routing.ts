/**
 * What a policy has where it runs: its program, settings, module parameters, log, state of modules and workers. A
 * reload makes another Routing on the same {@link Host}; each transaction, timer and listener keeps the one that began it.
 */
import type { CompiledScript, ParameterValues } from '../script/index.ts';
import type { ReplyContent, TransactionOwner } from '../sip/index.ts';
import type { Background } from './background.ts';
import type { Host } from './host.ts';
import type { Log } from './log.ts';
import type { Run } from './run.ts';
import type { Settings } from './settings.ts';
import type { States } from './state.ts';
import type { Job } from './worker.ts';

export interface Routing {
  readonly host: Host;
  readonly log: Log;
  readonly settings: Settings;
  readonly script: CompiledScript<Run>;
  /** Of the transactions that this script begins. */
  readonly owner: TransactionOwner;
  /** Calls `listener` with each reply that this script's transactions make themselves, before it is sent. */
  onLocalReply(listener: (reply: Buffer) => void): void;
  /** What all replies have: the Server header. */
  readonly replyDefaults: Pick<ReplyContent, 'server'>;
  /** A module's parameters, validated, defaults filled in. */
  parameters(module: string): ParameterValues;
  readonly states: States<Routing>;
  /** What scripts wait for while no worker does. */
  readonly background: Background;
  /** Gives a job to a worker, or queues it; false when there is no room. `size` is that of its message, in bytes. */
  submit(job: Job, size?: number): boolean;
  /** Whether this is an address, name or alias that the server listens on; any port when null. */
  isMyself(host: string, port: number | null): boolean;
  /** `file:line` of an offset in the script, for log lines. */
  place(offset: number): string;
  /** Called once when the server has stopped. */
  onClose(close: () => void | Promise<void>): void;
}
