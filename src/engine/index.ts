/** Processes messages: receives them, assigns workers, and runs scripts on them. */

export { type EventFilter, eventWaits } from './event-waits.ts';
export { eventAttributes, eventSubscriber, isHeard, raiseEvent } from './events.ts';
export { type Intake, RequestIntake, scriptIntake } from './intake.ts';
export { type PoolState, WorkerPool } from './pool.ts';
export { type HandOver, type Holding, type Passed, Receiver, type ReceivingRouting } from './receive.ts';
export { report, resumed, runRoute } from './run-route.ts';
export {
  type EventAttribute,
  type EventTransport,
  eventTransports,
  type Subscription,
  subscribe,
  subscriptions,
} from './subscriptions.ts';
