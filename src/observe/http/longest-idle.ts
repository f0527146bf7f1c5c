import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The first connection without a request in progress; undefined if each has one. */
export function longestIdle(sockets: ReadonlyMap<Socket, ServerResponse | null>): Socket | undefined {
  for (const [socket, response] of sockets) if (response === null) return socket;
  return undefined;
}
