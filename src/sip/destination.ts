/** Finds where to send a request (RFC 3263, 4). */

import { isIP, type NamingPointer, type ServiceRecord } from '../net/index.ts';
import { type Awaitable, andThen, isPending } from '../timers/index.ts';
import { type NamedService, namedServices } from './naming-pointers.ts';
import type { Target } from './proxy-types.ts';
import {
  DEFAULT_PROTOCOL,
  namedProtocols,
  PROTOCOLS,
  type Protocol,
  secureProtocol,
  TRANSPORTS,
} from './transports.ts';
import { bareHost, type Uri, uriKind, uriParameter } from './uri.ts';

export type { ServiceRecord };

/** All methods answer synchronously from the cache. An empty list: the name does not exist, or no server answers. */
export interface NameService {
  /** @param families usable families, the preferred one first; default both */
  addresses(name: string, families?: readonly (4 | 6)[]): Awaitable<readonly string[]>;
  /** SRV records of a name like `_sip._udp.example.com`. */
  services(name: string): Awaitable<readonly ServiceRecord[]>;
  /** NAPTR records of a domain; absent: none are looked up. */
  namingPointers?(name: string): Awaitable<readonly NamingPointer[]>;
  /** Called if no address of a name answers: the addresses may have changed. */
  doubt?(name: string): void;
}

export interface DestinationOptions {
  readonly names: NameService;
  /** The transports with a socket; for a URI without a transport, the first suitable one. */
  readonly protocols: ReadonlySet<Protocol>;
  /** The address families with a socket, the preferred one first; default: both. */
  readonly families?: readonly (4 | 6)[];
  /** Whether there is a connection to this address and port; default: none. */
  readonly isConnected?: (protocol: Protocol, address: string, port: number) => boolean;
  /** For a URI without a transport: the transport of the socket that will send the request. */
  readonly preferred?: Protocol | null | undefined;
  /** 0 to 1, like Math.random, the default: chooses among SRV records by weight. */
  readonly random?: () => number;
}

/**
 * `no-host`: a TEL URI. `transport`: unsupported, or without a socket. `unknown-name`: no address was found. `avoided`: all
 * targets have failed lately.
 */
export type DestinationFailure = 'no-host' | 'transport' | 'unknown-name' | 'avoided';

export type Destinations =
  | { readonly targets: readonly Target[]; readonly failure: null }
  | { readonly targets: readonly []; readonly failure: DestinationFailure };

/** In order of preference for a URI without a transport (4.1: a numeric host, or one without SRV, gets UDP). */
const bySrv = (secure: boolean): readonly Protocol[] =>
  PROTOCOLS.filter((name) => TRANSPORTS[name].secure === secure && TRANSPORTS[name].service !== null);
const PREFERENCE = { sip: bySrv(false), sips: bySrv(true) } as const;
/** Limit on the SRV records used from one answer, and on all their addresses. */
const MAX_RECORDS = 16;
const MAX_TARGETS = 32;

export const failed = (failure: DestinationFailure): Destinations => ({ targets: [], failure });

/**
 * The targets of a URI in the order in which they are tried (4.3). Synchronous if no name server has to be queried;
 * never throws or rejects.
 */
export function findDestinations(uri: Uri, options: DestinationOptions): Awaitable<Destinations> {
  if (uri.host === null) return failed('no-host');
  const protocols = wantedProtocols(uri, options);
  const [first] = protocols;
  if (first === undefined) return failed('transport');
  const maddr = uriParameter(uri, 'maddr');
  const host = bare(maddr === null || maddr === '' ? uri.host : maddr);
  const domain = isIP(bare(uri.host)) === 0 ? bare(uri.host) : null;
  const outcome = (targets: readonly Target[]): Destinations => reached(targets, domain);
  if (isIP(host) !== 0) return outcome([addressTarget(host, uri, protocols, options)]);
  if (isNobody(host)) return failed('unknown-name');
  const found =
    uri.port !== null
      ? addressTargets(host, uri.port, first, options)
      : serviceTargets(host, protocols, pointed(uri, options), options);
  return isPending(found) ? found.then(outcome, () => failed('unknown-name')) : outcome(found);
}

/** @param domain that a secure target has to be for, or null */
function reached(targets: readonly Target[], domain: string | null): Destinations {
  const [first] = targets;
  if (first === undefined) return failed('unknown-name');
  const isPlain = domain === null || !TRANSPORTS[first.transport].secure;
  return { targets: isPlain ? targets : targets.map((one) => ({ ...one, domain })), failure: null };
}

/** The transports among which NAPTR records choose; null if the URI or its socket has chosen already (4.1). */
function pointed(
  uri: Uri,
  { names, protocols, preferred }: DestinationOptions,
): ReadonlySet<Protocol> | null {
  if (names.namingPointers === undefined || (uriParameter(uri, 'transport') ?? '') !== '') return null;
  if (uriKind(uri) !== 'sips') return preferred != null && protocols.has(preferred) ? null : protocols;
  return new Set([...protocols].filter((protocol) => TRANSPORTS[protocol].secure));
}

/** Names that no name server knows (RFC 6761, 6.4), such as those of browsers (RFC 7118, 5). */
const isNobody = (host: string): boolean => host === 'invalid' || host.endsWith('.invalid');

/** Of several transports with the same name in URIs: the one that is connected. */
function addressTarget(
  address: string,
  uri: Uri,
  protocols: readonly Protocol[],
  { isConnected }: DestinationOptions,
): Target {
  const portOf = (transport: Protocol): number => uri.port ?? TRANSPORTS[transport].defaultPort;
  const [first = DEFAULT_PROTOCOL] = protocols;
  const isNamed =
    isConnected !== undefined && protocols.length > 1 && uriParameter(uri, 'transport') !== null;
  const connected = isNamed
    ? protocols.find((protocol) => isConnected(protocol, address, portOf(protocol)))
    : undefined;
  const transport = connected ?? first;
  return { address, port: portOf(transport), transport };
}

const bare = (host: string): string => bareHost(host).replace(/\.$/, '').toLowerCase();

/** The transports that the URI allows (4.1). */
function wantedProtocols(
  uri: Uri,
  { protocols: available, preferred }: DestinationOptions,
): readonly Protocol[] {
  const named = uriParameter(uri, 'transport')?.toLowerCase() ?? '';
  const isSecure = uriKind(uri) === 'sips'; // requires a secure transport on every hop (RFC 3261, 26.2.2)
  if (named === '') {
    if (!isSecure && preferred != null && available.has(preferred)) return [preferred];
    return PREFERENCE[isSecure ? 'sips' : 'sip'].filter((protocol) => available.has(protocol));
  }
  const secure = isSecure ? secureProtocol(named) : null;
  const wanted = isSecure ? (secure === null ? [] : [secure]) : namedProtocols(named);
  return wanted.filter((protocol) => available.has(protocol));
}

type Found = Awaitable<readonly Target[]>;

function addressTargets(
  host: string,
  port: number,
  transport: Protocol,
  { names, families }: DestinationOptions,
): Found {
  if (isIP(host) !== 0) return [{ address: host, port, transport }];
  const targets = (addresses: readonly string[]): readonly Target[] =>
    addresses.slice(0, MAX_TARGETS).map((address) => ({ address, port, transport, name: host }));
  return andThen(names.addresses(host, families), targets);
}

/**
 * Queries NAPTR, else SRV for each transport; without records, uses the host's addresses at the default port (4.1 and 4.2).
 */
async function serviceTargets(
  host: string,
  protocols: readonly Protocol[],
  pointed: ReadonlySet<Protocol> | null,
  options: DestinationOptions,
): Promise<readonly Target[]> {
  const { names } = options;
  // all at once, the fallback addresses included, so that a silent name server delays only once
  const pointers = pointed === null ? [] : (names.namingPointers?.(host) ?? []);
  const [first] = protocols;
  const plain =
    first === undefined ? [] : addressTargets(host, TRANSPORTS[first].defaultPort, first, options);
  const answers = await Promise.all(
    protocols.map(async (protocol) => {
      const { service } = TRANSPORTS[protocol];
      return { protocol, records: service === null ? [] : await names.services(service + host) };
    }),
  );
  if (pointed !== null) {
    const targets = await pointedTargets(namedServices(await pointers, pointed), options);
    if (targets.length > 0) return targets;
  }
  for (const { protocol, records } of answers) {
    const targets = recordTargets(records, protocol, options);
    if (targets !== null) return targets;
  }
  return plain;
}

/**
 * The targets of the first transport that has any: all of them need the same one, since the request is written for its
 * socket.
 */
async function pointedTargets(
  services: readonly NamedService[],
  options: DestinationOptions,
): Promise<readonly Target[]> {
  const asked = services.map(async ({ name, protocol }) =>
    recordTargets(await options.names.services(bare(name)), protocol, options),
  );
  const found = await Promise.all(asked);
  const first = services.find((_, i) => (found[i]?.length ?? 0) > 0);
  const same = found.filter(
    (_, i) => services[i]?.protocol === first?.protocol && services[i]?.order === first?.order,
  );
  return same.flatMap((targets) => targets ?? []).slice(0, MAX_TARGETS);
}

/** The targets of SRV records; null without records, none if they say that there is no such service (RFC 2782). */
function recordTargets(
  records: readonly ServiceRecord[],
  protocol: Protocol,
  options: DestinationOptions,
): Promise<readonly Target[]> | null {
  if (records.length === 0) return null;
  const usable = records.filter(({ name, port }) => name !== '' && name !== '.' && port > 0 && port < 65_536);
  const ordered = orderServices(usable.slice(0, MAX_RECORDS), options.random ?? Math.random);
  const lists = ordered.map(async ({ name, port }) => addressTargets(bare(name), port, protocol, options));
  return Promise.all(lists).then((all) => all.flat().slice(0, MAX_TARGETS));
}

/** By priority, and among equals at random by weight (RFC 2782). */
export function orderServices(
  records: readonly ServiceRecord[],
  random: () => number = Math.random,
): ServiceRecord[] {
  // weight 0 first, which leaves it a very small chance
  const left = [...records].sort((a, b) => a.priority - b.priority || a.weight - b.weight);
  const ordered: ServiceRecord[] = [];
  for (let first = left[0]; first !== undefined; first = left[0]) {
    const { priority } = first;
    const group = left.filter((record) => record.priority === priority);
    const total = group.reduce((sum, { weight }) => sum + weight, 0);
    let rest = Math.floor(random() * (total + 1));
    const chosen = group.find(({ weight }) => {
      rest -= weight;
      return rest <= 0;
    });
    const taken = chosen ?? first;
    left.splice(left.indexOf(taken), 1);
    ordered.push(taken);
  }
  return ordered;
}
