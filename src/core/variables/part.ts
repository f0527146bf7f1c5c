import { defineVariable, type Run } from '../../runtime/index.ts';
import type { Value } from '../../script/index.ts';

/** A read-only variable derived from one object of the run; null if the run lacks that object. */
export function part<T>(
  name: string,
  summary: string,
  of: (run: Run) => T | null,
  read: (thing: T) => Value,
  aliases: readonly string[] = [],
) {
  return defineVariable({
    name,
    aliases,
    summary,
    resolve: () => ({
      get: (run) => {
        const thing = of(run);
        return thing === null ? null : read(thing);
      },
    }),
  });
}
