import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LONGEST_WAIT } from './test/support/until.ts';

/** Tests of these folders start the built program, so dist/ is brought up to date before them. */
const needProgram = ['test/cli/**/*.test.ts', 'test/examples/**/*.test.ts'];

/** Tests of what a process has once, such as its timers: nothing else may run in theirs. */
const needProcess = ['test/timers/timer-wheel.test.ts', 'test/engine/pool.test.ts'];

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^siprest$/, replacement: source('./src/index.ts') },
      { find: /^siprest\/rest$/, replacement: source('./src/rest.ts') },
      { find: /^siprest\/sip$/, replacement: source('./src/sip.ts') },
      { find: /^siprest\/testing$/, replacement: source('./src/testing.ts') },
    ],
  },
  test: {
    // most tests wait more than they work, and the default on two processors is one
    maxWorkers: 3,
    // nothing of this takes long, except on a machine with much else to do: only what fails waits for its limit
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: LONGEST_WAIT } },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          // nothing of these belongs to the process, and loading all of src/ for each file takes longer than most tests
          isolate: false,
          include: ['test/**/*.test.ts'],
          exclude: ['test/interop/**', ...needProgram, ...needProcess],
        },
      },
      { extends: true, test: { name: 'process', include: needProcess } },
      {
        extends: true,
        test: { name: 'program', include: needProgram, globalSetup: ['test/support/build-setup.ts'] },
      },
    ],
  },
});
