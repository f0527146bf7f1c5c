import { readFileSync, statSync } from 'node:fs';
import type { Clock } from '../timers/index.ts';
import { isIP } from './ip-address.ts';

/** An IP address. */
export interface Address {
  /** An IP address. */
  readonly address: string;
  /** Its version. */
  readonly family: 4 | 6;
}

/** How often a file is checked for changes, in milliseconds. */
const LOOK_AGAIN = 2_000;

/**
 * A small configuration file that is read again after changes. A missing file counts as empty; if reading fails for
 * another reason (no free descriptor), the previous contents remain.
 */
export class WatchedFile<T> {
  readonly #path: string;
  readonly #parse: (text: string) => T;
  readonly #clock: Clock;
  #value: T;
  #stamp = '';
  #lookedAt = Number.NEGATIVE_INFINITY;
  #version = 0;

  constructor(path: string, parse: (text: string) => T, clock: Clock) {
    this.#path = path;
    this.#parse = parse;
    this.#clock = clock;
    this.#value = parse('');
  }

  /** Counts changes of the file. */
  get version(): number {
    this.#look();
    return this.#version;
  }

  get value(): T {
    this.#look();
    return this.#value;
  }

  #look(): void {
    const now = this.#clock.now();
    if (now - this.#lookedAt < LOOK_AGAIN) return;
    this.#lookedAt = now;
    let stamp = 'none';
    let text = '';
    try {
      const { mtimeMs, size, ino } = statSync(this.#path);
      stamp = `${mtimeMs} ${size} ${ino}`;
      if (stamp === this.#stamp) return;
      text = readFileSync(this.#path, 'latin1');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return;
      stamp = 'none';
    }
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    this.#version++;
    this.#value = this.#parse(text);
  }
}

/** Names and their addresses in the text of /etc/hosts, see hosts(5). */
export function parseHosts(text: string): Map<string, Address[]> {
  const hosts = new Map<string, Address[]>();
  for (const line of text.split('\n')) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const family = isIP(address);
    if (family === 0) continue;
    for (const name of names) {
      const key = name.toLowerCase();
      const known = hosts.get(key) ?? [];
      if (!known.some((a) => a.address === address)) known.push({ address, family: family === 6 ? 6 : 4 });
      hosts.set(key, known);
    }
  }
  return hosts;
}

/** A name server. */
export interface NameServer {
  readonly address: string;
  readonly port: number;
}

/** The supported parts of /etc/resolv.conf, see resolv.conf(5). */
export interface ResolverConfig {
  readonly servers: readonly NameServer[];
  readonly search: readonly string[];
  readonly ndots: number;
  /** `options timeout:`, in milliseconds. */
  readonly timeout: number | undefined;
  /** `options attempts:` */
  readonly tries: number | undefined;
}

const MAX_SEARCH = 16;
const MAX_SERVERS = 8;
const DNS_PORT = 53;
/** The local server, which resolv.conf(5) implies without a `nameserver` line. */
const LOCAL_SERVER: readonly NameServer[] = [{ address: '127.0.0.1', port: DNS_PORT }];

export function parseResolvConf(text: string): ResolverConfig {
  const servers: NameServer[] = [];
  let search: string[] = [];
  const options = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/);
    if (keyword === 'search') search = words.slice(0, MAX_SEARCH);
    else if (keyword === 'domain') search = words.slice(0, 1);
    else if (keyword === 'nameserver') {
      const server = parseNameServer(words[0] ?? '');
      if (server !== null && servers.length < MAX_SERVERS) servers.push(server);
    } else if (keyword === 'options') {
      for (const word of words) {
        const [, name, number] = /^(ndots|timeout|attempts):(\d{1,6})$/.exec(word) ?? [];
        if (name !== undefined) options.set(name, Number(number));
      }
    }
  }
  const bounded = (name: string, least: number, most: number): number | undefined => {
    const value = options.get(name);
    return value === undefined ? undefined : Math.min(Math.max(value, least), most);
  };
  const seconds = bounded('timeout', 1, 30);
  return {
    servers: servers.length > 0 ? servers : LOCAL_SERVER,
    search: search.map((s) => s.replace(/\.$/, '')).filter((s) => s !== ''),
    ndots: bounded('ndots', 0, 15) ?? 1,
    timeout: seconds === undefined ? undefined : seconds * 1000,
    tries: bounded('attempts', 1, 5),
  };
}

/** `192.0.2.1`, `192.0.2.1:53`, `2001:db8::1`, `fe80::1%eth0`, `[2001:db8::1]:53`; null for other text. */
export function parseNameServer(text: string): NameServer | null {
  if (isIP(text) !== 0) return { address: text, port: DNS_PORT };
  const [, bracketed, plain, digits] = /^(?:\[(.*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const address = bracketed ?? plain ?? '';
  const port = digits === undefined ? DNS_PORT : Number(digits);
  if (isIP(address) === 0 || port < 1 || port > 65_535) return null;
  return { address, port };
}

const LONGEST_NAME = 253;

/** The names to query for a lookup, in the order of resolv.conf(5). A final dot marks a complete name. */
export function searchedNames(
  name: string,
  { search, ndots }: Pick<ResolverConfig, 'search' | 'ndots'>,
): readonly string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)];
  const longer = search.map((domain) => `${name}.${domain}`).filter((one) => one.length <= LONGEST_NAME);
  const dots = name.split('.').length - 1;
  return dots >= ndots ? [name, ...longer] : [...longer, name];
}
