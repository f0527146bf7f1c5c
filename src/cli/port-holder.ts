/** Finds out who holds a port that a server needs, and its remaining calls. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { allServers, askServer, controlDirectory, type ServerIdentity } from '../internal.ts';
import { plural, type Streams } from './streams.ts';

/** Timeout for a server that does not answer, in ms. */
const timeout = 1000;

/** `siprest "edge", process 123, which stops: 3 calls are left, and 21 s for them`; null if unknown. */
export async function portHolder(socket: string, env: Streams['env']): Promise<string | null> {
  const servers = await allServers(controlDirectory(env));
  const identities = await Promise.all(
    servers.map(async ({ path }) => {
      try {
        return (await askServer(path, 'siprest:identity', undefined, timeout)) as ServerIdentity;
      } catch {
        return null; // the process is still named, with information from the system
      }
    }),
  );
  const holder = identities.find((one) => one?.sockets.some((other) => overlap(socket, other)) === true);
  if (holder !== undefined && holder !== null) return described(holder);
  const pid = pidOf(socket);
  return pid === null ? null : `process ${pid} (${commandOf(pid)})`;
}

function described({ pid, name, state, unfinished, graceLeft }: ServerIdentity): string {
  const who = `siprest${name === null ? '' : ` "${name}"`}, process ${pid}`;
  if (state === 'running') return `${who}, which is running`;
  const left = unfinished === 1 ? '1 call is left' : `${plural(unfinished, 'call')} are left`;
  return `${who}, which is stopping: ${left}, at most ${graceLeft ?? 0} s; use --wait-for-port to wait for it`;
}

function overlap(one: string, other: string): boolean {
  const [[protocol, host, port], [otherProtocol, otherHost, otherPort]] = [parts(one), parts(other)];
  const isAll = (name: string) => name === '0.0.0.0' || name === '::' || name === '*';
  return (
    protocol === otherProtocol &&
    port === otherPort &&
    (host === otherHost || isAll(host) || isAll(otherHost))
  );
}

function parts(socket: string): readonly [protocol: string, host: string, port: string] {
  const [, protocol = '', host = '', port = ''] = /^(\w+):(.*):(\d+)$/.exec(socket) ?? [];
  return [protocol, host.replace(/^\[(.*)\]$/, '$1'), port];
}

/** From /proc, if available: of this user's processes, or for root of all (proc(5)). */
function pidOf(socket: string): number | null {
  const [protocol, host, port] = parts(socket);
  const hexPort = Number(port).toString(16).toUpperCase().padStart(4, '0');
  const inodes = new Set<string>();
  for (const table of isIPv6(host) ? [`${protocol}6`] : [protocol, `${protocol}6`]) {
    for (const line of textOf(`/proc/net/${table}`).split('\n').slice(1)) {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      const listens = protocol === 'udp' || state === '0A';
      if (listens && local.endsWith(`:${hexPort}`)) inodes.add(`socket:[${inode}]`);
    }
  }
  if (inodes.size === 0) return null;
  const pids = namesIn('/proc').filter((name) => /^\d+$/.test(name));
  const found = pids.find((pid) =>
    namesIn(`/proc/${pid}/fd`).some((descriptor) => inodes.has(linkOf(`/proc/${pid}/fd/${descriptor}`))),
  );
  return found === undefined ? null : Number(found);
}

const commandOf = (pid: number) =>
  textOf(`/proc/${pid}/comm`)
    .trim()
    .replace(/[^\x20-\x7e]/g, '?');

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function namesIn(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
