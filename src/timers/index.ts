/** The clock, the timer wheel, detection of a stalled event loop, memory budgets, and values that may be promises. */
export { type Awaitable, andThen, isPending } from './awaitable.ts';
export { type Cancellable, Cancellation } from './cancellation.ts';
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
export {
  addHistograms,
  Histogram,
  type HistogramFigure,
  latencyBounds,
  quantile,
  runBounds,
} from './histogram.ts';
export { ByteBudget, type MemoryBudgets, memoryBudgets } from './memory-budget.ts';
export { RateWindow } from './rate-window.ts';
export { SimulatedClock } from './simulated-clock.ts';
export { type StallFigures, StallWatch } from './stall-watch.ts';
export { Deadline, processTimers, Timer, TimerWheel, timersOf } from './timer-wheel.ts';
export { Waiters } from './waiters.ts';
