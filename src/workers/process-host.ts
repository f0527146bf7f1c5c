/** What a process has whatever script it runs: sockets, transactions, and its place among the other processes. */

import {
  type Figure,
  type Host,
  type ListeningSocket,
  LocalShared,
  type Readiness,
  type ScriptCounts,
  type Shared,
  States,
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
import { type MemoryBudgets, memoryBudgets } from '../timers/index.ts';

export interface ProcessOptions {
  /** Default: this process's share of what the machine has. */
  readonly memory?: MemoryBudgets;
  /** From 0. Default 0. */
  readonly number?: number;
  /** How many there are. Default 1. */
  readonly count?: number;
  /** Default: this process's own. */
  readonly shared?: Shared;
  /** Whether startup_route runs here when the process starts: in one of them, the first time. Default true. */
  readonly runsStartupRoute?: boolean | undefined;
  /** Finds addresses and services. Default: asks the system's name servers. */
  readonly names?: DnsNames;
}

export class ProcessHost implements Host {
  readonly number: number;
  readonly count: number;
  readonly shared: Shared;
  readonly runsStartupRoute: boolean;
  readonly replies = new StatusCounts();
  readonly stateless = new StatusCounts();
  readonly ownRequests = { count: 0 };
  readonly scripts: ScriptCounts = { runs: 0, milliseconds: 0 };
  readonly states: States<Host> = new States<Host>(this);
  readonly memory: MemoryBudgets;
  readonly transactions: TransactionTable;
  readonly tags = new StatelessTags();
  readonly registry = new SocketRegistry();
  readonly proxy: ProxyCore;
  /** Milliseconds since 1970. */
  readonly startedAt = Date.now();
  readiness: Readiness = 'starting';
  /** In the order of the script. */
  sockets: readonly ListeningSocket[] = [];
  /** Those of a script that is about to run. */
  pending: readonly ListeningSocket[] = [];
  /** What {@link figure} is read by, once there is a server. */
  readFigure: ((name: string) => Figure) | null = null;
  readonly names: DnsNames;

  constructor({
    number = 0,
    count = 1,
    shared = new LocalShared(),
    runsStartupRoute = true,
    names = new DnsNames(),
    memory = memoryBudgets(count),
  }: ProcessOptions = {}) {
    this.number = number;
    this.count = count;
    this.shared = shared;
    this.names = names;
    this.runsStartupRoute = runsStartupRoute;
    this.memory = memory;
    this.transactions = new TransactionTable({
      replies: this.replies,
      memory: memory.calls,
      answeredMemory: memory.answered,
    });
    this.proxy = new ProxyCore({
      memory: memory.calls,
      sockets: this.registry,
      processNumber: number,
    });
  }

  figure(name: string): Figure {
    return this.readFigure?.(name) ?? 0;
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

  /** Ends all transactions. */
  close(): void {
    this.proxy.close();
    this.transactions.close();
  }
}
