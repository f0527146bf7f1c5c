/**
 * The pools of a process that have connections. Where the system lends no further descriptor or port, a connection that
 * is idle gives way to one that is needed.
 */
import { closeSync, openSync } from 'node:fs';
import type { Connection } from './connection.ts';
import type { OriginPool } from './origin-pool.ts';

/** What a connection cannot be made without: a file descriptor, or a local port towards an address. */
export type Shortage = 'descriptors' | { readonly address: string; readonly port: number };

/** Codes of socket(2) and connect(2). */
const NO_DESCRIPTOR = new Set(['EMFILE', 'ENFILE']);
const NO_PORT = 'EADDRNOTAVAIL';

/** What is short, where that is why there is no connection. */
export function shortageOf(code: string, address: string, port: number): Shortage | null {
  if (NO_DESCRIPTOR.has(code)) return 'descriptors';
  return code === NO_PORT ? { address, port } : null;
}

/** Whether there is no descriptor for anything: c-ares does not say so, but that no name server answers. */
export function areDescriptorsShort(): boolean {
  try {
    closeSync(openSync('/dev/null', 'r'));
    return false;
  } catch (error) {
    return NO_DESCRIPTOR.has((error as NodeJS.ErrnoException).code ?? '');
  }
}

export class OpenPools {
  readonly #pools = new Set<OriginPool>();

  add(pool: OriginPool): void {
    this.#pools.add(pool);
  }

  delete(pool: OriginPool): void {
    this.#pools.delete(pool);
  }

  /**
   * Closes the connection that has been idle longest among all that would help, those of `except` excluded. What it was,
   * null where there is none.
   */
  giveUpOne(shortage: Shortage, except: OriginPool): Connection | null {
    let oldest: Connection | null = null;
    for (const pool of this.#pools) {
      if (pool === except) continue;
      for (const connection of pool.idleConnections()) {
        if (oldest !== null && oldest.idleSince <= connection.idleSince) continue;
        if (helps(connection, shortage)) oldest = connection;
      }
    }
    // one that is closed in order keeps its port for a minute (RFC 9293, 3.6.1)
    if (shortage === 'descriptors') oldest?.destroy();
    else oldest?.reset();
    return oldest;
  }
}

function helps({ info: { remoteAddress, remotePort } }: Connection, shortage: Shortage): boolean {
  return shortage === 'descriptors' || (shortage.address === remoteAddress && shortage.port === remotePort);
}
