import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Tests of these folders start the built program, so dist/ is brought up to date before them. */
const needProgram = ['test/cli/**/*.test.ts', 'test/examples/**/*.test.ts'];

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^siprest$/, replacement: source('./src/index.ts') },
      { find: /^siprest\/rest$/, replacement: source('./src/rest/index.ts') },
    ],
  },
  test: {
    // most tests wait more than they work, and the default on two processors is one
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/interop/**', ...needProgram],
        },
      },
      {
        extends: true,
        test: { name: 'program', include: needProgram, globalSetup: ['test/support/build-setup.ts'] },
      },
    ],
  },
});
