import { describe, expect, it } from 'vitest';
import { median, medianInterval } from '../../bench/statistics.ts';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

describe('a median', () => {
  it('is the middle value, or the mean of the two in the middle', () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2])]).toEqual([2, 2.5]);
  });

  it.each([
    // as tables of the binomial distribution have it: the ranks of a 95 % interval
    [6, 1, 6],
    [8, 1, 8],
    [9, 2, 8],
    [10, 2, 9],
    [12, 3, 10],
    [15, 4, 12],
    [20, 6, 15],
  ])('of %i values lies between these ranks with 95 in 100', (count, low, high) => {
    expect(medianInterval(upTo(count).toReversed())).toEqual({ median: (count + 1) / 2, low, high });
  });

  it('of few values has the widest possible interval', () => {
    expect(medianInterval([2, 1, 3])).toEqual({ median: 2, low: 1, high: 3 });
    expect(medianInterval([7])).toEqual({ median: 7, low: 7, high: 7 });
  });
});
