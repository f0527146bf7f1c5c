import { type Clock, systemClock, type TimerWheel, timersOf } from '../timers/index.ts';
import { type Asking, type DnsAnswer, DnsClient, failed, isNothing, type Questions } from './dns-client.ts';
import type { NamingPointer, RecordData, RecordType, ServiceRecord } from './dns-message.ts';
import { Gathering, Lookup, type LookupCallback, type LookupListener } from './lookup.ts';
import {
  type Address,
  type NameServer,
  parseHosts,
  parseNameServer,
  parseResolvConf,
  type ResolverConfig,
  searchedNames,
  WatchedFile,
} from './system-files.ts';

/** How a resolver finds names. The defaults follow the system's files. */
export interface NameResolverOptions {
  /** Name servers as `address` or `address:port`; default: those of `/etc/resolv.conf` at the time of the query. */
  readonly servers?: readonly string[] | undefined;
  /**
   * Timeout of a query before the next attempt, in milliseconds. Default: `options timeout:` of `/etc/resolv.conf`,
   * else 2000.
   */
  readonly timeout?: number | undefined;
  /** Number of attempts. Default: `options attempts:` of `/etc/resolv.conf`, else 3. */
  readonly tries?: number | undefined;
  /** Default `/etc/hosts`. */
  readonly hostsFile?: string | undefined;
  /** Default `/etc/resolv.conf`: its `nameserver`, `search` and `options` are honoured. */
  readonly resolvConf?: string | undefined;
  /** Clock for TTLs and timeouts; tests may inject one. Default: the system's. */
  readonly clock?: Clock | undefined;
  /** Asks the name servers. Default: over UDP and TCP. @internal */
  readonly client?: Questions | undefined;
}

/** Options of a single lookup. */
export interface LookupOptions {
  readonly asking?: Asking | undefined;
  /** Whether the search domains apply. Default true. */
  readonly search?: boolean | undefined;
  /** The usable families. Default: both. */
  readonly families?: readonly (4 | 6)[] | undefined;
}

export type Callback<T> = (error: NodeJS.ErrnoException | null, records: readonly T[]) => void;

export const BOTH_FAMILIES: readonly (4 | 6)[] = [6, 4];

const DEFAULT_ASKING: Asking = { timeout: 2_000, tries: 3 };
const MAX_CACHED = 10_000;
/** Bounds of a TTL in seconds. */
const LONGEST_TTL = 86_400;
/** Default and maximum TTL of a negative answer, in seconds. */
const NOTHING_TTL = 10;
/** Answers younger than this are not queried again when their addresses refuse, in milliseconds. */
const LEAST_AGE = 1_000;

const LOOPBACK: readonly Address[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

interface Cached {
  readonly answer: DnsAnswer;
  readonly learned: number;
  readonly expires: number;
  /** Whether its addresses did not answer, so that the name servers are queried again. */
  doubted: boolean;
}

/**
 * Finds addresses, SRV and NAPTR records without the process's thread pool: /etc/hosts first, then DNS. Answers are
 * cached for their TTL. Both families are queried in parallel; equal queries are shared, and a hanging name server
 * delays no other name.
 */
export class NameResolver {
  readonly #asking: Partial<Asking>;
  readonly #servers: readonly NameServer[] | null;
  readonly #hosts: WatchedFile<Map<string, Address[]>>;
  readonly #config: WatchedFile<ResolverConfig>;
  readonly #timers: TimerWheel;
  readonly #cache = new Map<string, Cached>();
  readonly #underWay = new Map<string, ((answer: DnsAnswer) => void)[]>();
  readonly #client: Questions;

  /** A resolver with a cache of its own. */
  constructor(options: NameResolverOptions = {}) {
    const { timeout, tries, servers, clock = systemClock } = options;
    this.#asking = {
      ...(timeout === undefined ? {} : { timeout }),
      ...(tries === undefined ? {} : { tries }),
    };
    this.#servers = servers === undefined ? null : servers.map(readNameServer);
    this.#timers = timersOf(clock);
    this.#client = options.client ?? new DnsClient(this.#timers);
    this.#hosts = new WatchedFile(options.hostsFile ?? '/etc/hosts', parseHosts, clock);
    this.#config = new WatchedFile(options.resolvConf ?? '/etc/resolv.conf', parseResolvConf, clock);
  }

  /**
   * Calls back once, at once for cached names. After one family's addresses have arrived, waits at most 50 ms for the
   * other's.
   * @internal
   */
  resolve(hostname: string, callback: LookupCallback, options: LookupOptions = {}): void {
    const { families = BOTH_FAMILIES } = options;
    const local = this.local(hostname.toLowerCase());
    if (local === null) this.lookup(hostname, new Gathering(callback, families, this.#timers), options);
    else tellLocal(local, hostname, families, callback);
  }

  /** Reports each family's addresses as soon as they are known, possibly at once. @internal */
  lookup(hostname: string, listener: LookupListener, options: LookupOptions = {}): void {
    const { families = BOTH_FAMILIES, search = true } = options;
    const name = hostname.toLowerCase();
    const local = this.local(name);
    if (local !== null) {
      tellLocal(local, name, families, (error, addresses) => {
        if (error === null) listener.onAddresses(addresses);
        listener.onLookupOver(error);
      });
      return;
    }
    const names = search ? searchedNames(name, this.#config.value) : [name.replace(/\.$/, '')];
    new Lookup(this, this.#timers, names, families, this.#how(options.asking), listener).begin();
  }

  /** SRV records of a name like `_sip._udp.example.com`; none for a host that /etc/hosts lists. @internal */
  services(name: string, callback: Callback<ServiceRecord>, options: LookupOptions = {}): void {
    const key = name.toLowerCase().replace(/\.$/, '');
    // a name defined on this machine has no SRV records
    if (this.local(key.replace(/^_[^.]*\._[^.]*\./, '')) !== null) callback(null, []);
    else this.#records(key, 'SRV', callback, options);
  }

  /** NAPTR records; none for a host that /etc/hosts lists. @internal */
  namingPointers(name: string, callback: Callback<NamingPointer>, options: LookupOptions = {}): void {
    const key = name.toLowerCase().replace(/\.$/, '');
    if (this.local(key) !== null) callback(null, []);
    else this.#records(key, 'NAPTR', callback, options);
  }

  /**
   * Reports that the addresses of this name refuse or do not answer. Its next lookup queries the name servers again
   * before the TTL ends; if they do not answer either, the known addresses remain.
   * @internal
   */
  doubt(hostname: string): void {
    const before = this.#timers.clock.now() - LEAST_AGE;
    for (const name of searchedNames(hostname.toLowerCase(), this.#config.value)) {
      for (const type of ['A', 'AAAA']) {
        const cached = this.#cache.get(`${type} ${name}`);
        if (cached !== undefined && cached.learned <= before) cached.doubted = true;
      }
    }
  }

  /** The addresses that this machine defines for a name, or null. @internal */
  local(name: string): readonly Address[] | null {
    const bare = name.replace(/\.$/, '');
    const listed = this.#hosts.value.get(bare);
    if (listed !== undefined) return listed;
    return bare === 'localhost' || bare.endsWith('.localhost') ? LOOPBACK : null; // RFC 6761, section 6.3
  }

  /** Answers one query, at once if it is cached. @internal */
  ask<T extends RecordType>(
    name: string,
    type: T,
    asking: Asking,
    whenDone: (answer: DnsAnswer<T>) => void,
  ): void {
    // the cache key contains the type, so that the answer matches it
    const done = whenDone as (answer: DnsAnswer) => void;
    const key = `${type} ${name}`;
    const cached = this.#cache.get(key);
    if (cached !== undefined) {
      if (cached.expires <= this.#timers.clock.now()) this.#cache.delete(key);
      else if (!cached.doubted) {
        done(cached.answer);
        return;
      }
    }
    const question = `${key} ${asking.timeout} ${asking.tries}`;
    const waiting = this.#underWay.get(question);
    if (waiting !== undefined) {
      waiting.push(done);
      return;
    }
    const all = [done];
    this.#underWay.set(question, all);
    const servers = this.#servers ?? this.#config.value.servers;
    this.#client.ask(name, type, servers, asking, (answer) => {
      this.#underWay.delete(question);
      const best = this.#keep(key, answer);
      for (const one of all) one(best);
    });
  }

  #records<T extends 'SRV' | 'NAPTR'>(
    name: string,
    type: T,
    callback: Callback<RecordData[T]>,
    options: LookupOptions,
  ): void {
    this.ask(name, type, this.#how(options.asking), ({ code, records }) => {
      if (code === null) callback(null, records);
      else callback(isNothing(code) ? null : failed(code, name), []);
    });
  }

  #how(asking: Asking | undefined): Asking {
    const { timeout, tries } = this.#config.value;
    return {
      timeout: asking?.timeout ?? this.#asking.timeout ?? timeout ?? DEFAULT_ASKING.timeout,
      tries: Math.max(asking?.tries ?? this.#asking.tries ?? tries ?? DEFAULT_ASKING.tries, 1),
    };
  }

  /**
   * Caches the answer. Returns the one to use: a doubted earlier answer remains if the servers failed.
   */
  #keep(key: string, answer: DnsAnswer): DnsAnswer {
    const now = this.#timers.clock.now();
    const earlier = this.#cache.get(key);
    if (answer.code !== null && !isNothing(answer.code))
      return earlier !== undefined && earlier.expires > now ? earlier.answer : answer;
    const longest = answer.code === null ? LONGEST_TTL : NOTHING_TTL;
    const ttl = Math.min(Number.isNaN(answer.ttl) ? NOTHING_TTL : answer.ttl, longest);
    this.#cache.delete(key);
    if (ttl <= 0) return answer;
    if (this.#cache.size >= MAX_CACHED) this.#makeRoom(now);
    this.#cache.set(key, { answer, learned: now, expires: now + ttl * 1000, doubted: false });
    return answer;
  }

  /** Removes expired entries, otherwise the older half. */
  #makeRoom(now: number): void {
    for (const [key, { expires }] of this.#cache) if (expires <= now) this.#cache.delete(key);
    if (this.#cache.size < MAX_CACHED) return;
    let left = MAX_CACHED / 2;
    for (const key of this.#cache.keys()) {
      if (left-- <= 0) return;
      this.#cache.delete(key);
    }
  }
}

/** Reports addresses defined on this machine, in the order of the hosts file. */
function tellLocal(
  local: readonly Address[],
  name: string,
  families: readonly (4 | 6)[],
  callback: LookupCallback,
): void {
  const fitting = local.filter(({ family }) => families.includes(family));
  callback(fitting.length > 0 ? null : failed('ENODATA', name), fitting);
}

function readNameServer(text: string): NameServer {
  const server = parseNameServer(text);
  if (server === null)
    throw new TypeError(`invalid name server ${JSON.stringify(text)}: use an address or address:port`);
  return server;
}
