/**
 * Restores the order of reception if several processes read one socket. A message passed on by another process could be
 * overtaken by a later one that its owner reads itself: an ACK by its BYE, a 180 by the 200. So all messages wait until
 * the process has polled its sockets once more, which takes microseconds.
 */
import type { SipMessage } from '../sip/index.ts';

export interface Arrival {
  readonly message: SipMessage;
  /** Size of the message. */
  readonly bytes: number;
  /** When it was read from the socket, by the clock of the machine. */
  readonly at: number;
  /** How long it has waited for this process, in ms. */
  readonly waited: number;
}

export class Arrivals {
  readonly #handle: (arrival: Arrival) => void;
  #list: Arrival[] = [];
  #isOrdered = true;
  /** Between this turn of the event loop and the next, what the others have passed on is read. */
  readonly #soon = (): void => {
    setImmediate(this.#release);
  };
  readonly #release = (): void => this.#handleAll();

  /** @param handle must not throw */
  constructor(handle: (arrival: Arrival) => void) {
    this.#handle = handle;
  }

  add(arrival: Arrival): void {
    const last = this.#list.at(-1);
    if (last === undefined) setImmediate(this.#soon);
    else if (last.at > arrival.at) this.#isOrdered = false;
    this.#list.push(arrival);
  }

  #handleAll(): void {
    const list = this.#list;
    this.#list = [];
    if (!this.#isOrdered) list.sort((a, b) => a.at - b.at);
    this.#isOrdered = true;
    for (const arrival of list) this.#handle(arrival);
  }
}
