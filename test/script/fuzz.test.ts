import { expect, it } from 'vitest';
import { fuzz } from './fuzz.ts';

it('nothing throws and everything terminates, whatever the script', async () => {
  const { read, ran } = await fuzz({ rounds: 400, seed: 1600 });
  expect(read).toBe(400);
  expect(ran).toBeGreaterThan(30);
}, 60_000);
