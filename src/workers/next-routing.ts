/** A Routing about to take effect: its sockets are open, and their messages wait. */
import type { Holding } from '../engine/index.ts';
import type { ListeningSocket } from '../runtime/index.ts';
import type { Transport } from '../sip/index.ts';
import type { RunningRouting } from './running-routing.ts';

type Received = Parameters<Holding['holds']>;

/** Limits on waiting messages, in number and bytes; clients retransmit what is dropped. */
const mostMessages = 1000;
const mostBytes = 4 * 1024 * 1024;
/** A datagram that has waited longer, in ms, has been retransmitted: T2 (RFC 3261, 17.1.2.1). */
const stale = 4000;

export class NextRouting implements Holding {
  readonly routing: RunningRouting;
  /** Null before they are open. */
  sockets: readonly ListeningSocket[] | null = null;
  readonly #before: ReadonlySet<Transport>;
  readonly #held: { readonly at: number; readonly received: Received }[] = [];
  #bytes = 0;

  /** @param before the sockets of the running script, which continues meanwhile */
  constructor(routing: RunningRouting, before: readonly ListeningSocket[]) {
    this.routing = routing;
    this.#before = new Set(before.map(({ transport }) => transport));
  }

  /** Whether the message came from one of the new sockets: it then waits, or is dropped. */
  holds(...received: Received): boolean {
    const [data, , transport] = received;
    if (this.#before.has(transport.listener ?? transport)) return false;
    if (this.#held.length < mostMessages && this.#bytes + data.length <= mostBytes) {
      this.#bytes += data.length;
      this.#held.push({ at: this.routing.host.clock.now(), received });
    }
    return true;
  }

  /** Delivers the waiting messages in order. */
  release(receive: (...received: Received) => void): void {
    const now = this.routing.host.clock.now();
    for (const { at, received } of this.#held.splice(0))
      if (received[2].reliable || now - at < stale) receive(...received);
  }

  /** Closes the new sockets if the script will not run. */
  async abandon(): Promise<void> {
    this.#held.length = 0;
    const opened = (this.sockets ?? []).filter(({ transport }) => !this.#before.has(transport));
    await Promise.all(opened.map(({ transport }) => transport.close()));
    await this.routing.close();
  }
}
