import { Resolver } from 'node:dns';
import {
  type Address,
  parseHosts,
  parseResolvConf,
  type ResolverConfig,
  searchedNames,
  WatchedFile,
} from './system-files.ts';

/** The addresses, or what went wrong (then there are none). */
export type LookupCallback = (error: NodeJS.ErrnoException | null, addresses: readonly Address[]) => void;

export interface NameResolverOptions {
  /** Name servers as `address` or `address:port`; default: those of the system. */
  readonly servers?: readonly string[] | undefined;
  /** How long a name server may take before it is asked again, in milliseconds. Default 2000. */
  readonly timeout?: number | undefined;
  /** How often each is asked. Default 3. */
  readonly tries?: number | undefined;
  /** Default `/etc/hosts`. */
  readonly hostsFile?: string | undefined;
  /** Default `/etc/resolv.conf`: its `search` and `ndots` are honoured. */
  readonly resolvConf?: string | undefined;
}

/** How long the addresses of one family are waited for when those of the other are there (RFC 8305, section 3). */
const OTHER_FAMILY_DELAY = 50;
const MAX_CACHED = 10_000;
/** Bounds of a TTL in seconds. */
const LONGEST_TTL = 86_400;

const LOOPBACK: readonly Address[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

/** Answers of a name server that say: no such name, or none of this family. */
const NO_SUCH_NAME = new Set(['ENOTFOUND', 'ENODATA', 'NXDOMAIN']);

interface Cached {
  readonly addresses: readonly Address[];
  readonly expires: number;
}

/**
 * Finds the addresses of host names without the process's thread pool: /etc/hosts first, then DNS by c-ares,
 * cached for its TTL. Both families are asked at the same time. A name that is being looked up is not asked
 * for twice, and one name's server that hangs holds up no other name.
 */
export class NameResolver {
  readonly #options: NameResolverOptions;
  readonly #hosts: WatchedFile<Map<string, Address[]>>;
  readonly #config: WatchedFile<ResolverConfig>;
  readonly #cache = new Map<string, Cached>();
  readonly #waiting = new Map<string, LookupCallback[]>();
  #resolver: Resolver | null = null;
  #configVersion = -1;

  constructor(options: NameResolverOptions = {}) {
    this.#options = options;
    this.#hosts = new WatchedFile(options.hostsFile ?? '/etc/hosts', parseHosts);
    this.#config = new WatchedFile(options.resolvConf ?? '/etc/resolv.conf', parseResolvConf);
  }

  /** Calls back at once for what is known, later for what has to be asked. */
  resolve(hostname: string, callback: LookupCallback): void {
    const known = this.#known(hostname);
    if (known !== null) {
      callback(null, known);
      return;
    }
    const waiting = this.#waiting.get(hostname);
    if (waiting !== undefined) {
      waiting.push(callback);
      return;
    }
    this.#waiting.set(hostname, [callback]);
    this.#search(hostname, searchedNames(hostname, this.#config.value), 0, null);
  }

  #known(hostname: string): readonly Address[] | null {
    const name = hostname.replace(/\.$/, '');
    const listed = this.#hosts.value.get(name);
    if (listed !== undefined) return listed;
    if (name === 'localhost' || name.endsWith('.localhost')) return LOOPBACK; // RFC 6761, section 6.3
    const cached = this.#cache.get(hostname);
    if (cached === undefined) return null;
    if (cached.expires > performance.now()) return cached.addresses;
    this.#cache.delete(hostname);
    return null;
  }

  #search(
    hostname: string,
    names: readonly string[],
    at: number,
    failure: NodeJS.ErrnoException | null,
  ): void {
    const name = names[at];
    if (name === undefined) {
      this.#answer(hostname, failure, []);
      return;
    }
    this.#ask(name, (error, addresses, ttl) => {
      if (addresses.length > 0) {
        this.#keep(hostname, addresses, ttl);
        this.#answer(hostname, null, addresses);
        return;
      }
      // A server that fails says more than a name that there is not.
      const worse =
        failure === null || (error !== null && !NO_SUCH_NAME.has(error.code ?? '')) ? error : failure;
      this.#search(hostname, names, at + 1, worse);
    });
  }

  #answer(hostname: string, error: NodeJS.ErrnoException | null, addresses: readonly Address[]): void {
    const waiting = this.#waiting.get(hostname) ?? [];
    this.#waiting.delete(hostname);
    for (const callback of waiting) callback(error, addresses);
  }

  #keep(hostname: string, addresses: readonly Address[], ttl: number): void {
    if (ttl <= 0) return;
    if (this.#cache.size >= MAX_CACHED) this.#cache.clear();
    const expires = performance.now() + Math.min(ttl, LONGEST_TTL) * 1000;
    this.#cache.set(hostname, { addresses, expires });
  }

  /** Asks for both families; the second may take a little longer than the first. */
  #ask(
    name: string,
    done: (error: NodeJS.ErrnoException | null, addresses: readonly Address[], ttl: number) => void,
  ): void {
    const resolver = this.#current();
    let open = 2;
    let over = false;
    let ttl = LONGEST_TTL;
    let failure: NodeJS.ErrnoException | null = null;
    let delay: NodeJS.Timeout | null = null;
    const found: Record<4 | 6, Address[]> = { 4: [], 6: [] };
    const finish = (): void => {
      if (over) return;
      over = true;
      if (delay !== null) clearTimeout(delay);
      const all = [...found[6], ...found[4]];
      done(all.length > 0 ? null : failure, all, ttl);
    };
    const answer =
      (family: 4 | 6) =>
      (error: NodeJS.ErrnoException | null, records: readonly { address: string; ttl: number }[]): void => {
        open--;
        if (error !== null) {
          if (failure === null || NO_SUCH_NAME.has(failure.code ?? '')) failure = error;
        } else {
          for (const record of records) {
            ttl = Math.min(ttl, record.ttl);
            found[family].push({ address: record.address, family });
          }
        }
        if (open === 0) finish();
        else if (found[family].length > 0) delay = setTimeout(finish, OTHER_FAMILY_DELAY);
      };
    resolver.resolve4(name, { ttl: true }, answer(4));
    resolver.resolve6(name, { ttl: true }, answer(6));
  }

  /** A c-ares channel that knows the system's name servers as they are now. */
  #current(): Resolver {
    const { version } = this.#config;
    if (this.#resolver === null || version !== this.#configVersion) {
      this.#configVersion = version;
      const { servers, timeout, tries } = this.#options;
      this.#resolver = new Resolver({ timeout: timeout ?? 2_000, tries: tries ?? 3 });
      if (servers !== undefined) this.#resolver.setServers(servers);
    }
    return this.#resolver;
  }
}
