import { describe, expect, test } from 'vitest';
import { didYouMean, editDistance, nearestNames } from '../../src/spelling/index.ts';

const names = [
  'rest_get',
  'rest_post',
  'rest_put',
  'rest_append_hf',
  'xlog',
  'log',
  'is_method',
  'rU',
  'ru',
  'fU',
];

describe('edit distance', () => {
  test.each([
    ['xlog', 'xlog', 0],
    ['xlgo', 'xlog', 1],
    ['xlo', 'xlog', 1],
    ['xxlog', 'xlog', 1],
    ['XLOG', 'xlog', 1],
    ['rest_gett', 'rest_get', 1],
    ['abcdef', 'uvwxyz', 3],
  ])('from %s to %s: %d', (a, b, distance) => {
    expect(editDistance(a, b, 2)).toBe(distance);
    expect(editDistance(b, a, 2)).toBe(distance);
  });
});

describe('nearest names', () => {
  test('finds the intended one', () => {
    expect(nearestNames('rest_gte', names)[0]).toBe('rest_get');
    expect(nearestNames('is_metod', names)).toEqual(['is_method']);
  });

  test('suggests nothing for a dissimilar name', () => {
    expect(nearestNames('t_relay_to_all', names)).toEqual([]);
    expect(nearestNames('t_relay', ['t_reply'])).toEqual([]);
    expect(nearestNames('', names)).toEqual([]);
    expect(nearestNames('zz', names)).toEqual([]);
    // half of the names of two letters are one edit away
    expect(nearestNames('pr', names)).toEqual([]);
    expect(nearestNames('im', ['tm'])).toEqual([]);
    expect(nearestNames('x'.repeat(1_000_000), names)).toEqual([]);
  });

  test('phrases it as a question', () => {
    expect(didYouMean('rest_gett', ['rest_get'])).toBe('did you mean "rest_get"?');
    expect(didYouMean('xlgo', ['xlog', 'log'], (one) => `${one}()`)).toBe('did you mean xlog()?');
    expect(didYouMean('fu', ['fU', 'uf', 'ru', 'f'], (one) => `$${one}`)).toBe('did you mean $fU or $uf?');
    expect(didYouMean('nothing', ['rest_get'])).toBeUndefined();
  });
});
