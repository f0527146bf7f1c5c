/** What a process has whatever script it runs: sockets, transactions, and its place among the other processes. */

import {
  type Figure,
  type Host,
  type ListeningSocket,
  type Readiness,
  ReceiveCounts,
  type ScriptCounts,
  States,
  type Store,
} from '../runtime/index.ts';
import {
  DnsNames,
  findDestinations,
  type Protocol,
  ProxyCore,
  SocketRegistry,
  StatelessTags,
  StatusCounts,
  TransactionTable,
  type Uri,
} from '../sip/index.ts';
import { type Clock, type MemoryBudgets, memoryBudgets, systemClock, timersOf } from '../timers/index.ts';
import { type FigureSource, readFigure } from './figures.ts';
import { LoopDelay } from './loop-delay.ts';
import { LoopLoad } from './loop-load.ts';
import type { PeerCounts } from './peers.ts';
import { ServerLogs } from './server-logs.ts';
import { MemoryStore } from './stores/memory-store.ts';
import { StoreState } from './stores/store-state.ts';

export interface HostOptions {
  /** Default: this process's share of what the machine has. */
  readonly memory?: MemoryBudgets;
  /** From 0. Default 0. */
  readonly number?: number;
  /** How many there are. Default 1. */
  readonly count?: number;
  /** Default: this process's own. */
  readonly store?: Store;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Whether startup_route runs here when the process starts: in one of them, the first time. Default true. */
  readonly runsStartupRoute?: boolean | undefined;
  /** Finds addresses and services. Default: asks the system's name servers. */
  readonly names?: DnsNames;
  /** Where the logs of scripts go. Default: where they say. */
  readonly logs?: ServerLogs;
  /** What was handed to other processes. Default: there are none. */
  readonly peers?: Readonly<PeerCounts>;
}

/** How often a line about withheld replies is logged, in ms. */
const warningPeriod = 10_000;

export class ProcessHost implements Host, FigureSource {
  readonly number: number;
  readonly count: number;
  readonly store: Store;
  readonly clock: Clock;
  readonly runsStartupRoute: boolean;
  readonly replies = new StatusCounts();
  readonly stateless = new StatusCounts();
  readonly ownRequests = { count: 0 };
  readonly received = new ReceiveCounts();
  readonly scripts: ScriptCounts = { runs: 0, milliseconds: 0 };
  readonly states: States<Host> = new States<Host>(this);
  readonly memory: MemoryBudgets;
  readonly transactions: TransactionTable;
  readonly tags = new StatelessTags();
  readonly registry = new SocketRegistry();
  readonly proxy: ProxyCore;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readiness: Readiness = 'starting';
  /** In the order of the script. */
  sockets: readonly ListeningSocket[] = [];
  /** Those of a script that is about to run. */
  pending: readonly ListeningSocket[] = [];
  /** The one in force first, then those before it that have calls left; none before the server starts. */
  routings: FigureSource['routings'] = [];
  readonly names: DnsNames;
  readonly logs: ServerLogs;
  readonly peers: Readonly<PeerCounts> | null;
  readonly loopDelay = new LoopDelay();
  readonly loopLoad = new LoopLoad();
  #warnedAt = Number.NEGATIVE_INFINITY;

  constructor({
    number = 0,
    count = 1,
    runsStartupRoute = true,
    clock = systemClock,
    names = new DnsNames({ clock }),
    memory = memoryBudgets(count),
    logs = new ServerLogs({}, clock),
    peers,
    store = new MemoryStore(new StoreState({ clock, memory: memory.shared })),
  }: HostOptions = {}) {
    this.number = number;
    this.count = count;
    this.store = store;
    this.clock = clock;
    this.startedAt = clock.date();
    this.names = names;
    this.runsStartupRoute = runsStartupRoute;
    this.memory = memory;
    this.logs = logs;
    this.peers = peers ?? null;
    const timers = timersOf(clock);
    this.transactions = new TransactionTable({
      timers,
      replies: this.replies,
      memory: memory.calls,
      answeredMemory: memory.answered,
      withheld: (address) => this.#warnOfForgery(address),
    });
    this.proxy = new ProxyCore({
      timers,
      memory: memory.calls,
      sockets: this.registry,
      names,
      processNumber: number,
    });
  }

  figure(name: string): Figure {
    return readFigure(this, name);
  }

  /** Of `total` workers, which are spread over all processes, those of this one; none is without one. */
  workers(total: number): { readonly count: number; readonly firstId: number } {
    const least = Math.floor(total / this.count);
    const withOneMore = total % this.count;
    return {
      count: Math.max(least + (this.number < withOneMore ? 1 : 0), 1),
      firstId: least === 0 ? this.number : this.number * least + Math.min(this.number, withOneMore),
    };
  }

  destinations(uri: Uri, preferred?: Protocol | null) {
    const { names, registry } = this;
    const { protocols, families } = registry;
    return findDestinations(uri, { names, protocols, families, preferred });
  }

  /** How many transactions have not come to their ends. */
  get openTransactions(): number {
    let open = 0;
    for (const transaction of this.transactions) if (transaction.isOpen) open++;
    return open;
  }

  /** Whether a transaction has not come to its end: its final reply is to come, or the ACK to it. */
  get hasOpenTransactions(): boolean {
    for (const transaction of this.transactions) if (transaction.isOpen) return true;
    return false;
  }

  #warnOfForgery(address: string): void {
    const now = this.clock.now();
    if (now - this.#warnedAt < warningPeriod) return;
    this.#warnedAt = now;
    this.routings[0]?.log.warning(
      `replies to ${address} are not retransmitted: no ACK arrives from there, and its requests may be forged`,
    );
  }

  /** Begins to measure the event loop. */
  watch(): void {
    this.loopDelay.start();
    this.loopLoad.start();
  }

  /** Ends all transactions. */
  close(): void {
    this.loopDelay.close();
    this.loopLoad.close();
    this.proxy.close();
    this.transactions.close();
  }
}
