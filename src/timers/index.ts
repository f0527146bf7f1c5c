/** The clock, the timer wheel, the watch over a stalled event loop, budgets of memory, and values that may be to come. */
export { type Awaitable, andThen, isPending } from './awaitable.ts';
export {
  type Clock,
  delay,
  every,
  pause,
  type Repetition,
  sharedTime,
  systemClock,
  type TimerHandle,
} from './clock.ts';
export { ByteBudget, type MemoryBudgets, memoryBudgets } from './memory-budget.ts';
export { RateWindow } from './rate-window.ts';
export { SimulatedClock } from './simulated-clock.ts';
export { type StallFigures, StallWatch } from './stall-watch.ts';
export { Deadline, processTimers, Timer, TimerWheel, timersOf } from './timer-wheel.ts';
export { Waiters } from './waiters.ts';
