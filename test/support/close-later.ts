import { onTestFinished } from 'vitest';

/**
 * Closes what a test has started after it, the last first. Not a hook of this module: test files share it, and hooks belong to
 * the file that was running when it was loaded.
 */
export function closeLater<T extends { close(): unknown } | { stop(): unknown }>(one: T): T {
  onTestFinished(async () => {
    await ('close' in one ? one.close() : one.stop());
  });
  return one;
}
