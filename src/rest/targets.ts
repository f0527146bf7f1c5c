/**
 * Which servers may be asked, by name and by network. A name is checked before it is looked up; an address is the one that is
 * connected to, so it does not matter what a name resolves to at another moment.
 */
import { isIP, isIPv6, Networks } from '../net/index.ts';
import { invalidOption } from './errors.ts';
import { objectOf } from './read-options.ts';

/** Lists of names (`credit.example.org`, `*.example.org`), addresses, networks (`10.0.0.0/8`), and `private`. */
export interface TargetOptions {
  /** Only these may be asked. Default: all. */
  readonly allow?: readonly string[] | undefined;
  /** These may not be asked, even if they are allowed. Default: none. */
  readonly deny?: readonly string[] | undefined;
}

/** What `private` stands for: networks that are not the public internet. */
const PRIVATE = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/4', '240.0.0.0/4'],
  ...['::/128', '::1/128', 'fc00::/7', 'fe80::/10', 'ff00::/8'],
];
const MAX_ENTRIES = 10_000;
const NAME = /^(\*\.)?[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?$/;

const OPTION_NAMES: ReadonlySet<string> = new Set(['allow', 'deny']);

/** @throws RestOptionError */
export function readTargets(given: unknown): Targets {
  const options: TargetOptions = objectOf('targets', given, OPTION_NAMES, 'targets');
  return new Targets(options);
}

/** The lists, ready to be asked. */
export class Targets {
  readonly #allow: TargetList;
  readonly #deny: TargetList;

  /** @throws RestOptionError for any other entry */
  constructor({ allow = [], deny = [] }: TargetOptions) {
    this.#allow = new TargetList('targets.allow', allow);
    this.#deny = new TargetList('targets.deny', deny);
  }

  /** Why a host may not be asked, whatever its address; null: that depends on the address, or it may. */
  refusedName(hostname: string): string | null {
    const name = plain(hostname);
    if (isIP(name) !== 0) return this.refusedAddress(name, name);
    if (this.#deny.hasName(name)) return `${name} is on the list of targets that are denied`;
    const mayByAddress = this.#allow.isEmpty || this.#allow.hasNetworks;
    return mayByAddress || this.#allow.hasName(name) ? null : notAllowed(name);
  }

  /** Why an address of a host may not be connected to; null: it may. */
  refusedAddress(hostname: string, address: string): string | null {
    const name = plain(hostname);
    const shown = name === address ? name : `${name} (${address})`;
    if (this.#deny.hasAddress(address)) return `${shown} is in a network that is denied`;
    if (this.#allow.isEmpty || this.#allow.hasName(name) || this.#allow.hasAddress(address)) return null;
    return notAllowed(shown);
  }
}

const notAllowed = (shown: string): string => `${shown} is not on the list of targets that are allowed`;

/** One list. */
class TargetList {
  readonly isEmpty: boolean;
  /** Whether some entries are addresses or networks. */
  readonly hasNetworks: boolean;
  readonly #names = new Set<string>();
  readonly #networks = new Networks();

  constructor(option: string, entries: unknown) {
    if (!Array.isArray(entries) || entries.length > MAX_ENTRIES)
      throw invalidOption(option, entries, `a list of at most ${MAX_ENTRIES} entries`);
    let networks = 0;
    for (const entry of entries.flatMap((one: unknown) => (one === 'private' ? PRIVATE : [one]))) {
      if (typeof entry !== 'string') throw invalidOption(option, entry, EXPECTED);
      if (this.#networks.add(entry)) networks++;
      else if (NAME.test(entry)) this.#names.add(entry.toLowerCase());
      else throw invalidOption(option, entry, EXPECTED);
    }
    this.isEmpty = entries.length === 0;
    this.hasNetworks = networks > 0;
  }

  hasName(name: string): boolean {
    if (this.#names.has(name)) return true;
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1))
      if (this.#names.has(`*${name.slice(dot)}`)) return true;
    return false;
  }

  hasAddress(address: string): boolean {
    const inner = embedded(address);
    return (inner !== null && this.#networks.has(inner)) || this.#networks.has(address);
  }
}

const EXPECTED = "names ('*.example.org'), addresses, networks ('10.0.0.0/8') or 'private'";

/** In lower case, without the dot at the end of a complete name, and without a zone. */
const plain = (hostname: string): string => hostname.toLowerCase().replace(/\.$/, '').replace(/%.*$/, '');

/** IPv4 within an IPv6 address: mapped (::ffff:0:0/96), or translated by NAT64 (64:ff9b::/96). */
function embedded(address: string): string | null {
  if (!isIPv6(address)) return null;
  const written = new URL(`http://[${address.replace(/%.*$/, '')}]/`).hostname.slice(1, -1);
  const [, high, low] = /^(?:::ffff:|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(written) ?? [];
  if (high === undefined || low === undefined) return null;
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [a >> 8, a & 255, b >> 8, b & 255].join('.');
}
