import { describe, expect, it, vi } from 'vitest';
import { delay, every, systemClock } from '../../src/timers/clock.ts';
import { SimulatedClock } from '../../src/timers/simulated-clock.ts';

describe('the system clock', () => {
  it('tells the date with fractions, even after it was set', () => {
    const real = Date.now;
    for (const shift of [0, 3_600_000, -3_600_000, 0]) {
      const spy = vi.spyOn(Date, 'now').mockImplementation(() => real() + shift);
      // a clock that was set back tells whole milliseconds until the next one begins
      const dates: number[] = [];
      let hasFractions = false;
      const begin = performance.now();
      for (let passed = 0; passed < 5 || dates.length < 1000 || (!hasFractions && passed < 500); ) {
        const date = systemClock.date();
        dates.push(date);
        hasFractions ||= !Number.isInteger(date);
        passed = performance.now() - begin;
      }
      const whole = Date.now();
      spy.mockRestore();
      expect(dates.at(-1)).toBeGreaterThan(whole - 50);
      expect(dates.at(-1)).toBeLessThanOrEqual(whole + 1);
      expect(dates).toEqual(dates.toSorted((a, b) => a - b));
      expect(hasFractions).toBe(true);
    }
  });
});

describe('the simulated clock', () => {
  it('fires timers at their own time, in their order', () => {
    const clock = new SimulatedClock(1000);
    const fired: string[] = [];
    const note = (name: string) => () => fired.push(`${name}@${clock.now()}`);
    clock.setTimer(20, note('b'));
    clock.setTimer(10, note('a'));
    clock.clearTimer(clock.setTimer(15, note('never')));
    clock.setTimer(20, note('c'));
    clock.advance(19.5);
    expect([fired, clock.now(), clock.date(), clock.timers]).toEqual([['a@10'], 19.5, 1019.5, 2]);
    clock.advance(1);
    expect(fired).toEqual(['a@10', 'b@20', 'c@20']);
  });

  it('lets code that waits for one timer set the next', async () => {
    const clock = new SimulatedClock();
    const woken: number[] = [];
    const sleeper = (async () => {
      for (let i = 0; i < 3; i++) {
        await delay(clock, 100);
        woken.push(clock.now());
      }
    })();
    await clock.pass(1000);
    await sleeper;
    expect([woken, clock.now()]).toEqual([[100, 200, 300], 1000]);
  });
});

describe('every()', () => {
  it('acts at exact multiples, until it is stopped', () => {
    const clock = new SimulatedClock();
    const times: number[] = [];
    const repetition = every(clock, 10, () => {
      times.push(clock.now());
      if (times.length === 3) repetition.stop();
    });
    clock.advance(100);
    expect([times, clock.timers]).toEqual([[10, 20, 30], 0]);
  });

  it('acts once if the clock has jumped over several intervals', () => {
    let now = 0;
    let wake = () => {};
    const times: number[] = [];
    const clock = {
      now: () => now,
      date: () => now,
      setTimer: (_: number, fire: () => void) => {
        wake = fire;
        return { ref() {} };
      },
      clearTimer() {},
    };
    every(clock, 10, () => times.push(now));
    now = 57;
    wake();
    now = 67;
    wake();
    expect(times).toEqual([57, 67]);
  });
});
