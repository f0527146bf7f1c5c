/** The clock, the timer wheel, the watch over a stalled event loop, and budgets of memory. */
export { type Clock, delay, every, pause, type Repetition, systemClock, type TimerHandle } from './clock.ts';
export { ByteBudget, type MemoryBudgets, memoryBudgets } from './memory-budget.ts';
export { SimulatedClock } from './simulated-clock.ts';
export { type StallFigures, StallWatch } from './stall-watch.ts';
export { Deadline, processTimers, Timer, TimerWheel, timersOf } from './timer-wheel.ts';
