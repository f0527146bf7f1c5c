/** The sockets of a script's `socket` parameters. */

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import {
  type Advertised,
  bareHost,
  defaultPort,
  isLocalAddress,
  type ListenOptions,
  listen,
  type Protocol,
  parseHostPort,
  type Source,
  type StreamLimits,
  splitProtocol,
  type Transport,
  transportName,
} from '../sip/index.ts';
import { type Clock, delay } from '../timers/index.ts';
import { messageOf } from './error-text.ts';
import type { ListenAddress } from './settings.ts';

export interface ListeningSocket {
  readonly transport: Transport;
  /** `udp:127.0.0.1:5060` */
  readonly name: string;
  /** As in the script, with its host resolved; a port of 0 remains 0. */
  readonly configured: string;
  /** The advertised host; null: its own address. */
  readonly advertised: Advertised | null;
  /** Its tag in the script. */
  readonly tag?: string | null;
}

export interface SocketHandlers {
  readonly onMessage: (data: Buffer, source: Source, transport: Transport) => void;
  readonly onError: (error: Error) => void;
  readonly onConnection?: ListenOptions['onConnection'];
  readonly elsewhere?: ListenOptions['elsewhere'];
  readonly onClose?: ListenOptions['onClose'];
  readonly count?: ListenOptions['count'];
  readonly tls?: ListenOptions['tls'];
}

/** A socket that could not be opened; the message is meant for users. */
export class BindError extends Error {
  readonly code: string;
  /** `udp:127.0.0.1:5060` */
  readonly socket: string | undefined;
  constructor(message: string, code: string, socket?: string) {
    super(message);
    this.name = 'BindError';
    this.code = code;
    this.socket = socket;
  }
}

/** How to wait for a port that another program uses. */
export interface PortWait {
  readonly clock: Clock;
  /** The end, on that clock. */
  readonly until: number;
  /** Whether to continue waiting. */
  readonly isWanted: () => boolean;
  /** Called once for each socket, `udp:127.0.0.1:5060`, that must be waited for. */
  readonly onWait: (socket: string) => void;
}

/** Where a process opens its sockets. */
export interface SocketSource {
  /** The addresses that the host of a `socket` parameter means. Rejects with a {@link BindError}. */
  addresses(host: string): Promise<readonly string[]>;
  /** Rejects with the system's error. */
  listen(protocol: Protocol, options: ListenOptions): Promise<Transport>;
  /** The local address that the routing table selects for a destination, or null. Default: the system's. */
  readonly sourceTowards?: (address: string) => string | null;
}

/** This machine. */
export const systemSockets: SocketSource = { addresses: resolve, listen };

/** Retry interval in ms; messages in between are lost. */
const tryAgain = 20;

/** Opens all or none of the sockets; rejects with a {@link BindError}. Sockets in `open` are kept. */
export async function bindSockets(
  addresses: readonly ListenAddress[],
  limits: Partial<StreamLimits>,
  handlers: SocketHandlers,
  open: readonly ListeningSocket[] = [],
  wait: PortWait | null = null,
  source: SocketSource = systemSockets,
): Promise<ListeningSocket[]> {
  const sockets: ListeningSocket[] = [];
  const opened: Transport[] = [];
  try {
    for (const { transport: protocol, host, port, advertised, tag = null, webSocket, proxies } of addresses) {
      for (const address of await source.addresses(host)) {
        const configured = `${protocol}:${address}:${port}`;
        const before = open.find((socket) => socket.configured === configured);
        if (before !== undefined) {
          sockets.push({ ...before, advertised, tag });
          continue;
        }
        try {
          const transport = await whenFree(configured, wait, () =>
            source.listen(protocol, { address, port, limits, webSocket, proxies, ...handlers }),
          );
          opened.push(transport);
          sockets.push({ transport, name: transportName(transport), configured, advertised, tag });
        } catch (error) {
          throw explain(error, `${protocol}:${host}:${port}`);
        }
      }
    }
  } catch (error) {
    await Promise.all(opened.map((transport) => transport.close()));
    throw error;
  }
  return sockets;
}

async function whenFree(
  socket: string,
  wait: PortWait | null,
  bind: () => Promise<Transport>,
): Promise<Transport> {
  for (let nth = 0; ; nth++) {
    try {
      return await bind();
    } catch (error) {
      const inUse = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (!inUse || wait === null || !wait.isWanted() || wait.clock.now() >= wait.until) throw error;
      if (nth === 0) wait.onWait(socket);
      await delay(wait.clock, tryAgain);
    }
  }
}

/** The open socket that `[proto:]host[:port]` means, or null. */
export function findSocket(sockets: readonly ListeningSocket[], text: string): Transport | null {
  return findListening(sockets, text)?.transport ?? null;
}

/** The same with its name. */
export function findListening(sockets: readonly ListeningSocket[], text: string): ListeningSocket | null {
  const { protocol, rest } = splitProtocol(text);
  const wanted = parseHostPort(rest);
  if (wanted === null) return null;
  const host = bareHost(wanted.host).toLowerCase();
  const found = sockets.find(({ transport, advertised }) => {
    const { address, port } = transport.local;
    if (protocol !== null && protocol !== transport.protocol) return false;
    const wantedPort = wanted.port ?? defaultPort(transport.protocol);
    if (address === host || isLocalOf(address, host)) return wantedPort === port;
    return advertised?.host.toLowerCase() === host && wantedPort === (advertised.port ?? port);
  });
  return found ?? null;
}

/** Whether this address belongs to a socket bound to all addresses. */
function isLocalOf(bound: string, host: string): boolean {
  if (bound !== '0.0.0.0' && bound !== '::') return false;
  return host === '*' || (isIP(host) !== 0 && isLocalAddress(host, bound === '::'));
}

/** The addresses meant by an address, `*` for all, a network interface, or a name. */
async function resolve(host: string): Promise<string[]> {
  const bare = bareHost(host);
  if (isIP(bare) !== 0) return [bare];
  if (bare === '*') return ['0.0.0.0'];
  const { [bare]: found = [] } = networkInterfaces();
  const ofInterface = found.filter(({ family }) => family === 'IPv4').map(({ address }) => address);
  if (ofInterface.length > 0) return ofInterface;
  try {
    return [(await lookup(bare)).address];
  } catch {
    throw new BindError(
      `cannot listen on "${host}": not an address, a network interface or a name that resolves`,
      'ENOTFOUND',
    );
  }
}

function explain(error: unknown, where: string): BindError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another program uses this port',
    EACCES: 'this port requires more privileges',
    EADDRNOTAVAIL: 'this machine does not have this address',
  };
  return new BindError(`cannot listen on ${where}: ${why[code] ?? messageOf(error)}`, code, where);
}
