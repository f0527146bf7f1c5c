/** What rr keeps of a request. */
import { type Request, StateKey } from '../../runtime/index.ts';
import type { AddedRoute } from './added-route.ts';

interface RouteState {
  /** Parameters for the Record-Route that is added, each with its `;`. */
  extra: string;
  /** The Record-Route that was added; null if none was. */
  record: AddedRoute | null;
  /** The parameters of the Route of siprest, once loose_route() has found it. */
  params: string | null;
}

export const routeState = new StateKey<Request, RouteState>('record and loose routing', () => ({
  extra: '',
  record: null,
  params: null,
}));
