/**
 * Permits in this process's memory: so many at a time for all processes, and so many in any second. What a process holds is
 * free when it ends.
 */
import type { StoreOperation, StoreResult } from '../../runtime/index.ts';
import { type ByteBudget, type Clock, RateWindow } from '../../timers/index.ts';

interface Permits {
  /** How many each session holds. */
  readonly held: Map<number, number>;
  total: number;
  /** Null without a limit of the rate, which the key determines. */
  readonly rate: RateWindow | null;
}

/** What an entry takes beside its key and times, in bytes. */
const OVERHEAD = 256;

export class PermitTable {
  readonly #clock: Clock;
  readonly #memory: ByteBudget;
  readonly #entries = new Map<string, Permits>();

  constructor(clock: Clock, memory: ByteBudget) {
    this.#clock = clock;
    this.#memory = memory;
  }

  take({ key, most, rate }: StoreOperation<'take'>, session: number): StoreResult<'take'> {
    let permits = this.#entries.get(key);
    if (permits === undefined) {
      if (!this.#memory.reserve(sizeOf(key, rate))) return 'full';
      permits = { held: new Map(), total: 0, rate: rate === null ? null : new RateWindow(rate) };
      this.#entries.set(key, permits);
    }
    if (most !== null && permits.total >= most) return 'none';
    const now = this.#clock.now();
    if (permits.rate !== null && permits.rate.wait(now) > 0) return 'none';
    permits.rate?.count(now);
    permits.total++;
    permits.held.set(session, (permits.held.get(session) ?? 0) + 1);
    return 'taken';
  }

  /** False: the session has none. */
  give({ key }: StoreOperation<'give'>, session: number): boolean {
    const permits = this.#entries.get(key);
    const held = permits?.held.get(session) ?? 0;
    if (permits === undefined || held === 0) return false;
    permits.held.set(session, held - 1);
    permits.total--;
    return true;
  }

  /** A process has ended. */
  end(session: number): void {
    for (const permits of this.#entries.values()) {
      permits.total -= permits.held.get(session) ?? 0;
      permits.held.delete(session);
    }
  }
}

const sizeOf = (key: string, rate: number | null): number => OVERHEAD + key.length + 8 * (rate ?? 0);
