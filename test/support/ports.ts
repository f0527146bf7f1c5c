import dgram from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { LONGEST_WAIT } from './until.ts';

/** Below it the ports of well-known services. */
const LOWEST = 10_240;

/** The kernel gives the ports from here on to whoever binds port 0 or connects, so a free one may be taken at any time. */
function firstEphemeral(): number {
  try {
    const first = Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1'), 10);
    if (first > LOWEST + 1000) return first;
  } catch {
    // not Linux
  }
  return 32_768;
}

const HIGHEST = firstEphemeral() - 1;

/**
 * A port of 127.0.0.1 that is free for UDP and TCP, for a program that cannot choose one itself. It stays free until
 * it is used: the kernel does not give it to anybody, and no other test process gets it from here.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if ((await isClaimed(port)) && (await isFree(port))) return port;
  }
  throw new Error(`no port from ${LOWEST} to ${HIGHEST} is free`);
}

/** Claims the number for this process, by an abstract socket, of which Linux keeps one name each in a network namespace. */
async function isClaimed(port: number): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  const claim = net.createServer().unref();
  try {
    await once(claim.listen(`\0siprest-test-port-${port}`), 'listening');
    return true;
  } catch {
    return false;
  }
}

async function isFree(port: number): Promise<boolean> {
  const tcp = net.createServer();
  const udp = dgram.createSocket('udp4');
  try {
    await once(tcp.listen(port, '127.0.0.1'), 'listening');
    udp.bind(port, '127.0.0.1');
    await once(udp, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    udp.close();
    if (tcp.listening) await new Promise((resolve) => tcp.close(resolve));
  }
}

/** Resolves once something accepts TCP connections there; rejects after `seconds`. */
export async function acceptsTcp(port: number, seconds = LONGEST_WAIT / 1000): Promise<void> {
  const limit = Date.now() + seconds * 1000;
  for (;;) {
    if (await connects(port)) return;
    if (Date.now() > limit) throw new Error(`nothing listens on 127.0.0.1:${port} after ${seconds} s`);
    await sleep(20);
  }
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
