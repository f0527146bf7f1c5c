/** Idle HTTP/1 connections, the most recently used on top. */
import type { Clock } from '../timers/index.ts';
import type { Http1Connection } from './http1-connection.ts';

/** A stack as a linked list, so that any member can leave without a search. */
export class IdleStack {
  #newest: Http1Connection | null = null;

  push(connection: Http1Connection): void {
    connection.idle = true;
    connection.older = this.#newest;
    connection.newer = null;
    if (this.#newest !== null) this.#newest.newer = connection;
    this.#newest = connection;
  }

  /** The most recent usable one; unusable ones are closed. */
  take(clock: Clock): Http1Connection | null {
    if (this.#newest === null) return null;
    const now = clock.now();
    for (let c = this.#newest; c !== null; c = this.#newest) {
      this.delete(c);
      if (c.usable && c.idleUntil > now) return c;
      c.destroy();
    }
    return null;
  }

  delete(connection: Http1Connection): void {
    const { newer, older } = connection;
    if (newer === null) this.#newest = older;
    else newer.older = older;
    if (older !== null) older.newer = newer;
    connection.idle = false;
    connection.newer = null;
    connection.older = null;
  }
}
