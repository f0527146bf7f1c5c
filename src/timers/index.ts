/** The timer wheel, the watch over a stalled event loop, and budgets of memory. */
export { ByteBudget, type MemoryBudgets, memoryBudgets } from './memory-budget.ts';
export { type StallFigures, StallWatch } from './stall-watch.ts';
export { Deadline, processTimers, Timer, TimerWheel } from './timer-wheel.ts';
