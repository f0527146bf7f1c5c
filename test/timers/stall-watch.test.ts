import { expect, it } from 'vitest';
import type { TimerHandle } from '../../src/timers/clock.ts';
import { SimulatedClock } from '../../src/timers/simulated-clock.ts';
import { StallWatch } from '../../src/timers/stall-watch.ts';
import { processTimers, TimerWheel } from '../../src/timers/timer-wheel.ts';

/** A clock whose timeouts come late by what the test says. */
class LateClock extends SimulatedClock {
  late = 0;
  override setTimer(milliseconds: number, fire: () => void): TimerHandle {
    return super.setTimer(milliseconds + this.late, fire);
  }
}

it('reports how late the event loop is, and stalls at most once per period', () => {
  const clock = new LateClock();
  const told: string[] = [];
  const watch = new StallWatch(new TimerWheel(clock), {
    onStall: (milliseconds, stalls) => told.push(`${milliseconds} ms, ${stalls}`),
  });
  watch.start();
  clock.advance(1000);
  expect(watch.figures).toEqual({ last: 0, max: 0, stalls: 0 });

  clock.late = 150;
  clock.advance(1000);
  expect(watch.figures).toEqual({ last: 150, max: 150, stalls: 0 });
  expect(watch.sinceStall).toBe(Number.POSITIVE_INFINITY);

  clock.late = 600;
  clock.advance(600); // standing still
  expect(watch.sinceStall).toBe(0);
  clock.advance(50); // the first is found out
  expect(watch.sinceStall).toBeLessThan(100);
  clock.late = 700;
  clock.advance(2 * 750);
  clock.late = 0;
  clock.advance(500);
  expect(watch.figures).toMatchObject({ last: 0, max: 700 });
  expect(told).toEqual(['600 ms, 1']);
  clock.advance(10_000);
  expect(told).toEqual(['600 ms, 1', `700 ms, ${watch.figures.stalls - 1}`]);

  watch.stop();
  expect(clock.timers).toBeLessThan(2);
});

it('notices that this process was stopped', async () => {
  const watch = new StallWatch(processTimers, { threshold: 100 });
  watch.start();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const until = performance.now() + 250;
  while (performance.now() < until);
  await new Promise((resolve) => setTimeout(resolve, 20));
  watch.stop();
  expect(watch.figures.max).toBeGreaterThan(190);
  expect(watch.figures.stalls).toBe(1);
});
