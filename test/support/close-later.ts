import { afterEach } from 'vitest';

/** What a test has started, closed after it, the last first. */
const open: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

export function closeLater<T extends { close(): unknown } | { stop(): unknown }>(one: T): T {
  open.push(() => ('close' in one ? one.close() : one.stop()));
  return one;
}
