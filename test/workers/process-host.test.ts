import { expect, test } from 'vitest';
import { ProcessHost } from '../../src/workers/process-host.ts';

test.each([
  [8, 1, [8], [0]],
  [8, 3, [3, 3, 2], [0, 3, 6]],
  [64, 4, [16, 16, 16, 16], [0, 16, 32, 48]],
  // none is without one
  [1, 3, [1, 1, 1], [0, 1, 2]],
])('%i workers in %i processes', (total, count, sizes, firstIds) => {
  const all = Array.from({ length: count }, (_, number) => new ProcessHost({ number, count }).workers(total));
  expect(all.map((one) => one.count)).toEqual(sizes);
  expect(all.map((one) => one.firstId)).toEqual(firstIds);
});
