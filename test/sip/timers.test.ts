import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { branchProcess, newBranch, randomToken } from '../../src/sip/branch.ts';
import { Timer, TimerQueue } from '../../src/sip/timers.ts';
import { SimulatedClock } from './simulated.ts';

describe('TimerQueue', () => {
  it('fires in order of due time, with one timeout of the clock', () => {
    const clock = new SimulatedClock();
    const queue = new TimerQueue(clock);
    const fired: string[] = [];
    const timer = (name: string) => new Timer(() => fired.push(`${name}@${clock.now()}`));
    const [a, b, c] = [timer('a'), timer('b'), timer('c')];
    queue.start(a, 300);
    queue.start(b, 100);
    queue.start(c, 200);
    expect([queue.size, clock.timeouts]).toEqual([3, 1]);
    queue.stop(c);
    queue.stop(c);
    queue.start(b, 400); // starts it anew
    expect([c.running, b.running]).toEqual([false, true]);
    clock.advance(1000);
    expect(fired).toEqual(['a@300', 'b@400']);
    expect([queue.size, clock.timeouts]).toEqual([0, 0]);
  });

  it('lets a timer start and stop timers when it fires', () => {
    const clock = new SimulatedClock();
    const queue = new TimerQueue(clock);
    const fired: number[] = [];
    const victim = new Timer(() => fired.push(-1));
    const again: Timer = new Timer(() => {
      fired.push(clock.now());
      queue.stop(victim);
      if (fired.length < 4) queue.start(again, 10 * fired.length);
    });
    queue.start(again, 5);
    queue.start(victim, 6);
    clock.advance(100);
    expect(fired).toEqual([5, 15, 35, 65]);
  });

  it('forgets all on clear', () => {
    const clock = new SimulatedClock();
    const queue = new TimerQueue(clock);
    const timer = new Timer(() => expect.unreachable());
    queue.start(timer, 1);
    queue.clear();
    expect([queue.size, clock.timeouts, timer.running]).toEqual([0, 0, false]);
    clock.advance(10);
  });

  it('does what a list of timers would do, whatever is started and stopped', () => {
    const action = fc.tuple(
      fc.constantFrom('start', 'stop', 'advance'),
      fc.nat(19),
      fc.integer({ min: 1, max: 50 }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
        const clock = new SimulatedClock();
        const queue = new TimerQueue(clock);
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
            queue.start(timer, time);
            due.set(which, clock.now() + time);
          } else if (what === 'stop') {
            queue.stop(timer);
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
          expect(queue.size).toBe(due.size);
        }
        expect(fired.sort()).toEqual(expected.sort());
      }),
      { numRuns: 500 },
    );
  });

  it('runs on the real clock', async () => {
    const queue = new TimerQueue();
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      queue.start(
        new Timer(() => {
          order.push('late');
          resolve();
        }),
        30,
      );
      queue.start(new Timer(() => order.push('early')), 5);
      setTimeout(() => {}, 200); // the queue alone does not keep the process alive
    });
    expect(order).toEqual(['early', 'late']);
  });
});

it('makes branches that name their process', () => {
  const branch = newBranch(17);
  expect(branch).toMatch(/^z9hG4bK17\.[0-9a-f]{24}$/);
  expect([branchProcess(branch), branchProcess(newBranch())]).toEqual([17, 0]);
  for (const other of ['', 'z9hG4bK776asdhds', `${branch}x`, 'z9hG4bK1.xyz', branch.toUpperCase()])
    expect(branchProcess(other)).toBeNull();
  const tokens = new Set(Array.from({ length: 2000 }, randomToken));
  expect(tokens.size).toBe(2000);
});
