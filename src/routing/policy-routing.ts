import type { RestClient } from '../rest/index.ts';
import { type Routing, type RunRouting, StateKey } from '../runtime/index.ts';
import type { TimerWheel } from '../timers/index.ts';
import type { RestNotes } from './call-rest.ts';
import type { HandlerWatch } from './handler-watch.ts';

/** The Routing of a policy, as its calls need it; it is that of a script too, whose routes they may run. */
export interface PolicyRouting extends RunRouting {
  readonly rest: RestClient;
  readonly timers: TimerWheel;
  readonly watch: HandlerWatch;
  readonly restNotes: RestNotes;
  /** Default timeouts of relaying, in ms. */
  readonly respondWithin: number;
  readonly ringFor: number;
  /** How long a handler may take, without the time in relay(), in ms. */
  readonly handlerTime: number;
  /** Counts handlers that wait, see WorkerPool. */
  readonly handlers: {
    handlerBegan(size: number): void;
    handlerEnded(size: number): void;
  };
  /** The state of a new call. */
  newState(): object;
}

/** The same Routing, for functions that know no more than its interface; whoever runs it says so. */
export const policyRouting = new StateKey<Routing, PolicyRouting>('policy routing', () => {
  throw new Error('this Routing runs no handlers');
});
