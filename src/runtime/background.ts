/** Counts scripts that wait in the background, so that stopping can wait for them. */
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

  /** Resolves when no script waits. */
  async settled(): Promise<void> {
    while (this.#size > 0) {
      await new Promise<void>((resolve) => {
        this.#onEmpty.push(resolve);
      });
    }
  }
}
