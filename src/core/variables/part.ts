import { defineVariable, type Run } from '../../runtime/index.ts';
import type { Value } from '../../script/index.ts';

/** A variable that is read from one thing of the run; null without it. */
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
