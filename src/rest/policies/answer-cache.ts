/** The answers that a cache keeps of one host, by path; those used least recently go when the bytes are used up. */
import type { ByteBudget } from '../../timers/index.ts';
import type { HttpRequest } from '../request.ts';
import { Coalescing } from './coalescing.ts';
import type { StoredAnswer } from './stored-answer.ts';

/** Answers of one path, for all values of what they vary by and all credentials. */
const MAX_VARIANTS = 32;

export class AnswerCache {
  readonly underWay: Coalescing = new Coalescing();
  readonly #paths = new Map<string, Set<StoredAnswer>>();
  /** In the order of their last use. */
  readonly #byUse = new Set<StoredAnswer>();
  readonly #most: number;
  /** What the caches of all hosts may take together. */
  readonly #budget: ByteBudget;
  #bytes = 0;
  #isClosed = false;

  constructor(most: number, budget: ByteBudget) {
    this.#most = most;
    this.#budget = budget;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#byUse.size;
  }

  /** The answer to this request, fresh or stale; null: none. */
  find(request: HttpRequest, key: string): StoredAnswer | null {
    let found: StoredAnswer | null = null;
    // the last one that was stored is the newest (RFC 9111, section 4.1)
    for (const one of this.#paths.get(request.path) ?? []) if (one.answers(request, key)) found = one;
    if (found === null) return null;
    this.#byUse.delete(found);
    this.#byUse.add(found);
    return found;
  }

  /** Keeps an answer in place of those that it replaces, if there is room. */
  store(answer: StoredAnswer, request: HttpRequest): void {
    const variants = this.#paths.get(answer.path);
    for (const one of variants ?? []) if (one.answers(request, answer.key)) this.delete(one);
    if (answer.bytes > this.#most || this.#isClosed) return;
    const oldest = (this.#paths.get(answer.path)?.size ?? 0) < MAX_VARIANTS ? undefined : first(variants);
    if (oldest !== undefined) this.delete(oldest);
    while (this.#bytes + answer.bytes > this.#most || !this.#budget.reserve(answer.bytes)) {
      const unused = first(this.#byUse);
      if (unused === undefined) return;
      this.delete(unused);
    }
    this.#bytes += answer.bytes;
    this.#byUse.add(answer);
    const set = this.#paths.get(answer.path);
    if (set === undefined) this.#paths.set(answer.path, new Set([answer]));
    else set.add(answer);
  }

  delete(answer: StoredAnswer): void {
    if (!this.#byUse.delete(answer)) return;
    this.#bytes -= answer.bytes;
    this.#budget.release(answer.bytes);
    const variants = this.#paths.get(answer.path);
    variants?.delete(answer);
    if (variants?.size === 0) this.#paths.delete(answer.path);
  }

  /** Forgets what is kept of a path, whoever it is for. */
  invalidate(path: string): void {
    for (const one of this.#paths.get(path) ?? []) this.delete(one);
  }

  /** Forgets everything, and keeps nothing more. */
  close(): void {
    this.#isClosed = true;
    for (const one of this.#byUse) this.delete(one);
  }
}

function first<T>(set: Set<T> | undefined): T | undefined {
  return set?.values().next().value;
}
