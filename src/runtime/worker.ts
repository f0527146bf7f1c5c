/**
 * What a script, and the functions of its modules, know of where they run: the worker, and the server that all
 * workers of the process share. Both are interfaces: the real ones live in the room of workers, a test kit
 * may bring its own.
 */
import type { CompiledScript, ParameterValues, Value } from '../script/index.ts';
import type {
  Destinations,
  DnsNames,
  Protocol,
  ProxyCore,
  ReplyContent,
  StatelessTags,
  StatusCounts,
  TransactionOwner,
  TransactionTable,
  Uri,
} from '../sip/index.ts';
import type { MemoryBudgets } from '../timers/index.ts';
import type { Background } from './background.ts';
import type { Log } from './log.ts';
import type { Run } from './run.ts';
import type { Settings } from './settings.ts';
import type { Shared } from './shared.ts';
import type { ListeningSocket } from './sockets.ts';
import type { States } from './state.ts';

/** A piece of work for a worker; it keeps the worker until the promise settles. */
export type Job = (worker: Worker) => unknown;

export interface Worker {
  /** From 0, within the whole server. */
  readonly id: number;
  readonly server: Server;
  /** The worker's `$var` store, by slot; see variables/script-store.ts. */
  readonly slots: Value[];
  /** `$log_level` and `$xlog_level`, where a script has set them. */
  logLevel: number | null;
  xlogLevel: number | null;
  readonly states: States<Worker>;
  /** Does the job on this worker as soon as it is free, before any new message. */
  resume(job: Job): void;
}

/** Whether a process serves: it starts until its sockets are open, and from when it is told to stop it refuses new requests. */
export type Readiness = 'starting' | 'running' | 'stopping';

/** What outlives a script, which a reload replaces. */
export interface ProcessContext {
  /** 0 where there is one. */
  readonly number: number;
  /** What it has in common with the other processes. */
  readonly shared: Shared;
  readonly states: States<ProcessContext>;
  readonly scripts: ScriptCounts;
  /** Final replies of transactions. */
  readonly replies: StatusCounts;
  /** Replies that were sent without a transaction. */
  readonly stateless: StatusCounts;
  /** Requests that were made here, by t_new_request(). */
  readonly ownRequests: { count: number };
  /** How many processes there are. */
  readonly count: number;
  readonly readiness: Readiness;
  /** What may be kept waiting here. */
  readonly memory: MemoryBudgets;
  /** Finds addresses, for SIP and the REST client. */
  readonly names: DnsNames;
  /** One of the figures that the server tells of itself, of this process; 0 while there is no server. */
  figure(name: string): Figure;
}

/** A figure, or its parts by what they are told apart by: `{ "200": 17, "503": 2 }`. */
export type Figure = number | Readonly<Record<string, number>>;

/** Of the top routes that ran. */
export interface ScriptCounts {
  runs: number;
  /** Spent up to their ends, or to where they wait. */
  milliseconds: number;
}

export interface Server {
  readonly log: Log;
  readonly settings: Settings;
  readonly script: CompiledScript<Run>;
  readonly transactions: TransactionTable;
  readonly tags: StatelessTags;
  /** Of the transactions that this script begins. */
  readonly owner: TransactionOwner;
  /** Calls `listener` with each reply that this script's transactions make themselves, before it is sent. */
  onLocalReply(listener: (reply: Buffer) => void): void;
  /** Sends requests on. */
  readonly proxy: ProxyCore;
  /** Where a URI leads (RFC 3263); never rejects. `preferred`: the transport where the URI names none. */
  destinations(uri: Uri, preferred?: Protocol | null): Destinations | Promise<Destinations>;
  /** Of a host name, from the hosts file, the cache or the DNS; empty where there is none. Never rejects. */
  addresses(name: string, families?: readonly (4 | 6)[]): readonly string[] | Promise<readonly string[]>;
  /** What all replies have: the Server header. */
  readonly replyDefaults: Pick<ReplyContent, 'server'>;
  /** A module's parameters, validated, defaults filled in. */
  parameters(module: string): ParameterValues;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly process: ProcessContext;
  readonly states: States<Server>;
  /** What scripts wait for while no worker does. */
  readonly background: Background;
  /** Open sockets, in the order of the script. */
  readonly sockets: readonly ListeningSocket[];
  /** Gives a job to a worker, or queues it; false when there is no room. `size` is that of its message, in bytes. */
  submit(job: Job, size?: number): boolean;
  /** Whether this is an address, name or alias that the server listens on; any port when null. */
  isMyself(host: string, port: number | null): boolean;
  /** `file:line` of an offset in the script, for log lines. */
  place(offset: number): string;
  /** Called once when the server has stopped. */
  onClose(close: () => void | Promise<void>): void;
}
