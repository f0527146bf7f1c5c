/**
 * The state of a process, independent of its policy: sockets, transactions, the proxy's core, names, data shared with
 * other processes, figures. A reload does not affect it. `workers` implements it; a test may bring its own.
 */
import type {
  Destinations,
  DnsNames,
  FailedTargets,
  Protocol,
  ProxyCore,
  StatelessTags,
  StatusCounts,
  TlsDomains,
  TransactionTable,
  Uri,
} from '../sip/index.ts';
import type { Awaitable, Clock, MemoryBudgets } from '../timers/index.ts';
import type { Collectors } from './collectors.ts';
import type { Figure, FigureSpec } from './figures.ts';
import type { LogOverrides } from './logging/log-levels.ts';
import type { MessageTap } from './message-tap.ts';
import type { ReceiveCounts } from './receive-counts.ts';
import type { RunCounts, ScriptCounts } from './script-counts.ts';
import type { ListeningSocket } from './sockets.ts';
import type { CallTraces } from './spans/call-traces.ts';
import type { States } from './state.ts';
import type { Store } from './stores/store.ts';
import type { Tracing } from './tracing.ts';

/** A process is `starting` until its sockets are open, and refuses new requests while `stopping`. */
export type Readiness = 'starting' | 'running' | 'stopping';

/** The figures of one module. */
export interface OwnFigures {
  readonly module: string;
  readonly figures: readonly FigureSpec<Host>[];
}

export interface Host {
  /** Its number among the server's processes, from 0. */
  readonly number: number;
  /** Number of processes of the server. */
  readonly count: number;
  /** Whether it is part of a simulation, where nothing reaches the network. */
  readonly isSimulated: boolean;
  /** The clock for all waits, expiries and dates. */
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly readiness: Readiness;
  /** Open sockets, in script order. */
  readonly sockets: readonly ListeningSocket[];
  readonly transactions: TransactionTable;
  /** To tags of stateless replies. */
  readonly tags: StatelessTags;
  /** Forwards requests. */
  readonly proxy: ProxyCore;
  /** Targets that failed lately, in any process. */
  readonly failedTargets: FailedTargets;
  /** The TLS domains in force. */
  readonly tls: TlsDomains;
  /** Finds addresses, for SIP and the REST client. */
  readonly names: DnsNames;
  /**
   * Resolves a URI to its targets (RFC 3263); never rejects. `preferred`: the transport if the URI does not name one.
   * `anyway`: as if none had failed lately.
   */
  destinations(
    uri: Uri,
    preferred?: Protocol | null,
    options?: { readonly anyway?: boolean },
  ): Awaitable<Destinations>;
  /** Data shared with the other processes. */
  readonly store: Store;
  /** Limits on the memory of pending work. */
  readonly memory: MemoryBudgets;
  readonly states: States<Host>;
  readonly received: ReceiveCounts;
  readonly scripts: ScriptCounts;
  /** Runs of handlers, by handler. */
  readonly handlers: RunCounts;
  /** Counts final replies of transactions. */
  readonly replies: StatusCounts;
  /** Counts stateless replies. */
  readonly stateless: StatusCounts;
  /** Counts requests made by t_new_request(). */
  readonly ownRequests: { count: number };
  /** Shows received and sent messages to observers. */
  readonly tap: MessageTap;
  /** Receive copies of messages. */
  readonly collectors: Collectors;
  /** Live traces of calls. */
  readonly tracing: Tracing;
  /** Traces of calls for OpenTelemetry. */
  readonly traces: CallTraces;
  /** The levels of its logs, which an administrator may replace. */
  readonly logs: { readonly overrides: LogOverrides; override(overrides: LogOverrides): void };
  /** The figures of users' own modules that the current policy loads. */
  readonly ownFigures: readonly OwnFigures[];
  /** A figure of this process; 0 for an unknown name. */
  figure(name: string): Figure;
}
