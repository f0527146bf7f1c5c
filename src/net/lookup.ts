/** The addresses of one name: both families in parallel, the search domains in turn. */

import { Timer, type TimerWheel } from '../timers/index.ts';
import { type Asking, type DnsAnswer, type DnsFailure, failed, isNothing } from './dns-client.ts';
import type { ServiceRecord } from './dns-message.ts';
import type { Address } from './system-files.ts';

/** The addresses, or the error (without addresses). */
export type LookupCallback = (error: NodeJS.ErrnoException | null, addresses: readonly Address[]) => void;

/** Finds the addresses of a host name; calls back once, synchronously or later. */
export type LookupFunction = (hostname: string, callback: LookupCallback) => void;

/** A source of addresses for host names. */
export interface Names {
  /** Reports each family's addresses as soon as they are known, possibly synchronously. */
  lookup(hostname: string, listener: LookupListener): void;
  /** Reports that the addresses of this name refused or did not answer. */
  doubt(hostname: string): void;
  /** SRV records of a name such as `_http._tcp.example.org`, if this source has any. */
  services?(
    name: string,
    callback: (error: NodeJS.ErrnoException | null, records: readonly ServiceRecord[]) => void,
  ): void;
}

/** Resolves names with a function. */
export function namesOf(lookup: LookupFunction): Names {
  return {
    lookup: (hostname, listener) =>
      lookup(hostname, (error, addresses) => {
        if (error === null && addresses.length > 0) listener.onAddresses(addresses);
        listener.onLookupOver(error);
      }),
    doubt: () => {},
  };
}

/** Queries the records of one name, see {@link NameResolver.ask}. */
export interface NameServers {
  ask(
    name: string,
    type: 'A' | 'AAAA',
    asking: Asking,
    whenDone: (answer: DnsAnswer<'A' | 'AAAA'>) => void,
  ): void;
}

export interface LookupListener {
  /** The addresses of one family or both, at least one; called at most once for each family. */
  onAddresses(addresses: readonly Address[]): void;
  /** The lookup has ended. The error is the reason if no address was found. */
  onLookupOver(error: NodeJS.ErrnoException | null): void;
}

/** How long to wait for the second family after the first has arrived (RFC 8305, section 3). */
export const OTHER_FAMILY_DELAY = 50;

const TYPES = { 4: 'A', 6: 'AAAA' } as const;

export class Lookup {
  readonly #servers: NameServers;
  readonly #timers: TimerWheel;
  readonly #names: readonly string[];
  readonly #families: readonly (4 | 6)[];
  readonly #asking: Asking;
  readonly #listener: LookupListener;
  readonly #end: number;
  #at = 0;
  #open = 0;
  #found = false;
  #failure: DnsFailure | null = null;

  constructor(
    servers: NameServers,
    timers: TimerWheel,
    names: readonly string[],
    families: readonly (4 | 6)[],
    asking: Asking,
    listener: LookupListener,
  ) {
    this.#servers = servers;
    this.#timers = timers;
    this.#names = names;
    this.#families = families;
    this.#asking = asking;
    this.#listener = listener;
    this.#end = timers.clock.now() + asking.timeout * asking.tries;
  }

  begin(): void {
    const name = this.#names[this.#at];
    const left = Math.ceil(this.#end - this.#timers.clock.now());
    // one time limit for all domains: a silent server delays only once
    if (name === undefined || this.#failure === 'ETIMEOUT' || left <= 0) {
      this.#listener.onLookupOver(failed(this.#failure ?? 'ENOTFOUND', this.#names[0] ?? ''));
      return;
    }
    const { tries } = this.#asking;
    const asking = this.#at === 0 ? this.#asking : { timeout: left / tries, tries };
    this.#at++;
    this.#open = this.#families.length;
    for (const family of this.#families)
      this.#servers.ask(name, TYPES[family], asking, (answer) => this.#onAnswer(family, answer));
  }

  #onAnswer(family: 4 | 6, { code, records }: DnsAnswer<'A' | 'AAAA'>): void {
    this.#open--;
    if (code === null) {
      this.#found = true;
      this.#listener.onAddresses(records.map((address) => ({ address, family })));
    } else if (this.#failure === null || (isNothing(this.#failure) && !isNothing(code))) {
      // prefer the error of a failed server over a name that does not exist
      this.#failure = code;
    }
    if (this.#open > 0) return;
    if (this.#found) this.#listener.onLookupOver(null);
    else this.begin();
  }
}

/** Calls back once: waits for both families, but only briefly for the second. */
export class Gathering implements LookupListener {
  readonly #callback: LookupCallback;
  readonly #families: readonly (4 | 6)[];
  readonly #timers: TimerWheel;
  /** Ends the wait for the second family. */
  readonly #late = new Timer(() => this.#finish(null));
  #addresses: readonly Address[] = [];
  #over = false;

  /** @param families in the order in which their addresses are reported */
  constructor(callback: LookupCallback, families: readonly (4 | 6)[], timers: TimerWheel) {
    this.#timers = timers;
    this.#callback = callback;
    this.#families = families;
  }

  onAddresses(addresses: readonly Address[]): void {
    this.#addresses = [...this.#addresses, ...addresses];
    if (!this.#late.running) this.#timers.start(this.#late, OTHER_FAMILY_DELAY);
  }

  onLookupOver(error: NodeJS.ErrnoException | null): void {
    this.#finish(error);
  }

  #finish(error: NodeJS.ErrnoException | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#timers.stop(this.#late);
    const ordered = this.#families.flatMap((wanted) =>
      this.#addresses.filter(({ family }) => family === wanted),
    );
    this.#callback(error, ordered);
  }
}
