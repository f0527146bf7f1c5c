import { type Connect, NameResolver, type Names } from '../net/index.ts';
import {
  type ByteBudget,
  type Clock,
  memoryBudgets,
  systemClock,
  type TimerWheel,
  timersOf,
} from '../timers/index.ts';
import { type ConnectLock, LocalConnectLock } from './connect-lock.ts';
import type { HostSharing } from './host-sharing.ts';
import { OpenPools } from './open-pools.ts';
import { HostStates } from './policies/host-states.ts';
import { TlsStore } from './tls-store.ts';
import { TransferCounts } from './transfer-counts.ts';

/** Resources that clients share. */
export interface RestSharedOptions {
  /** The lock of `noConcurrentConnects`. Default: one for the clients that share this object. */
  readonly connectLock?: ConnectLock | undefined;
  /** Finds addresses. Default: a new one. */
  readonly resolver?: NameResolver | undefined;
  /** Opens connections. Default: node:net. */
  readonly connect?: Connect | undefined;
  /** Measures timeouts. Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** Limits the bodies of all pending answers together. Default: a quarter of the heap limit. @internal */
  readonly bodies?: ByteBudget | undefined;
  /** What several processes share of hosts; default: nothing. @internal */
  readonly sharing?: HostSharing | undefined;
  /** Random numbers from 0 up to 1; default: Math.random. @internal */
  readonly random?: (() => number) | undefined;
}

/** Resources that several clients share: the connect lock, the DNS cache, TLS contexts and sessions. */
export class RestShared {
  /** @internal */
  readonly connectLock: ConnectLock;
  /** @internal */
  readonly names: Names;
  /** Null: node:net. @internal */
  readonly connect: Connect | null;
  /** @internal */
  readonly timers: TimerWheel;
  /** @internal */
  readonly bodies: ByteBudget;
  /** @internal */
  readonly tls: TlsStore = new TlsStore();
  /** How transfers ended. @internal */
  readonly transfers: TransferCounts = new TransferCounts();
  /** The pools that have connections. @internal */
  readonly openPools: OpenPools = new OpenPools();
  /** Protocols of clear-text origins, as found by trying HTTP/2. @internal */
  readonly clearTextProtocols: OriginMemory = new OriginMemory();
  /** Origins that require HTTP/1.1. @internal */
  readonly http1Origins: OriginMemory = new OriginMemory();
  /** What policies know of hosts. @internal */
  readonly states: HostStates;
  /** From 0 up to 1. @internal */
  readonly random: () => number;
  /** What several processes share of hosts; null: there is one process. @internal */
  readonly sharing: HostSharing | null;
  static #ofProcess: RestShared | null = null;

  /** Creates an object to pass to clients as `shared`. */
  constructor(options: RestSharedOptions = {}) {
    this.connectLock = options.connectLock ?? new LocalConnectLock();
    const { clock = systemClock } = options;
    this.names = options.resolver ?? new NameResolver({ clock });
    this.connect = options.connect ?? null;
    this.timers = timersOf(clock);
    this.random = options.random ?? Math.random;
    this.sharing = options.sharing ?? null;
    this.bodies = options.bodies ?? memoryBudgets().bodies;
    this.states = new HostStates(this.bodies);
    this.sharing?.watch((key, state) => this.states.hear(key, state));
  }

  /**
   * Makes later requests read CA certificates again (`tls.caPath`, `SSL_CERT_FILE`, `NODE_EXTRA_CA_CERTS`, the
   * system's). Idle TLS connections are closed and sessions dropped, so that trust in a removed CA ends.
   */
  rereadCertificates(): void {
    this.tls.reread();
  }

  /** The default for clients that are not given one. */
  static ofProcess(): RestShared {
    RestShared.#ofProcess ??= new RestShared();
    return RestShared.#ofProcess;
  }
}

const MAX_ORIGINS = 10_000;

/** Remembers the protocols of origins. */
export class OriginMemory {
  readonly #origins = new Map<string, 'h1' | 'h2'>();

  get(origin: string): 'h1' | 'h2' | undefined {
    return this.#origins.get(origin);
  }

  set(origin: string, protocol: 'h1' | 'h2'): void {
    if (this.#origins.size >= MAX_ORIGINS) this.#origins.clear();
    this.#origins.set(origin, protocol);
  }
}
