import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../src/timers/simulated-clock.ts';
import { Deadline, processTimers, Timer, TimerWheel } from '../../src/timers/timer-wheel.ts';
import { until } from '../support/until.ts';

describe('TimerWheel', () => {
  it('fires in order of due time, with one timeout of the clock', () => {
    const clock = new SimulatedClock();
    const wheel = new TimerWheel(clock);
    const fired: string[] = [];
    const timer = (name: string) => new Timer(() => fired.push(`${name}@${clock.now()}`));
    const [a, b, c] = [timer('a'), timer('b'), timer('c')];
    wheel.start(a, 300);
    wheel.start(b, 100);
    wheel.start(c, 200);
    expect([wheel.size, clock.timers]).toEqual([3, 1]);
    wheel.stop(c);
    wheel.stop(c);
    wheel.start(b, 400); // starts it anew
    expect([c.running, b.running]).toEqual([false, true]);
    clock.advance(1000);
    expect(fired).toEqual(['a@300', 'b@400']);
    expect([wheel.size, clock.timers]).toEqual([0, 0]);
  });

  it('lets a timer start and stop timers when it fires', () => {
    const clock = new SimulatedClock();
    const wheel = new TimerWheel(clock);
    const fired: number[] = [];
    const victim = new Timer(() => fired.push(-1));
    const again: Timer = new Timer(() => {
      fired.push(clock.now());
      wheel.stop(victim);
      if (fired.length < 4) wheel.start(again, 10 * fired.length);
    });
    wheel.start(again, 5);
    wheel.start(victim, 6);
    clock.advance(100);
    expect(fired).toEqual([5, 15, 35, 65]);
  });

  it('drops all timers on clear', () => {
    const clock = new SimulatedClock();
    const wheel = new TimerWheel(clock);
    const timer = new Timer(() => expect.unreachable());
    wheel.start(timer, 1);
    wheel.clear();
    expect([wheel.size, clock.timers, timer.running]).toEqual([0, 0, false]);
    clock.advance(10);
  });

  it('behaves like a list of timers, whatever is started and stopped', () => {
    const action = fc.tuple(
      fc.constantFrom('start', 'stop', 'advance'),
      fc.nat(19),
      fc.oneof(
        ...[50, 600, 40_000, 600_000, 2 ** 27].map((max) => fc.integer({ min: 1, max })),
        fc.constantFrom(255, 256, 257, 2 ** 18 - 1, 2 ** 18, 2 ** 18 + 1),
      ),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
        const clock = new SimulatedClock();
        const wheel = new TimerWheel(clock);
        const fired: string[] = [];
        const expected: string[] = [];
        const due = new Map<number, number>();
        const timers = Array.from(
          { length: 20 },
          (_, i) => new Timer(() => fired.push(`${i}@${clock.now()}`)),
        );
        for (const [what, which, time] of actions) {
          const timer = timers[which] as Timer;
          if (what === 'start') {
            wheel.start(timer, time);
            due.set(which, clock.now() + time);
          } else if (what === 'stop') {
            wheel.stop(timer);
            due.delete(which);
          } else {
            const until = clock.now() + time;
            for (const [i, at] of due)
              if (at <= until) {
                expected.push(`${i}@${at}`);
                due.delete(i);
              }
            clock.advance(time);
          }
          expect(wheel.size).toBe(due.size);
          expect(clock.timers).toBeLessThan(2);
        }
        expect(fired.sort()).toEqual(expected.sort());
      }),
      { numRuns: 500 },
    );
  });

  it('fires the others of the same millisecond if one throws', () => {
    const clock = new SimulatedClock();
    const wheel = new TimerWheel(clock);
    const fired: number[] = [];
    wheel.start(
      new Timer(() => {
        throw new Error('an error');
      }),
      5,
    );
    wheel.start(new Timer(() => fired.push(clock.now())), 5);
    expect(() => clock.advance(5)).toThrow('an error');
    clock.advance(2);
    expect(fired).toEqual([5]);
  });

  it('works after months', () => {
    const clock = new SimulatedClock();
    clock.advance(2 ** 32 - 1500);
    const wheel = new TimerWheel(clock);
    const began = clock.now();
    const fired: number[] = [];
    for (const time of [1, 1499, 1500, 1501, 3000, 300_000, 2 ** 27])
      wheel.start(new Timer(() => fired.push(clock.now() - began)), time);
    clock.advance(2 ** 28);
    expect(fired).toEqual([1, 1499, 1500, 1501, 3000, 300_000, 2 ** 27]);
  });

  it('runs on the real clock', async () => {
    const wheel = new TimerWheel();
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      wheel.start(
        new Timer(() => {
          order.push('late');
          resolve();
        }),
        30,
      );
      wheel.start(new Timer(() => order.push('early')), 5);
      setTimeout(() => {}, 200); // the wheel alone does not keep the process alive
    });
    expect(order).toEqual(['early', 'late']);
  });
});

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

class Recorded extends Deadline {
  firedAt = 0;
  override onDeadline(): void {
    this.firedAt = performance.now();
  }
}

describe('the timers of the process', () => {
  it('never fire early, each fires once, and cancelled ones never', async () => {
    const kept: Recorded[] = [];
    const cancelled: Recorded[] = [];
    for (let i = 0; i < 3000; i++) {
      const node = new Recorded();
      processTimers.start(node, 5 + (i % 40) * 1.7, performance.now());
      if (i % 3 === 0) {
        processTimers.stop(node);
        processTimers.stop(node);
        cancelled.push(node);
      } else kept.push(node);
      if (i % 500 === 0) await sleep(1);
    }
    await until(() => kept.every((n) => n.firedAt !== 0));
    expect(kept.filter((n) => n.firedAt < n.due)).toEqual([]);
    expect(cancelled.filter((n) => n.firedAt !== 0)).toEqual([]);
  });

  it('may be started and cancelled by one that fires', async () => {
    const next = new Recorded();
    const gone = new Recorded();
    class First extends Deadline {
      override onDeadline(): void {
        processTimers.stop(gone);
        processTimers.start(next, 10, performance.now());
      }
    }
    const now = performance.now();
    processTimers.start(new First(), 10, now);
    processTimers.start(gone, 10, now);
    await until(() => next.firedAt > 0);
    expect(gone.firedAt).toBe(0);
  });
});
