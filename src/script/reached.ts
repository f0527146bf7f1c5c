/** Counts which statements and routes of a script run, for tests: without it nothing is counted, and nothing costs. */
import type { RouteKind } from './ast.ts';

/** Makes the counters; each is called when its statement or route begins. `start` is an offset in the sources. */
export interface Reached {
  statement(start: number): () => void;
  route(kind: RouteKind, name: string, start: number): () => void;
}

/** `step`, counted. */
export function counted<A extends readonly unknown[], T>(
  count: () => void,
  step: (...given: A) => T,
): (...given: A) => T {
  return (...given) => {
    count();
    return step(...given);
  };
}
