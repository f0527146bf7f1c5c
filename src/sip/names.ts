/** Host names and SRV records for RFC 3263, by the resolver that the REST client uses too. */
import { type LookupOptions, NameResolver, type NameResolverOptions } from '../net/index.ts';
import type { NameService, ServiceRecord } from './destination.ts';

/** How name servers are asked. */
export interface Asking {
  /** How long they may take before they are asked again, in ms. Default 2000. */
  readonly timeout: number;
  /** How often they are asked. Default 2. */
  readonly tries: number;
  /** Whether addresses are looked for in the search domains of resolv.conf as well. Default true. */
  readonly search: boolean;
}

export interface DnsNamesOptions extends NameResolverOptions, Partial<Pick<Asking, 'search'>> {
  /** Default: one with the other options. */
  readonly resolver?: NameResolver;
}

/** IPv4 first: most SIP elements are bound to it. */
const FAMILIES: readonly (4 | 6)[] = [4, 6];

/** SIP's view of a resolver: how a script wants name servers asked, and which family comes first. Never rejects. */
export class DnsNames implements NameService {
  readonly resolver: NameResolver;
  #options: LookupOptions;

  constructor(options: DnsNamesOptions = {}) {
    const { timeout = 2000, tries = 2, search = true, resolver = new NameResolver(options) } = options;
    this.resolver = resolver;
    this.#options = { asking: { timeout, tries }, search };
  }

  /** From now on name servers are asked so. */
  ask({ timeout, tries, search }: Asking): void {
    this.#options = { asking: { timeout, tries }, search };
  }

  addresses(
    name: string,
    families: readonly (4 | 6)[] = FAMILIES,
  ): readonly string[] | Promise<readonly string[]> {
    const options = { ...this.#options, families };
    return soon((done) => {
      this.resolver.resolve(name, (_, found) => done(found.map(({ address }) => address)), options);
    });
  }

  doubt(name: string): void {
    this.resolver.doubt(name);
  }

  services(name: string): readonly ServiceRecord[] | Promise<readonly ServiceRecord[]> {
    return soon((done) => {
      this.resolver.services(name, (_, records) => done(records), this.#options);
    });
  }
}

/** The value where it is given at once, else a promise of it. */
function soon<T>(start: (done: (value: readonly T[]) => void) => void): readonly T[] | Promise<readonly T[]> {
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
