/** Host names, SRV and NAPTR records for RFC 3263, by the resolver shared with the REST client. */

import {
  type LookupOptions,
  NameResolver,
  type NameResolverOptions,
  type NamingPointer,
} from '../net/index.ts';
import type { Awaitable } from '../timers/index.ts';
import type { NameService, ServiceRecord } from './destination.ts';

/** How to query name servers. */
export interface Asking {
  /** Timeout of a query before the next attempt, in ms. Default 2000. */
  readonly timeout: number;
  /** Number of attempts. Default 2. */
  readonly tries: number;
  /** Whether the search domains of resolv.conf apply. Default true. */
  readonly search: boolean;
  /** Whether NAPTR records are looked up. Default true. */
  readonly pointers: boolean;
}

export const DEFAULT_ASKING: Asking = { timeout: 2000, tries: 2, search: true, pointers: true };

export interface DnsNamesOptions extends NameResolverOptions, Partial<Pick<Asking, 'search'>> {
  /** Default: a resolver with the other options. */
  readonly resolver?: NameResolver;
}

/** IPv4 first: most SIP elements use it. */
const FAMILIES: readonly (4 | 6)[] = [4, 6];

/** Applies a script's query settings and preferred family to a resolver. Never rejects. */
export class DnsNames implements NameService {
  readonly resolver: NameResolver;
  #options: LookupOptions;
  #asksPointers = DEFAULT_ASKING.pointers;

  constructor(options: DnsNamesOptions = {}) {
    const {
      timeout = DEFAULT_ASKING.timeout,
      tries = DEFAULT_ASKING.tries,
      search = DEFAULT_ASKING.search,
      resolver = new NameResolver(options),
    } = options;
    this.resolver = resolver;
    this.#options = { asking: { timeout, tries }, search };
  }

  /** Changes how later queries are sent. */
  ask({ timeout, tries, search, pointers }: Asking): void {
    this.#options = { asking: { timeout, tries }, search };
    this.#asksPointers = pointers;
  }

  addresses(name: string, families: readonly (4 | 6)[] = FAMILIES): Awaitable<readonly string[]> {
    const options = { ...this.#options, families };
    return soon((done) => {
      this.resolver.resolve(name, (_, found) => done(found.map(({ address }) => address)), options);
    });
  }

  doubt(name: string): void {
    this.resolver.doubt(name);
  }

  services(name: string): Awaitable<readonly ServiceRecord[]> {
    return soon((done) => {
      this.resolver.services(name, (_, records) => done(records), this.#options);
    });
  }

  namingPointers(name: string): Awaitable<readonly NamingPointer[]> {
    if (!this.#asksPointers) return [];
    return soon((done) => {
      this.resolver.namingPointers(name, (_, records) => done(records), this.#options);
    });
  }
}

/** The value if available synchronously, else a promise. */
function soon<T>(start: (done: (value: readonly T[]) => void) => void): Awaitable<readonly T[]> {
  let given: readonly T[] | null = null;
  let late: ((value: readonly T[]) => void) | null = null;
  start((value) => {
    given = value;
    late?.(value);
  });
  return (
    given ??
    new Promise((resolve) => {
      late = resolve;
    })
  );
}
