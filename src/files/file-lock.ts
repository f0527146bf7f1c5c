/**
 * Marks a file as in use by this process. The mark is a socket that the kernel removes with the process, whatever ends
 * it, so that none is ever left over.
 */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, dirname } from 'node:path';

export interface FileLock {
  release(): void;
}

/** Of names of sockets that are in no folder. */
const prefixes: Readonly<Partial<Record<NodeJS.Platform, string>>> = { linux: '\0', win32: '\\\\.\\pipe\\' };

/** The name of the socket: of the folder itself, however its path is written. Null on systems without such names. */
function socketName(path: string): string | null {
  const prefix = prefixes[process.platform];
  if (prefix === undefined) return null;
  const { dev, ino } = statSync(dirname(path));
  const hash = createHash('sha256')
    .update(`${dev} ${ino} ${basename(path)}`)
    .digest('hex');
  return `${prefix}siprest-file-${hash}`;
}

/**
 * Locks a file; null if another process of this machine, and of its network namespace, has it. On systems without such
 * sockets, as on macOS, each process gets it.
 */
export function lockFile(path: string): Promise<FileLock | null> {
  const name = socketName(path);
  const unlocked: FileLock = { release: () => undefined };
  if (name === null) return Promise.resolve(unlocked);
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve) => {
    server.once('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(code === 'EADDRINUSE' ? null : unlocked),
    );
    // exclusive: in a worker of node:cluster, listen itself instead of asking the primary
    server.listen({ path: name, exclusive: true }, () => resolve({ release: () => void server.close() }));
    server.unref();
  });
}
