/** The answers that a cache keeps of one host, by path; those used least recently go when the bytes are used up. */
import type { ByteBudget } from '../../timers/index.ts';
import type { HttpRequest } from '../request.ts';
import { Coalescing } from './coalescing.ts';
import type { StoredAnswer } from './stored-answer.ts';

/** Answers of one path, for all values of what they vary by and all credentials. */
const MAX_VARIANTS = 32;

export class AnswerCache {
  readonly underWay: Coalescing = new Coalescing();
  /** Of each path, in the order in which they were stored. */
  readonly #paths = new Map<string, readonly StoredAnswer[]>();
  /** In the order of their last use. */
  readonly #byUse = new Set<StoredAnswer>();
  #lastUsed: StoredAnswer | null = null;
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
    // the last one that was stored is the newest (RFC 9111, section 4.1)
    const found = this.#paths.get(request.path)?.findLast((one) => one.answers(request, key));
    if (found === undefined) return null;
    if (found !== this.#lastUsed) {
      this.#byUse.delete(found);
      this.#byUse.add(found);
      this.#lastUsed = found;
    }
    return found;
  }

  /** Keeps an answer in place of those that it replaces, if there is room. */
  store(answer: StoredAnswer, request: HttpRequest): void {
    for (const one of this.#stored(answer.path)) if (one.answers(request, answer.key)) this.delete(one);
    if (answer.bytes > this.#most || this.#isClosed) return;
    const [oldest, ...newer] = this.#stored(answer.path);
    if (oldest !== undefined && newer.length + 1 >= MAX_VARIANTS) this.delete(oldest);
    while (this.#bytes + answer.bytes > this.#most || !this.#budget.reserve(answer.bytes)) {
      const [unused] = this.#byUse;
      if (unused === undefined) return;
      this.delete(unused);
    }
    this.#bytes += answer.bytes;
    this.#byUse.add(answer);
    this.#lastUsed = answer;
    this.#paths.set(answer.path, [...this.#stored(answer.path), answer]);
  }

  delete(answer: StoredAnswer): void {
    if (!this.#byUse.delete(answer)) return;
    if (answer === this.#lastUsed) this.#lastUsed = null;
    this.#bytes -= answer.bytes;
    this.#budget.release(answer.bytes);
    const others = this.#stored(answer.path).filter((one) => one !== answer);
    if (others.length === 0) this.#paths.delete(answer.path);
    else this.#paths.set(answer.path, others);
  }

  /** Forgets what is kept of a path, whoever it is for. */
  invalidate(path: string): void {
    for (const one of this.#stored(path)) this.delete(one);
  }

  /** Forgets everything, and keeps nothing more. */
  close(): void {
    this.#isClosed = true;
    for (const one of this.#byUse) this.delete(one);
  }

  /** What is kept of a path: a list that is replaced, and never changed. */
  #stored(path: string): readonly StoredAnswer[] {
    return this.#paths.get(path) ?? [];
  }
}
