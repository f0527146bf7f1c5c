import { type Request, StateKey } from '../runtime/index.ts';

/** What the next hop is told as Max-Forwards, once the script has counted down; null before. */
export const maxForwards = new StateKey<Request, { value: number | null }>('Max-Forwards', () => ({
  value: null,
}));
