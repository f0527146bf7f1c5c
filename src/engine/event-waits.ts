/**
 * Code that waits for events, in any process: the one that raises an event looks up in the store who waits for it, and
 * sends the event on. Source: modules/event_routing of the manual.
 */
import { type Host, StateKey } from '../runtime/index.ts';
import { randomToken } from '../sip/index.ts';
import { globMatches } from '../text/index.ts';
import type { EventAttribute } from './subscriptions.ts';

/** A pattern of fnmatch(3) for an attribute; an event without the attribute matches. */
export type EventFilter = readonly [attribute: string, pattern: string];

/** What is waited for, as all processes know it. */
interface Wanted {
  readonly process: number;
  readonly event: string;
  /** All of them have to match. */
  readonly filters: readonly EventFilter[];
}

export interface EventListener {
  /** Called for each event, until the wait ends. */
  readonly notified: (attributes: readonly EventAttribute[]) => void;
  /** Called once, when the time is over. */
  readonly over: () => void;
}

interface Notice {
  readonly key: string;
  readonly attributes: readonly EventAttribute[];
}

/** Of one process. */
const mostWaits = 10_000;

export class EventWaits {
  readonly #host: Host;
  readonly #own = new Map<string, EventListener>();
  /** What is waited for in all processes, by event and key. */
  readonly #wanted = new Map<string, Map<string, Wanted>>();
  readonly #eventOf = new Map<string, string>();

  constructor(host: Host) {
    this.#host = host;
    const [waits, notices] = [this.#waits, this.#notices];
    for (const key of [...waits.keys()]) {
      // what this process's predecessor waited for
      if (key.startsWith(`${host.number} `)) waits.delete(key);
      else this.#learn(key);
    }
    waits.watch((key) => this.#learn(key));
    for (const token of [...notices.keys()]) this.#take(token);
    notices.watch((token) => this.#take(token));
  }

  get #waits() {
    return this.#host.store.values('event waits');
  }

  get #notices() {
    return this.#host.store.values('event notices');
  }

  /** Whether anybody waits for events of this name. */
  hears(event: string): boolean {
    return this.#wanted.has(event);
  }

  /**
   * Waits for an event, until the returned function is called or the time, in ms, is over. Null if too
   * many wait.
   */
  wait(
    event: string,
    filters: readonly EventFilter[],
    milliseconds: number,
    listener: EventListener,
  ): (() => void) | null {
    if (this.#own.size >= mostWaits) return null;
    const { clock, number } = this.#host;
    const key = `${number} ${randomToken()}`;
    const wanted: Wanted = { process: number, event, filters };
    if (!this.#waits.set(key, JSON.stringify(wanted))) return null;
    const timer = clock.setTimer(milliseconds, () => {
      if (this.#end(key)) listener.over();
    });
    this.#own.set(key, listener);
    this.#learn(key);
    return () => {
      clock.clearTimer(timer);
      this.#end(key);
    };
  }

  raise(event: string, attributes: readonly EventAttribute[]): void {
    for (const [key, { process, filters }] of [...(this.#wanted.get(event) ?? [])]) {
      if (!filters.every((filter) => isMatched(filter, attributes))) continue;
      if (process === this.#host.number) this.#own.get(key)?.notified(attributes);
      else this.#notices.set(randomToken(), JSON.stringify({ key, attributes } satisfies Notice));
    }
  }

  #take(token: string): void {
    const text = this.#notices.get(token);
    if (typeof text !== 'string') return;
    const { key, attributes } = JSON.parse(text) as Notice;
    const { number } = this.#host;
    // one for a wait that is over is taken out by its process as well
    if (!key.startsWith(`${number} `)) return;
    this.#notices.delete(token);
    this.#own.get(key)?.notified(attributes);
  }

  #end(key: string): boolean {
    this.#waits.delete(key);
    this.#forget(key);
    return this.#own.delete(key);
  }

  #learn(key: string): void {
    const text = this.#waits.get(key);
    if (typeof text !== 'string') return this.#forget(key);
    if (this.#eventOf.has(key)) return;
    const wanted = JSON.parse(text) as Wanted;
    const { event } = wanted;
    this.#eventOf.set(key, event);
    this.#wanted.set(event, (this.#wanted.get(event) ?? new Map<string, Wanted>()).set(key, wanted));
  }

  #forget(key: string): void {
    const event = this.#eventOf.get(key);
    if (event === undefined) return;
    this.#eventOf.delete(key);
    const waits = this.#wanted.get(event);
    waits?.delete(key);
    if (waits?.size === 0) this.#wanted.delete(event);
  }
}

const isMatched = ([attribute, pattern]: EventFilter, list: readonly EventAttribute[]) => {
  const found = list.find(({ name }) => name === attribute);
  return found === undefined || globMatches(pattern, String(found.value ?? ''));
};

export const eventWaits = new StateKey<Host, EventWaits>('event waits', (host) => new EventWaits(host));
