/**
 * Whose turn it is, counted over all processes. A process counts its own turns at once and those of the others a moment
 * later, so that nobody waits: two calls at the same time in two processes may get the same turn.
 */
import { type Host, type ReplicatedValues, StateKey } from '../../runtime/index.ts';
import { isPending } from '../../timers/index.ts';

export class SharedTurns {
  readonly #values: ReplicatedValues;
  /** Turns of this process that the others do not know yet. */
  readonly #own = new Map<string, { unsent: number; sent: number }>();

  constructor(values: ReplicatedValues) {
    this.#values = values;
  }

  /** The number of this turn, from 0 on; it wraps at 32 bits. */
  take(key: string): number {
    const known = this.#values.get(key);
    let own = this.#own.get(key);
    if (own === undefined) {
      own = { unsent: 0, sent: 0 };
      this.#own.set(key, own);
    }
    const turn = ((typeof known === 'number' ? known : 0) + own.sent + own.unsent) >>> 0;
    // all turns of one moment are told together
    if (own.unsent++ === 0) setImmediate(() => this.#tell(key, own));
    return turn;
  }

  #tell(key: string, own: { unsent: number; sent: number }): void {
    const by = own.unsent;
    own.unsent = 0;
    own.sent += by;
    // those that the store has no room for are counted here alone
    const done = (sum: number | 'full') => {
      if (sum !== 'full') own.sent -= by;
    };
    const told = this.#values.add(key, by);
    if (isPending(told)) void told.then(done, () => undefined);
    else done(told);
  }
}

export const sharedTurns = new StateKey<Host, SharedTurns>(
  'turns of gateways',
  ({ store }) => new SharedTurns(store.values('turns of gateways')),
);
