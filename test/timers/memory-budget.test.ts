import { describe, expect, it } from 'vitest';
import { ByteBudget, HeapWatch, memoryBudgets } from '../../src/timers/memory-budget.ts';

const MIB = 1024 * 1024;
const sizes = (processes: number, heap: number, machine: number) => {
  const { calls, waiting, shared, bodies, answered } = memoryBudgets(processes, {
    heap: heap * MIB,
    machine: machine * MIB,
  });
  return [calls, waiting, shared, bodies, answered].map(({ limit }) => limit / MIB);
};

describe('a budget of bytes', () => {
  it('reserves what fits, and counts refusals', () => {
    const budget = new ByteBudget(100);
    expect([budget.reserve(60), budget.reserve(41), budget.reserve(40)]).toEqual([true, false, true]);
    expect([budget.used, budget.refused, budget.isFull]).toEqual([100, 1, true]);
    budget.release(60);
    expect([budget.used, budget.isFull]).toEqual([40, false]);
  });

  it('counts what cannot be refused, even beyond its limit', () => {
    const budget = new ByteBudget(100);
    budget.charge(150);
    expect([budget.isFull, budget.reserve(1)]).toEqual([true, false]);
    budget.charge(-50);
    budget.release(1);
    expect([budget.used, budget.isFull]).toEqual([99, false]);
  });
});

describe('the budgets of a process', () => {
  it("are shares of the heap's space for long-lived objects", () => {
    expect(sizes(1, 48 + 64, 24_000)).toEqual([20, 8, 8, 16, 16]);
    expect(sizes(1, 48 + 4096, 24_000)).toEqual([1280, 512, 512, 1024, 1024]);
  });

  it('are split between processes if the machine or cgroup has less memory', () => {
    expect(sizes(4, 48 + 4096, 4096)).toEqual([320, 128, 128, 128, 128]);
  });

  it('are never zero', () => {
    expect(sizes(1, 20, 24_000).every((limit) => limit > 1)).toBe(true);
  });
});

it('a heap has room for large bodies up to one bound, and is short above another', () => {
  let used = 50;
  const watch = new HeapWatch(100, 80, () => used);
  watch.look();
  expect([watch.isShort, watch.hasRoomFor(30), watch.hasRoomFor(31)]).toEqual([false, true, false]);
  used = 101;
  watch.look();
  expect(watch.isShort).toBe(true);
});
