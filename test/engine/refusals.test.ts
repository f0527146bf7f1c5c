import { expect, test } from 'vitest';
import { Refusals } from '../../src/engine/refusals.ts';

/** How many of some requests are answered when all come at a time. */
const answered = (refusals: Refusals, keys: readonly string[], at: number): string[] =>
  keys.filter((key) => refusals.answers(key, at));

const keys = (count: number, name: string): string[] =>
  Array.from({ length: count }, (_, i) => `${name}${i}`);

test('5,000 requests a second are answered, and the others dropped', () => {
  const refusals = new Refusals();
  expect(answered(refusals, keys(6000, 'a'), 10_100)).toHaveLength(5000);
  expect(answered(refusals, keys(100, 'b'), 10_900)).toHaveLength(0);
  expect(answered(refusals, keys(6000, 'c'), 11_000)).toHaveLength(5000);
});

test('a dropped request is answered when retransmitted, however many came before it', () => {
  const refusals = new Refusals();
  answered(refusals, keys(5000, 'first'), 10_100);
  const late = keys(1000, 'late');
  expect(answered(refusals, late, 10_900)).toHaveLength(0);
  answered(refusals, keys(5000, 'second'), 11_100);
  expect(answered(refusals, late, 11_400)).toEqual(late);
});

test('of very many dropped requests the most recent are remembered', () => {
  const refusals = new Refusals();
  answered(refusals, keys(5000, 'first'), 10_100);
  const [early, late] = [keys(10, 'early'), keys(50_000, 'late')];
  answered(refusals, early, 10_200);
  answered(refusals, late, 10_300);
  expect(answered(refusals, early, 10_400)).toEqual([]);
  expect(answered(refusals, late.slice(10), 10_500)).toEqual(late.slice(10));
});

test('an answer is owed once', () => {
  const refusals = new Refusals();
  answered(refusals, keys(5000, 'first'), 10_000);
  expect(refusals.answers('late', 10_500)).toBe(false);
  expect(refusals.answers('late', 10_600)).toBe(true);
  expect(refusals.answers('late', 10_700)).toBe(false);
});
