import { type Request, StateKey } from '../runtime/index.ts';

/** Max-Forwards for the next hop after the script has decremented it; initially null. */
export const maxForwards = new StateKey<Request, { value: number | null }>('Max-Forwards', () => ({
  value: null,
}));
