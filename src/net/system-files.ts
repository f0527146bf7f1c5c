import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';

/** An IP address. */
export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

/** How often a file is looked at again, in milliseconds. */
const LOOK_AGAIN = 2_000;

/**
 * A small configuration file that is read again when it has changed. A missing file reads as empty; one that cannot be
 * read for another reason (no descriptor is free) as it was before.
 */
export class WatchedFile<T> {
  readonly #path: string;
  readonly #parse: (text: string) => T;
  readonly #now: () => number;
  #value: T;
  #stamp = '';
  #lookedAt = Number.NEGATIVE_INFINITY;
  #version = 0;

  /** @param now in milliseconds, never going back */
  constructor(path: string, parse: (text: string) => T, now: () => number = () => performance.now()) {
    this.#path = path;
    this.#parse = parse;
    this.#now = now;
    this.#value = parse('');
  }

  /** Counts the changes of the file. */
  get version(): number {
    this.#look();
    return this.#version;
  }

  get value(): T {
    this.#look();
    return this.#value;
  }

  #look(): void {
    const now = this.#now();
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

/** Names and their addresses from the text of /etc/hosts, see hosts(5). */
export function parseHosts(text: string): Map<string, Address[]> {
  const hosts = new Map<string, Address[]>();
  for (const line of text.split('\n')) {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    // node's first isIP() takes milliseconds, and this is called with no text when a client is made
    if (address === undefined || address === '') continue;
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

/** What of /etc/resolv.conf counts beside the name servers, see resolv.conf(5). */
export interface ResolverConfig {
  readonly search: readonly string[];
  readonly ndots: number;
}

const MAX_SEARCH = 16;

export function parseResolvConf(text: string): ResolverConfig {
  let search: string[] = [];
  let ndots = 1;
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/);
    if (keyword === 'search') search = words.slice(0, MAX_SEARCH);
    else if (keyword === 'domain') search = words.slice(0, 1);
    else if (keyword === 'options') {
      for (const word of words) {
        const match = /^ndots:(\d+)$/.exec(word);
        if (match !== null) ndots = Math.min(Number(match[1]), 15);
      }
    }
  }
  return { search: search.map((s) => s.replace(/\.$/, '')).filter((s) => s !== ''), ndots };
}

const LONGEST_NAME = 253;

/** The names to ask for where one is looked for, in the order of resolv.conf(5). A final dot says that it is whole. */
export function searchedNames(name: string, { search, ndots }: ResolverConfig): readonly string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)];
  const longer = search.map((domain) => `${name}.${domain}`).filter((one) => one.length <= LONGEST_NAME);
  const dots = name.split('.').length - 1;
  return dots >= ndots ? [name, ...longer] : [...longer, name];
}
