/** Counts what scripts wait for in the background, so that a stop can wait for it. */
export class Background {
  #size = 0;
  #onEmpty: (() => void)[] = [];

  get size(): number {
    return this.#size;
  }

  begin(): void {
    this.#size++;
  }

  end(): void {
    if (--this.#size > 0) return;
    const told = this.#onEmpty;
    this.#onEmpty = [];
    for (const resolve of told) resolve();
  }

  /** Resolves when nothing is waited for. */
  async settled(): Promise<void> {
    while (this.#size > 0) {
      await new Promise<void>((resolve) => {
        this.#onEmpty.push(resolve);
      });
    }
  }
}
