/** What takes a message through: receiving it, giving it a worker, and running a script on it to its end. */

export { type EventAttribute, eventAttributes, raiseEvent } from './events.ts';
export { type Intake, RequestIntake, scriptIntake } from './intake.ts';
export { type PoolState, WorkerPool } from './pool.ts';
export { type HandOver, type Holding, Receiver, type ReceivingRouting } from './receive.ts';
export { report, runRoute } from './run-route.ts';
