/** A service with several replicas, each of which misbehaves in its own way. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { type Clock, systemClock } from '../../src/timers/index.ts';

/** Addresses of replicas, all of this machine. */
export const ADDRESSES = ['127.0.1.1', '127.0.1.2', '127.0.1.3', '127.0.1.4'] as const;

/** What a replica does with a request, by the milliseconds since the start. */
export type Fault = (sinceStart: number) => 'answer' | 'reset' | 'busy' | 'slow';

/** How late a slow replica answers, in ms. */
const SLOW = 1_000;

export interface SickServiceOptions {
  /** One for each replica; nobody listens at the address of a dead one. */
  readonly faults: readonly (Fault | 'dead')[];
  /** TLS with a certificate for each replica. */
  readonly certificates?: readonly { readonly key: string; readonly cert: string }[] | undefined;
  /** What its delays are measured by. Default: the system's. */
  readonly clock?: Clock;
}

export interface SickService {
  readonly port: number;
  /** How many requests each replica got. */
  readonly counts: number[];
  /** Paths of POST requests, as often as they arrived. */
  readonly posts: string[];
  /** Faults count from now on. */
  begin(): void;
  close(): Promise<void>;
}

/** All replicas listen on one port, each on an address of its own. */
export async function startSickService({
  faults,
  certificates,
  clock = systemClock,
}: SickServiceOptions): Promise<SickService> {
  const counts = faults.map(() => 0);
  const posts: string[] = [];
  const closers: (() => Promise<unknown>)[] = [];
  let begun = clock.now();
  let port = 0;
  for (const [i, fault] of faults.entries()) {
    if (fault === 'dead') continue;
    const server: Server =
      certificates === undefined ? createServer() : createSecureServer(certificates[i] ?? {});
    server.keepAliveTimeout = 60_000;
    const sockets = new Set<Socket>();
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    server.on('request', (request, response) => {
      counts[i] = (counts[i] ?? 0) + 1;
      if (request.method === 'POST') posts.push(request.url ?? '');
      switch (fault(clock.now() - begun)) {
        case 'answer':
          response.end('100');
          break;
        case 'reset':
          request.socket.destroy();
          break;
        case 'busy':
          response.writeHead(503, { 'Retry-After': '1' }).end();
          break;
        case 'slow':
          clock.setTimer(SLOW, () => response.end('100'));
      }
    });
    server.listen(port, ADDRESSES[i]);
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
    closers.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
      return once(server, 'close');
    });
  }
  return {
    port,
    counts,
    posts,
    begin: () => {
      begun = clock.now();
    },
    close: async () => {
      for (const close of closers) await close();
    },
  };
}
