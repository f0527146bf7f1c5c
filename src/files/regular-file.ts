/** Reads files named in a script or on the command line: regular files up to a maximum size. */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';

/** Maximum size: more than any configuration has in one file. */
export const largestFile = 64 * 1024 * 1024;

/** Why a file cannot be read, for people. */
export class FileError extends Error {}

/**
 * The bytes of a regular file. Refuses files that never end or block until somebody writes (devices, FIFOs, sockets),
 * and more than `limit` bytes. Throws a {@link FileError}.
 */
export function readRegularFile(path: string, limit = largestFile): Buffer {
  let descriptor: number | null = null;
  try {
    // without O_NONBLOCK opening a FIFO waits for a writer
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(descriptor);
    const kind = kindOf(stats);
    if (kind !== null) throw new FileError(`it is ${kind}`);
    if (stats.size > limit) throw tooLarge(limit);
    return readUpTo(descriptor, stats.size, limit);
  } catch (error) {
    throw error instanceof FileError ? error : new FileError(reasonOf(error), { cause: error });
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

const why: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'part of the path is not a directory',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
  ENXIO: 'it is a socket',
  ELOOP: 'too many levels of symbolic links',
  ERR_INVALID_ARG_VALUE: 'the name contains a NUL byte',
};

export function reasonOf(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return why[code] ?? message;
}

export function kindOf(stats: Stats): string | null {
  if (stats.isFile()) return null;
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a FIFO (a pipe), not a regular file; use - to read a pipe from stdin';
  return stats.isSocket() ? 'a socket' : 'a device, not a regular file';
}

/** Reads to the end regardless of the reported size: the file may grow, and files in /proc report 0. */
function readUpTo(descriptor: number, size: number, limit: number): Buffer {
  const chunks: Buffer[] = [];
  let total = 0;
  for (let wanted = size + 1; ; wanted = 64 * 1024) {
    const chunk = Buffer.allocUnsafe(wanted);
    const count = readSync(descriptor, chunk, 0, wanted, null);
    if (count === 0) break;
    chunks.push(chunk.subarray(0, count));
    total += count;
    if (total > limit) throw tooLarge(limit);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

const tooLarge = (limit: number) =>
  new FileError(`larger than ${limit >= 1024 * 1024 ? `${limit / (1024 * 1024)} MiB` : `${limit} bytes`}`);
