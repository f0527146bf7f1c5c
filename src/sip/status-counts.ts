/** Number of sent replies by status. */
export class StatusCounts {
  readonly #counts = new Uint32Array(700);

  add(status: number): void {
    if (status >= 100 && status < 700) this.#counts[status] = (this.#counts[status] ?? 0) + 1;
  }

  /** The non-zero counts. */
  *entries(): Generator<readonly [status: string, count: number]> {
    for (const [status, count] of this.#counts.entries()) if (count > 0) yield [String(status), count];
  }
}
