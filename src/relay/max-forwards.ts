import { type Request, StateKey } from '../runtime/index.ts';

/** Max-Forwards for the next hop once the script has decremented it; null before. */
export const maxForwards = new StateKey<Request, { value: number | null }>('Max-Forwards', () => ({
  value: null,
}));
