import { expect, it } from 'vitest';
import { branchProcess, newBranch, randomToken } from '../../src/sip/branch.ts';

it('creates branches that name their process', () => {
  const branch = newBranch(17);
  expect(branch).toMatch(/^z9hG4bK17\.[0-9a-f]{24}$/);
  expect([branchProcess(branch), branchProcess(newBranch())]).toEqual([17, 0]);
  for (const other of ['', 'z9hG4bK776asdhds', `${branch}x`, 'z9hG4bK1.xyz', branch.toUpperCase()])
    expect(branchProcess(other)).toBeNull();
  const tokens = new Set(Array.from({ length: 2000 }, randomToken));
  expect(tokens.size).toBe(2000);
});
