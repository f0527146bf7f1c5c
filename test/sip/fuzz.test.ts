import { expect, it } from 'vitest';
import { fuzz } from './fuzz.ts';

it('nothing throws and nothing is left over, whatever arrives', async () => {
  expect(await fuzz({ rounds: 60, seed: 4475 })).toBe(2400);
}, 60_000);
