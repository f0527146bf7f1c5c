import { defineConfig } from 'vitest/config';
import { LONGEST_WAIT } from './test/support/until.ts';
import base from './vitest.config.ts';

/** The tests that need servers and tools which are not on npm; `npm run test:interop` looks for them first. */
export default defineConfig({
  resolve: base.resolve ?? {},
  test: {
    name: 'interop',
    include: ['test/interop/**/*.test.ts'],
    globalSetup: ['test/support/build-setup.ts'],
    // the longest wait for the timers of SIP
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: LONGEST_WAIT } },
  },
});
