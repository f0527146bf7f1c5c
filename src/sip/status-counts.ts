import { MethodCounts } from './method-counts.ts';

/** Number of sent replies by status, and by method and class. */
export class StatusCounts {
  readonly #counts = new Uint32Array(700);
  readonly byMethod: MethodCounts = new MethodCounts();

  add(status: number, method: string): void {
    if (status < 100 || status >= 700) return;
    this.#counts[status] = (this.#counts[status] ?? 0) + 1;
    this.byMethod.add(method, status);
  }

  /** The non-zero counts by status. */
  *entries(): Generator<readonly [status: string, count: number]> {
    for (const [status, count] of this.#counts.entries()) if (count > 0) yield [String(status), count];
  }
}
