/** Reloads leave nothing behind: a short form of `npm run soak:reloads`, which takes too long beside the other tests. */
import { expect, it } from 'vitest';
import { launch } from '../support/launch.ts';

it('a policy with local files and a module frees all of them at a reload', { timeout: 300_000 }, async () => {
  const soak = launch(process.execPath, ['--import', 'tsx', 'scripts/soak-reloads.ts', '--reloads', '15']);
  const code = await soak.ended;
  expect(soak.stdout).toContain('0 were answered by an earlier state');
  expect(code, soak.stdout + soak.stderr).toBe(0);
});
