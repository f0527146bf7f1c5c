/** Host names and SRV records for RFC 3263: /etc/hosts first, then DNS by c-ares, kept for their TTL. */
import { Resolver } from 'node:dns';
import {
  parseHosts,
  parseResolvConf,
  type ResolverConfig,
  searchedNames,
  WatchedFile,
} from '../net/system-files.ts';
import type { NameService, ServiceRecord } from './destination.ts';

/** How name servers are asked. */
export interface Asking {
  /** How long one may take before it is asked again, in ms. Default 2000. */
  readonly timeout: number;
  /** How often each is asked. Default 2. */
  readonly tries: number;
  /** Whether addresses are looked for in the search domains of resolv.conf as well. Default true. */
  readonly search: boolean;
}

export interface DnsNamesOptions extends Partial<Asking> {
  /** Name servers as `address` or `address:port`. Default: the system's. */
  readonly servers?: readonly string[];
  /** Default `/etc/hosts`. */
  readonly hostsFile?: string;
  /** Default `/etc/resolv.conf`: its `search` and `ndots` are honoured. */
  readonly resolvConf?: string;
  /** In ms, never going back. Default: performance.now. */
  readonly now?: () => number;
}

/** SRV answers come from c-ares without their TTL. */
const SERVICE_TTL = 60;
/** How long the answer that there is nothing holds, in seconds. */
const NOTHING_TTL = 10;
const LONGEST_TTL = 3600;
const MAX_CACHED = 10_000;

const LOOPBACK: readonly string[] = ['127.0.0.1', '::1'];

interface Cached<T> {
  readonly value: readonly T[];
  readonly expires: number;
}

/** Answers kept for their TTL, and one question at a time for each name. */
class Answers<T> {
  readonly #kept = new Map<string, Cached<T>>();
  readonly #asked = new Map<string, Promise<readonly T[]>>();

  get(
    name: string,
    now: () => number,
    ask: () => Promise<{ value: readonly T[]; ttl: number }>,
  ): readonly T[] | Promise<readonly T[]> {
    const kept = this.#kept.get(name);
    if (kept !== undefined) {
      if (kept.expires > now()) return kept.value;
      this.#kept.delete(name);
    }
    let asked = this.#asked.get(name);
    if (asked === undefined) {
      asked = ask().then(({ value, ttl }) => {
        this.#asked.delete(name);
        if (this.#kept.size >= MAX_CACHED) this.#kept.clear();
        if (ttl > 0) this.#kept.set(name, { value, expires: now() + Math.min(ttl, LONGEST_TTL) * 1000 });
        return value;
      });
      this.#asked.set(name, asked);
    }
    return asked;
  }
}

/** Both families' addresses, IPv4 first: what most SIP elements are bound to. Never rejects. */
export class DnsNames implements NameService {
  readonly #servers: readonly string[] | undefined;
  #asking: Asking;
  #resolver: Resolver;
  readonly #now: () => number;
  readonly #addresses = new Answers<string>();
  readonly #services = new Answers<ServiceRecord>();
  readonly #hosts: WatchedFile<ReadonlyMap<string, readonly string[]>>;
  readonly #config: WatchedFile<ResolverConfig>;

  constructor(options: DnsNamesOptions = {}) {
    const { timeout = 2000, tries = 2, search = true } = options;
    this.#servers = options.servers;
    this.#asking = { timeout, tries, search };
    this.#resolver = this.#newResolver();
    this.#now = options.now ?? (() => performance.now());
    this.#hosts = new WatchedFile(options.hostsFile ?? '/etc/hosts', addressesByName, this.#now);
    this.#config = new WatchedFile(options.resolvConf ?? '/etc/resolv.conf', parseResolvConf, this.#now);
  }

  /** From now on name servers are asked so. */
  ask(how: Asking): void {
    const { timeout, tries } = this.#asking;
    this.#asking = how;
    if (how.timeout !== timeout || how.tries !== tries) this.#resolver = this.#newResolver();
  }

  #newResolver(): Resolver {
    const { timeout, tries } = this.#asking;
    const resolver = new Resolver({ timeout, tries });
    if (this.#servers !== undefined) resolver.setServers(this.#servers);
    return resolver;
  }

  addresses(name: string): readonly string[] | Promise<readonly string[]> {
    const key = name.toLowerCase();
    return (
      this.#local(key.replace(/\.$/, '')) ??
      this.#addresses.get(key, this.#now, async () => this.#searchAddresses(key))
    );
  }

  services(name: string): readonly ServiceRecord[] | Promise<readonly ServiceRecord[]> {
    const key = name.replace(/\.$/, '').toLowerCase();
    // what this machine names itself is nobody else's to say more about
    if (this.#local(key.replace(/^_[^.]*\._[^.]*\./, '')) !== undefined) return [];
    return this.#services.get(key, this.#now, async () => this.#askServices(key));
  }

  #local(key: string): readonly string[] | undefined {
    const isLocalhost = key === 'localhost' || key.endsWith('.localhost'); // RFC 6761, 6.3
    return this.#hosts.value.get(key) ?? (isLocalhost ? LOOPBACK : undefined);
  }

  async #searchAddresses(name: string): Promise<{ value: readonly string[]; ttl: number }> {
    const names = this.#asking.search ? searchedNames(name, this.#config.value) : [name.replace(/\.$/, '')];
    let ttl = NOTHING_TTL;
    for (const one of names) {
      const answer = await this.#askAddresses(one);
      if (answer.value.length > 0) return answer;
      ttl = Math.min(ttl, answer.ttl);
    }
    return { value: [], ttl };
  }

  async #askAddresses(name: string): Promise<{ value: readonly string[]; ttl: number }> {
    const ask = async (
      how: 'resolve4' | 'resolve6',
    ): Promise<readonly { readonly address: string; readonly ttl: number }[] | null> =>
      new Promise((resolve) => {
        this.#resolver[how](name, { ttl: true }, (error, records) => {
          if (error === null) resolve(records);
          else resolve(NOTHING.has(error.code ?? '') ? [] : null);
        });
      });
    const families = await Promise.all([ask('resolve4'), ask('resolve6')]);
    const records = families.flatMap((list) => list ?? []);
    if (records.length > 0)
      return {
        value: records.map(({ address }) => address),
        ttl: records.reduce((least, { ttl }) => Math.min(least, ttl), LONGEST_TTL),
      };
    // a server that fails may do better the next time
    return { value: [], ttl: families.includes(null) ? 0 : NOTHING_TTL };
  }

  async #askServices(name: string): Promise<{ value: readonly ServiceRecord[]; ttl: number }> {
    return new Promise((resolve) => {
      this.#resolver.resolveSrv(name, (error, records) => {
        if (error === null) resolve({ value: records, ttl: SERVICE_TTL });
        else resolve({ value: [], ttl: NOTHING.has(error.code ?? '') ? NOTHING_TTL : 0 });
      });
    });
  }
}

/** What a name server says when there is no such name, or nothing of this kind. */
const NOTHING = new Set(['ENOTFOUND', 'ENODATA']);

/** What a hosts file says of each name. */
function addressesByName(text: string): ReadonlyMap<string, readonly string[]> {
  return new Map([...parseHosts(text)].map(([name, list]) => [name, list.map(({ address }) => address)]));
}
