/**
 * Version 2 of the PROXY protocol, by which a load balancer tells whose connection it passes on. Source: HAProxy's
 * doc/proxy-protocol.txt, 2.2.
 */
import type { Socket } from 'node:net';
import { Networks } from '../net/index.ts';

/** The client of a connection. */
export interface ProxiedClient {
  /** An IP address, IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
}

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const VERSION_1 = Buffer.from('PROXY ');
const HEADER_BYTES = 16;
/** Limit on addresses and extensions, in bytes; HAProxy sends up to a few hundred. */
const MAX_LENGTH = 4096;
const COMMAND = { local: 0x20, proxy: 0x21 } as const;
const FAMILY = { tcp4: 0x11, tcp6: 0x21 } as const;

type Read =
  | 'more'
  /** `client`: null for a connection of the proxy itself, or of an unknown client. */
  | { readonly client: ProxiedClient | null; readonly length: number }
  | { readonly defect: string };

export function readProxyHeader(bytes: Buffer): Read {
  if (!beginsAs(bytes, SIGNATURE)) {
    if (!beginsAs(bytes, VERSION_1)) return { defect: 'the proxy sends no PROXY header' };
    if (bytes.length < VERSION_1.length) return 'more';
    return { defect: 'the PROXY header has version 1; use version 2 (send-proxy-v2 of HAProxy)' };
  }
  if (bytes.length < HEADER_BYTES) return 'more';
  const [command, family] = [bytes[12], bytes[13]];
  const size = bytes.readUInt16BE(14);
  if (command !== COMMAND.local && command !== COMMAND.proxy)
    return { defect: 'the PROXY header has an unknown version or command' };
  if (size > MAX_LENGTH) return { defect: 'the PROXY header is too long' };
  const length = HEADER_BYTES + size;
  if (bytes.length < length) return 'more';
  if (command === COMMAND.local) return { client: null, length };
  const body = bytes.subarray(HEADER_BYTES, length);
  if (family === FAMILY.tcp4 && size >= 12)
    return { client: { address: body.subarray(0, 4).join('.'), port: body.readUInt16BE(8) }, length };
  if (family === FAMILY.tcp6 && size >= 36)
    return { client: { address: ipv6Of(body.subarray(0, 16)), port: body.readUInt16BE(32) }, length };
  return { defect: 'the PROXY header names no TCP client' };
}

/** Whether the bytes, which may be fewer, are those of the pattern. */
function beginsAs(bytes: Buffer, pattern: Buffer): boolean {
  const known = Math.min(bytes.length, pattern.length);
  return bytes.compare(pattern, 0, known, 0, known) === 0;
}

/** In the form of Node's `remoteAddress`. */
function ipv6Of(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/**
 * Reads the header of a new connection, and leaves the bytes behind it in the socket. `done` gets the client, or null
 * if the connection is the proxy's own; or an error, with the connection destroyed.
 */
export function receiveProxyHeader(
  socket: Socket,
  timeout: number,
  done: (client: ProxiedClient | null | Error) => void,
): void {
  let bytes = Buffer.alloc(0);
  const end = (result: ProxiedClient | null | Error): void => {
    clearTimeout(timer);
    socket.off('readable', look);
    socket.off('error', end);
    socket.off('end', close);
    socket.off('close', close);
    if (result instanceof Error) {
      socket.on('error', () => undefined);
      socket.destroy();
    }
    done(result);
  };
  const look = (): void => {
    for (let more: Buffer | null = socket.read(); more !== null; more = socket.read()) {
      bytes = Buffer.concat([bytes, more]);
      const read = readProxyHeader(bytes);
      if (read === 'more') continue;
      if ('defect' in read) return end(new Error(read.defect));
      if (bytes.length > read.length) socket.unshift(bytes.subarray(read.length));
      return end(read.client);
    }
  };
  const close = (): void => end(new Error('the proxy has closed the connection before its PROXY header'));
  const timer = setTimeout(() => end(new Error('the PROXY header did not arrive in time')), timeout);
  socket.on('readable', look);
  socket.on('error', end);
  socket.on('end', close);
  socket.on('close', close);
}

/** The networks of proxies, or the first text that is neither an address nor a network. */
export function proxyNetworks(texts: readonly string[]): Networks | { readonly invalid: string } {
  const networks = new Networks();
  const invalid = texts.find((text) => !networks.add(text.trim()));
  return invalid === undefined ? networks : { invalid };
}
