/** Ended by a {@link Cancellation}. */
export interface Cancellable {
  abort(reason: string): void;
}

/**
 * Ends whatever waits on behalf of one owner. An `AbortSignal` does so for others: it is made only if asked for, since
 * making it and listening to it costs more than the rest of a short request.
 */
export class Cancellation {
  #reason: string | null = null;
  /** Few owners wait for more than one thing. */
  #first: Cancellable | null = null;
  #others: Set<Cancellable> | null = null;
  #controller: AbortController | null = null;

  /** Why it was cancelled; null if it was not. */
  get reason(): string | null {
    return this.#reason;
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#reason !== null) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Calls `one.abort()` when it is cancelled, until {@link unwatch}. */
  watch(one: Cancellable): void {
    if (this.#first === null) this.#first = one;
    else (this.#others ??= new Set()).add(one);
  }

  unwatch(one: Cancellable): void {
    if (this.#first === one) this.#first = null;
    else this.#others?.delete(one);
  }

  /** Does nothing the second time. */
  cancel(reason: string): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    const waiting = [...(this.#first === null ? [] : [this.#first]), ...(this.#others ?? [])];
    this.#first = null;
    this.#others = null;
    this.#controller?.abort(reason);
    for (const one of waiting) one.abort(`aborted: ${reason}`);
  }
}
