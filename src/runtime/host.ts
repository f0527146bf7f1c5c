/**
 * The state of a process, independent of its policy: sockets, transactions, the proxy's core, names, what it shares
 * with other processes, figures. A reload leaves it as it is. The room of workers implements it; a test may bring its
 * own.
 */
import type {
  Destinations,
  DnsNames,
  Protocol,
  ProxyCore,
  StatelessTags,
  StatusCounts,
  TransactionTable,
  Uri,
} from '../sip/index.ts';
import type { Awaitable, Clock, MemoryBudgets } from '../timers/index.ts';
import type { ReceiveCounts } from './receive-counts.ts';
import type { ListeningSocket } from './sockets.ts';
import type { States } from './state.ts';
import type { Store } from './stores/store.ts';

/** Whether a process serves: it starts until its sockets are open; once it stops, it refuses new requests. */
export type Readiness = 'starting' | 'running' | 'stopping';

/** One number, or one number per label value: `{ "200": 17, "503": 2 }`. */
export type Figure = number | Readonly<Record<string, number>>;

/** Of the top routes that ran. */
export interface ScriptCounts {
  runs: number;
  /** Spent up to their ends, or to where they first wait. */
  milliseconds: number;
}

export interface Host {
  /** Among the processes of the server, from 0. */
  readonly number: number;
  /** How many processes the server has. */
  readonly count: number;
  /** The clock for everything that waits, expires or tells the time. */
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly readiness: Readiness;
  /** Open sockets, in the order of the script. */
  readonly sockets: readonly ListeningSocket[];
  readonly transactions: TransactionTable;
  /** Of replies without a transaction. */
  readonly tags: StatelessTags;
  /** Sends requests on. */
  readonly proxy: ProxyCore;
  /** Finds addresses, for SIP and the REST client. */
  readonly names: DnsNames;
  /** Resolves a URI to its targets (RFC 3263); never rejects. `preferred`: the transport where the URI names none. */
  destinations(uri: Uri, preferred?: Protocol | null): Awaitable<Destinations>;
  /** What it shares with the other processes. */
  readonly store: Store;
  /** How much memory waiting work may take. */
  readonly memory: MemoryBudgets;
  readonly states: States<Host>;
  readonly received: ReceiveCounts;
  readonly scripts: ScriptCounts;
  /** Final replies of transactions. */
  readonly replies: StatusCounts;
  /** Replies that were sent without a transaction. */
  readonly stateless: StatusCounts;
  /** Requests made by t_new_request(). */
  readonly ownRequests: { count: number };
  /** One of this process's figures, by its name; 0 for an unknown one. */
  figure(name: string): Figure;
}
