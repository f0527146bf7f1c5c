/**
 * Pipes: requests counted by name. The counts are in the store, so that all processes share them; each process remembers
 * the pipes that it has used, and the count that it has seen last.
 */
import type { Host, Store } from '../../runtime/index.ts';
import { StateKey } from '../../runtime/index.ts';
import { type Awaitable, andThen } from '../../timers/index.ts';

export type Algorithm = 'TAILDROP' | 'RED' | 'SBT' | 'FEEDBACK' | 'NETWORK';

export interface Pipe {
  readonly name: string;
  readonly algorithm: Algorithm;
  /** The limit that it was checked with last. */
  limit: number;
  /** Requests in the interval, or the window, as this process has seen them last. */
  count: number;
  /** When `count` is over, on the clock; Infinity if it slides. */
  endsAt: number;
  /** The count of the interval before. */
  before: number;
  usedAt: number;
}

/** More are forgotten, the one unused for longest first. */
const mostPipes = 100_000;

export const collection = 'ratelimit';

export class Pipes {
  readonly #pipes = new Map<string, Pipe>();
  readonly host: Host;

  constructor(host: Host) {
    this.host = host;
  }

  /** Null for an unknown pipe, or one unused for `expiry` ms. */
  find(name: string, expiry: number): Pipe | null {
    const pipe = this.#pipes.get(name);
    if (pipe === undefined) return null;
    if (this.host.clock.now() - pipe.usedAt < expiry) return pipe;
    this.#pipes.delete(name);
    return null;
  }

  create(name: string, algorithm: Algorithm): Pipe {
    if (this.#pipes.size >= mostPipes)
      for (const oldest of this.#pipes.keys()) if (this.#pipes.delete(oldest)) break;
    const usedAt = this.host.clock.now();
    const pipe = { name, algorithm, limit: 0, count: 0, endsAt: 0, before: 0, usedAt };
    this.#pipes.set(name, pipe);
    return pipe;
  }

  /** Moves it to the end, among those used last. */
  use(pipe: Pipe): void {
    pipe.usedAt = this.host.clock.now();
    this.#pipes.delete(pipe.name);
    this.#pipes.set(pipe.name, pipe);
  }

  names(): readonly string[] {
    return [...this.#pipes.keys()];
  }
}

export const pipesOf = new StateKey<Host, Pipes>('ratelimit pipes', (host) => new Pipes(host));

/** Empties it. */
export function resetPipe(pipe: Pipe, store: Store): void {
  pipe.count = 0;
  store.tell({ kind: 'delete', collection, key: pipe.name });
}

/** Adds to the count of an interval that begins with its first request. Null if the store is full. */
export function addToInterval(
  store: Store,
  pipe: Pipe,
  interval: number,
  now: number,
): Awaitable<number | null> {
  const added = store.ask({ kind: 'add', collection, key: pipe.name, by: 1, ttl: interval });
  return andThen(added, (count) => {
    if (typeof count !== 'number') return null;
    if (count <= pipe.count || now >= pipe.endsAt) {
      pipe.before = now < pipe.endsAt + interval ? pipe.count : 0;
      pipe.endsAt = now + interval;
    }
    pipe.count = count;
    return count;
  });
}

/** Adds to the window, unless it has `most` already, and returns the sum with it. Null if the store is full. */
export function addToWindow(
  store: Store,
  pipe: Pipe,
  { window, slot, most }: { window: number; slot: number; most: number },
): Awaitable<number | null> {
  const added = store.ask({ kind: 'add-to-window', collection, key: pipe.name, window, slot, most });
  return andThen(added, (sum) => {
    if (sum === 'full') return null;
    pipe.count = Math.min(sum, most + 1);
    return sum;
  });
}
