/**
 * The state of a process that does not depend on the script: sockets, transactions, and its place among the processes.
 */

import { HepCollectors, noCollectors, openTelemetry } from '../observe/index.ts';
import {
  CallTraces,
  type Collectors,
  type Figure,
  type Host,
  keptLevels,
  type ListeningSocket,
  MessageTap,
  type Readiness,
  ReceiveCounts,
  RunCounts,
  ScriptCounts,
  type SocketSource,
  States,
  type Store,
  systemSockets,
  Tracing,
} from '../runtime/index.ts';
import {
  ConnectionCount,
  type Destinations,
  DnsNames,
  FailedTargets,
  findDestinations,
  type Protocol,
  ProxyCore,
  randomToken,
  SocketRegistry,
  StatelessTags,
  StatusCounts,
  TlsDomains,
  TransactionTable,
  type Uri,
} from '../sip/index.ts';
import {
  type Awaitable,
  andThen,
  type Clock,
  type MemoryBudgets,
  memoryBudgets,
  systemClock,
  timersOf,
} from '../timers/index.ts';
import type { FigureSource, ReloadCounts } from './figures/source.ts';
import { isOwn, modulesOf, readFigure } from './figures.ts';
import { LoopDelay } from './loop-delay.ts';
import { LoopLoad } from './loop-load.ts';
import { packageVersion } from './package-version.ts';
import type { PeerCounts } from './peers.ts';
import { ServerLogs } from './server-logs.ts';
import { MemoryStore } from './stores/memory-store.ts';
import { RedisStore } from './stores/redis/redis-store.ts';
import type { StoreAddress } from './stores/redis/store-url.ts';
import { StoreState } from './stores/store-state.ts';
import { TargetProbes } from './target-probes.ts';

export interface HostOptions {
  /** Default: this process's share of the machine's memory. */
  readonly memory?: MemoryBudgets;
  /** Its number, from 0. Default 0. */
  readonly number?: number;
  /** The number of processes. Default 1. */
  readonly count?: number;
  /** Default: in this process. */
  readonly store?: Store;
  /** Where several servers keep what they share. Default: a server of its own. */
  readonly shared?: StoreAddress | undefined;
  /** The name of its server there, the same for all its processes. Default: a random one. */
  readonly server?: string;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Whether this process runs startup_route: only one does, and only at its first start. Default true. */
  readonly runsStartupRoute?: boolean | undefined;
  /** Finds addresses and services. Default: queries the system's name servers. */
  readonly names?: DnsNames;
  /** Destination of script logs. Default: by each script's settings. */
  readonly logs?: ServerLogs;
  /** Counts messages passed to other processes. Default: a single process. */
  readonly peers?: Readonly<PeerCounts>;
  /** Opens its sockets. Default: the system's. */
  readonly socketSource?: SocketSource;
  /**
   * Whether it is part of a simulation: its event loop is not measured, and its tables are small. Default false.
   */
  readonly isSimulated?: boolean;
}

/** Of a simulation, whose calls are few. */
const fewBuckets = 1024;

/** Minimum interval between log lines about withheld replies, in ms. */
const warningPeriod = 10_000;

export class ProcessHost implements Host, FigureSource {
  readonly number: number;
  readonly count: number;
  readonly store: Store;
  readonly sharedStore: RedisStore | null;
  readonly clock: Clock;
  readonly runsStartupRoute: boolean;
  readonly replies = new StatusCounts();
  readonly stateless = new StatusCounts();
  readonly ownRequests = { count: 0 };
  readonly received = new ReceiveCounts();
  readonly scripts = new ScriptCounts();
  readonly handlers = new RunCounts();
  readonly states: States<Host> = new States<Host>(this);
  readonly memory: MemoryBudgets;
  readonly transactions: TransactionTable;
  readonly tags = new StatelessTags();
  readonly tls = new TlsDomains();
  readonly connections = new ConnectionCount();
  readonly registry: SocketRegistry;
  readonly socketSource: SocketSource;
  readonly isSimulated: boolean;
  readonly proxy: ProxyCore;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readiness: Readiness = 'starting';
  /** In script order. */
  sockets: readonly ListeningSocket[] = [];
  /** The sockets of a script that is about to run. */
  pending: readonly ListeningSocket[] = [];
  /** The current one first, then earlier ones with unfinished calls; empty before the start. */
  routings: FigureSource['routings'] = [];
  readonly names: DnsNames;
  readonly failedTargets: FailedTargets;
  readonly logs: ServerLogs;
  readonly peers: Readonly<PeerCounts> | null;
  readonly reloads: ReloadCounts = { done: 0, failed: 0 };
  readonly tap = new MessageTap(() => this.sockets);
  readonly collectors: Collectors;
  readonly tracing: Tracing;
  readonly traces: CallTraces;
  readonly loopDelay = new LoopDelay();
  readonly loopLoad = new LoopLoad();
  readonly #ownStore: MemoryStore;
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
    socketSource = systemSockets,
    isSimulated = false,
    store,
    shared,
    server = randomToken(),
  }: HostOptions = {}) {
    this.number = number;
    this.count = count;
    const own = new MemoryStore(new StoreState({ clock, memory: memory.shared, keepsFiles: !isSimulated }));
    const local = store ?? own;
    this.sharedStore =
      shared === undefined
        ? null
        : new RedisStore(shared, {
            local,
            clock,
            memory: memory.shared,
            server,
            about: { version: packageVersion(), process: number },
            changed: (failure) => this.#storeChanged(failure),
          });
    this.store = this.sharedStore ?? local;
    this.#ownStore = own;
    this.clock = clock;
    this.collectors = isSimulated ? noCollectors() : new HepCollectors(names, clock);
    this.tracing = new Tracing(clock, this.tap);
    this.traces = new CallTraces((settings) =>
      openTelemetry(settings, (text) => this.routings[0]?.log.warning(text)),
    );
    this.startedAt = clock.date();
    this.names = names;
    this.runsStartupRoute = runsStartupRoute;
    this.memory = memory;
    this.logs = logs;
    logs.override(keptLevels(this.store));
    this.peers = peers ?? null;
    this.socketSource = socketSource;
    this.isSimulated = isSimulated;
    this.registry = new SocketRegistry(socketSource.sourceTowards);
    const timers = timersOf(clock);
    const probes = new TargetProbes(this, timers);
    this.failedTargets = new FailedTargets({
      texts: this.store.values('failed targets'),
      date: () => clock.date(),
      changed: (change) => probes.changed(change),
    });
    this.transactions = new TransactionTable({
      timers,
      replies: this.replies,
      memory: memory.calls,
      answeredMemory: memory.answered,
      answeredBuckets: isSimulated ? fewBuckets : undefined,
      withheld: (address) => this.#warnOfForgery(address),
    });
    this.proxy = new ProxyCore({
      timers,
      memory: memory.calls,
      sockets: this.registry,
      names,
      targets: this.failedTargets,
      processNumber: number,
    });
  }

  get ownFigures(): Host['ownFigures'] {
    return modulesOf(this)
      .filter(isOwn)
      .map(({ name: module, figures = [] }) => ({ module, figures }));
  }

  figure(name: string): Figure {
    return readFigure(this, name);
  }

  /** This process's share of `total` workers, at least one. */
  workers(total: number): { readonly count: number; readonly firstId: number } {
    const least = Math.floor(total / this.count);
    const withOneMore = total % this.count;
    return {
      count: Math.max(least + (this.number < withOneMore ? 1 : 0), 1),
      firstId: least === 0 ? this.number : this.number * least + Math.min(this.number, withOneMore),
    };
  }

  destinations(
    uri: Uri,
    preferred?: Protocol | null,
    options?: { readonly anyway?: boolean },
  ): Awaitable<Destinations> {
    const { names, registry, failedTargets } = this;
    const { protocols, families } = registry;
    const isConnected: typeof registry.isConnected = (...peer) => registry.isConnected(...peer);
    const found = findDestinations(uri, { names, protocols, families, preferred, isConnected });
    return failedTargets.isEmpty || options?.anyway === true
      ? found
      : andThen(found, (all) => failedTargets.order(all));
  }

  #warnOfForgery(address: string): void {
    const now = this.clock.now();
    if (now - this.#warnedAt < warningPeriod) return;
    this.#warnedAt = now;
    this.routings[0]?.log.warning(
      `replies to ${address} are not retransmitted: no ACK arrives from there, and its requests may be forged`,
    );
  }

  /** At the start nothing has a log yet: whoever starts the server looks at it. */
  #storeChanged(failure: string | null): void {
    const log = this.routings[0]?.log;
    if (failure === null) log?.notice('the store can be reached again');
    else log?.warning(`the store cannot be reached: ${failure}`);
  }

  /** Starts measuring the event loop. */
  watch(): void {
    if (this.isSimulated) return;
    this.loopDelay.start();
    this.loopLoad.start();
  }

  /** Ends all transactions, and closes files. */
  close(): Promise<void> {
    this.loopDelay.close();
    this.loopLoad.close();
    this.collectors.close();
    this.sharedStore?.close();
    this.proxy.close();
    this.transactions.close();
    return this.#ownStore.close();
  }
}
