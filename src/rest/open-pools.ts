/**
 * The pools of a process that have connections. When descriptors or ports run out, an idle connection of any pool is
 * closed for the one that is needed.
 */
import type { Shortage } from '../net/index.ts';
import type { Connection } from './connection.ts';

/** Has connections that wait for a request. */
export interface IdleConnections {
  idleConnections(): Iterable<Connection>;
}

export class OpenPools {
  readonly #pools = new Set<IdleConnections>();

  add(pool: IdleConnections): void {
    this.#pools.add(pool);
  }

  delete(pool: IdleConnections): void {
    this.#pools.delete(pool);
  }

  /**
   * Closes the connection that has idled longest among those that free the resource, except those of `except`. Returns
   * it, or null.
   */
  giveUpOne(shortage: Shortage, except: IdleConnections): Connection | null {
    let oldest: Connection | null = null;
    for (const pool of this.#pools) {
      if (pool === except) continue;
      for (const connection of pool.idleConnections()) {
        if (oldest !== null && oldest.idleSince <= connection.idleSince) continue;
        if (helps(connection, shortage)) oldest = connection;
      }
    }
    // an orderly close would keep the port for a minute (RFC 9293, 3.6.1)
    if (shortage === 'descriptors') oldest?.destroy();
    else oldest?.reset();
    return oldest;
  }
}

function helps({ info: { remoteAddress, remotePort } }: Connection, shortage: Shortage): boolean {
  return shortage === 'descriptors' || (shortage.address === remoteAddress && shortage.port === remotePort);
}
