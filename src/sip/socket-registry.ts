/** The open sockets: which one sends a request, and how a Via names it. */

import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';
import { isIPv6, sourceAddressTowards } from '../net/index.ts';
import type { SendingSocket, Target } from './proxy-types.ts';
import type { Transport } from './transport.ts';
import { DEFAULT_PROTOCOL, type Protocol, TRANSPORTS } from './transports.ts';
import { bareHost } from './uri.ts';
import { formatHostPort } from './via.ts';

export interface Advertised {
  /** A name or an address. */
  readonly host: string;
  /** Absent: the port that the socket is bound to. */
  readonly port?: number;
}

interface Entry {
  readonly transport: Transport;
  readonly advertised: Advertised | null;
  readonly ipv6: boolean;
  readonly wildcard: boolean;
  readonly loopback: boolean;
  /** By host, which depends on the target if the socket is bound to all addresses. */
  readonly named: Map<string, SendingSocket>;
}

/** How long the machine's addresses are cached, in ms. */
const INTERFACES_AGE = 10_000;
/** Limit on names set for single requests. */
const MAX_GIVEN = 1000;

export class SocketRegistry {
  readonly #entries: Entry[] = [];
  readonly #byTransport = new Map<Transport, Entry>();
  /** Hosts and ports advertised by single requests; the oldest are forgotten. */
  readonly #given = new Set<string>();
  /** Null after a change. */
  #protocols: ReadonlySet<Protocol> | null = null;
  #families: readonly (4 | 6)[] | null = null;
  /** Whether requests leave by the socket whose address the routing table selects (`mhomed`). */
  byRoute = false;
  readonly #sourceTowards: (address: string) => string | null;

  /** @param sourceTowards the local address that the routing table selects. Default: the system's */
  constructor(sourceTowards: (address: string) => string | null = sourceAddressTowards) {
    this.#sourceTowards = sourceTowards;
  }

  /** The first socket of a kind is preferred. */
  add(transport: Transport, advertised: Advertised | null = null): void {
    const { address } = transport.local;
    const entry: Entry = {
      transport,
      advertised,
      ipv6: isIPv6(address),
      wildcard: isWildcard(address),
      loopback: isLoopback(address),
      named: new Map(),
    };
    this.#entries.push(entry);
    this.#protocols = null;
    this.#families = null;
    this.#byTransport.set(transport, entry);
  }

  remove(transport: Transport): void {
    this.#byTransport.delete(transport);
    this.#protocols = null;
    this.#families = null;
    const at = this.#entries.findIndex((entry) => entry.transport === transport);
    if (at >= 0) this.#entries.splice(at, 1);
  }

  /** The protocols with a socket; cached, since every forwarded request needs them. */
  get protocols(): ReadonlySet<Protocol> {
    this.#protocols ??= new Set(this.#entries.map(({ transport }) => transport.protocol));
    return this.#protocols;
  }

  /** The address families with a socket, IPv4 first. */
  get families(): readonly (4 | 6)[] {
    this.#families ??= ([4, 6] as const).filter((family) =>
      this.#entries.some(({ ipv6 }) => ipv6 === (family === 6)),
    );
    return this.#families;
  }

  /**
   * The socket for sending to a target: one with a connection to it, `preferred` before others; else `preferred` (on which the request arrived, or forced by a script) if it has the
   * target's transport and address family, else the first that has them, or null. A socket bound to a loopback address
   * reaches only loopback addresses. With {@link byRoute} the socket on the address selected by the system's routing
   * table takes precedence unless `preferred` is `forced`.
   */
  choose(
    target: Target,
    preferred: Transport | null = null,
    { forced = false }: { readonly forced?: boolean } = {},
  ): SendingSocket | null {
    if (this.byRoute && !forced) {
      const routed = this.#onRoute(target, preferred);
      if (routed !== null) return named(routed, target.address);
    }
    const wanted = preferred === null ? undefined : this.#byTransport.get(preferred.listener ?? preferred);
    const ipv6 = isIPv6(target.address);
    const loopback = isLoopback(target.address);
    const fits = wanted !== undefined && serves(wanted, target, ipv6) && (loopback || !wanted.loopback);
    const connected = forced || (fits && isConnected(wanted, target)) ? null : this.#connected(target);
    if (connected !== null) return named(connected, target.address);
    if (fits) return named(wanted, target.address);
    let second: Entry | null = null;
    for (const entry of this.#entries) {
      if (!serves(entry, target, ipv6)) continue;
      if (entry.wildcard || entry.loopback === loopback) return named(entry, target.address);
      second ??= entry;
    }
    return second === null ? null : named(second, target.address);
  }

  #connected(target: Target): Entry | null {
    if (!TRANSPORTS[target.transport].reliable) return null;
    return (
      this.#entries.find(
        (entry) => entry.transport.protocol === target.transport && isConnected(entry, target),
      ) ?? null
    );
  }

  /** Whether a socket of this transport has a connection to an address and port, in any process. */
  isConnected(protocol: Protocol, address: string, port: number): boolean {
    return this.#connected({ address, port, transport: protocol }) !== null;
  }

  /** A socket bound to the system's source address for the target, `preferred` before others. */
  #onRoute(target: Target, preferred: Transport | null): Entry | null {
    const source = this.#sourceTowards(target.address);
    if (source === null) return null;
    const ipv6 = isIPv6(target.address);
    const fits = (entry: Entry): boolean =>
      serves(entry, target, ipv6) && sameAddress(entry.transport.local.address, source);
    const wanted = preferred === null ? undefined : this.#byTransport.get(preferred.listener ?? preferred);
    if (wanted !== undefined && fits(wanted)) return wanted;
    return this.#entries.find(fits) ?? null;
  }

  /** The name of a socket towards an address; null for an unregistered socket. */
  of(transport: Transport, towards?: string): SendingSocket | null {
    const entry = this.#byTransport.get(transport.listener ?? transport);
    return entry === undefined ? null : named(entry, towards ?? (entry.ipv6 ? '::' : '0.0.0.0'));
  }

  /**
   * The address at which a peer reaches a socket: for one bound to all addresses, the machine's address in the peer's
   * network.
   */
  addressOf({ local: { address } }: Transport, towards: string): string {
    return isWildcard(address) ? localAddressTowards(sameFamily(address, towards)) : address;
  }

  /**
   * Registers a name under which a request is sent (`host`: IPv6 in brackets), so that its responses are recognized.
   */
  alsoKnownAs(host: string, port: number): void {
    const name = givenName(host, port);
    this.#given.delete(name);
    const oldest = this.#given.size >= MAX_GIVEN ? this.#given.keys().next().value : undefined;
    if (oldest !== undefined) this.#given.delete(oldest);
    this.#given.add(name);
  }

  /**
   * Whether a host and port, from a Via or a URI, belong to one of the sockets. `host`: IPv6 with or without brackets.
   */
  isOwn(host: string, port: number | null, protocol?: Protocol): boolean {
    const bare = bareHost(host).toLowerCase();
    for (const { transport, advertised, wildcard, ipv6 } of this.#entries) {
      if (protocol !== undefined && transport.protocol !== protocol) continue;
      const given = port ?? TRANSPORTS[transport.protocol].defaultPort;
      const isBoundPort = transport.local.port === given;
      if (advertised !== null && (isBoundPort || advertised.port === given) && isAdvertised(advertised, bare))
        return true;
      if (isBoundPort && isBoundTo(transport, bare, wildcard, ipv6)) return true;
    }
    if (this.#given.size === 0) return false;
    return this.#given.has(givenName(bare, port ?? TRANSPORTS[protocol ?? DEFAULT_PROTOCOL].defaultPort));
  }

  /** Like {@link isOwn}, for any port. */
  isOwnHost(host: string): boolean {
    const bare = bareHost(host).toLowerCase();
    return this.#entries.some(
      ({ transport, advertised, wildcard, ipv6 }) =>
        (advertised !== null && isAdvertised(advertised, bare)) || isBoundTo(transport, bare, wildcard, ipv6),
    );
  }
}

const isAdvertised = ({ host }: Advertised, bare: string): boolean => bareHost(host).toLowerCase() === bare;

function isBoundTo({ local }: Transport, bare: string, wildcard: boolean, ipv6: boolean): boolean {
  return sameAddress(local.address, bare) || (wildcard && isLocalAddress(bare, ipv6));
}

/** Across address families nothing can be compared, so any network matches. */
const sameFamily = (own: string, towards: string): string =>
  isIPv6(own) === isIPv6(towards) ? towards : own;

const givenName = (host: string, port: number): string => `${bareHost(host).toLowerCase()} ${port}`;

function serves({ transport, ipv6 }: Entry, target: Target, targetIpv6: boolean): boolean {
  return transport.protocol === target.transport && ipv6 === targetIpv6;
}

const isConnected = ({ transport }: Entry, { address, port }: Target): boolean =>
  transport.isConnected?.(address, port) === true;

function named(entry: Entry, towards: string): SendingSocket {
  const { transport, advertised, wildcard, named: known } = entry;
  const host = advertised?.host ?? (wildcard ? localAddressTowards(towards) : transport.local.address);
  let socket = known.get(host);
  if (socket === undefined) {
    const port = advertised?.port ?? transport.local.port;
    socket = { transport, host: formatHostPort(host, null), port };
    known.set(host, socket);
  }
  return socket;
}

const isWildcard = (address: string): boolean => address === '0.0.0.0' || address === '::';

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

function sameAddress(one: string, other: string): boolean {
  if (one === other) return true;
  if (!one.includes(':') || !isIPv6(other)) return false;
  return ipaddr.parse(one).toNormalizedString() === ipaddr.parse(other).toNormalizedString();
}

interface LocalAddress {
  readonly address: string;
  readonly network: [ipaddr.IPv4 | ipaddr.IPv6, number] | null;
  readonly internal: boolean;
}

let localAddresses: LocalAddress[] = [];
let readAt = Number.NEGATIVE_INFINITY;
/** Results of {@link localAddressTowards} since the interfaces were read. */
const towardsPeers = new Map<string, string>();
const MAX_PEERS = 1000;

function readLocalAddresses(): readonly LocalAddress[] {
  const now = performance.now();
  if (now - readAt < INTERFACES_AGE) return localAddresses;
  readAt = now;
  towardsPeers.clear();
  localAddresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .map(({ address, cidr, internal }) => ({
      address,
      network: cidr === null ? null : ipaddr.parseCIDR(cidr),
      internal,
    }));
  return localAddresses;
}

/** Whether this machine has the address, for sockets bound to all addresses of a family. */
export function isLocalAddress(address: string, ipv6: boolean): boolean {
  if (isLoopback(address)) return isIPv6(address) === ipv6;
  return readLocalAddresses().some((local) => sameAddress(local.address, address));
}

/** The machine's address in the target's network, else its first reachable one. */
function localAddressTowards(target: string): string {
  if (isLoopback(target)) return target;
  const addresses = readLocalAddresses();
  let found = towardsPeers.get(target);
  if (found === undefined) {
    found = nearestTo(target, addresses);
    if (towardsPeers.size >= MAX_PEERS) towardsPeers.clear();
    towardsPeers.set(target, found);
  }
  return found;
}

function nearestTo(target: string, addresses: readonly LocalAddress[]): string {
  const ipv6 = isIPv6(target);
  const parsed = ipaddr.parse(target);
  let first: string | null = null;
  for (const { address, network, internal } of addresses) {
    if (isIPv6(address) !== ipv6 || address.startsWith('fe80:')) continue;
    if (network !== null && parsed.kind() === network[0].kind() && parsed.match(network)) return address;
    if (!internal) first ??= address;
  }
  return first ?? (ipv6 ? '::1' : '127.0.0.1');
}
