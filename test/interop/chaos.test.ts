import { describe, expect, it } from 'vitest';
import { quantile } from '../../bench/statistics.ts';
import { callAtRate, DOWN, elsewhere, PARTLY_WELL, refusals } from '../support/chaos.ts';
import { closeLater } from '../support/close-later.ts';
import { steadyClock } from '../support/steady-clock.ts';

/**
 * The rows of "A sick service" in docs/reliability.md, with real services under 500 calls a second. Client and service run by the
 * steady clock, so that times hold on a busy machine; `npm run chaos` measures them by the system's.
 */
const pace = { clock: steadyClock, seconds: 2 };
/** The breaker opens when half of the calls within its window have failed, after a second in which they went well. */
const longer = { clock: steadyClock, seconds: 3 };

describe('a service with at least one healthy replica', () => {
  it.each(PARTLY_WELL)('$name', async ({ begin }) => {
    const sick = await begin(steadyClock);
    closeLater(sick.service);
    const { answered, p99, load, twice, calls, gets } = await callAtRate(sick, sick.with, pace);
    expect([calls, gets.length]).toEqual([1_000, 900]);
    expect(answered).toBeGreaterThanOrEqual(0.999);
    expect(p99).toBeLessThan(300);
    expect(load).toBeLessThanOrEqual(1.1);
    expect(twice).toBe(0);
  });
});

describe('a service that is slow or down after a second', () => {
  it.each(DOWN)(
    '$name: further calls are refused at once, and another host notices nothing',
    async ({ begin }) => {
      const sick = await begin(steadyClock);
      closeLater(sick.service);
      const other = closeLater(await elsewhere.begin(steadyClock));
      const [run, others] = await Promise.all([
        callAtRate(sick, sick.with, longer),
        callAtRate({ service: other, scheme: 'http' }, elsewhere.options, longer),
      ]);
      const times = refusals(run);
      expect(times.length).toBeGreaterThan(100);
      expect(quantile(times, 0.99)).toBeLessThan(5);
      // open, it leaves the service alone
      expect(run.load).toBeLessThan(0.9);
      expect(run.twice).toBe(0);
      expect(others).toMatchObject({ answered: 1, load: 1, twice: 0 });
      expect(others.p99).toBeLessThan(100);
    },
  );

  it.each(DOWN)('$name: stale answers are used if allowed', async ({ begin }) => {
    const sick = await begin(steadyClock);
    closeLater(sick.service);
    const { answered, twice } = await callAtRate(sick, sick.withStale, longer);
    expect(answered).toBeGreaterThanOrEqual(0.999);
    expect(twice).toBe(0);
  });
});
