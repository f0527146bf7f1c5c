/**
 * Limits repeated lines: an error common to ten thousand calls is logged a few times a second, then with the number of
 * further occurrences. Lines count as the same if they start at the same place in the script and differ only in
 * numbers, quoted texts and paths.
 */

import type { Clock, TimerHandle } from '../../timers/index.ts';

/** Limit for the same line per second. */
const perSecond = 10;
/** Number of different lines that are counted; all further ones share a count. */
const mostLines = 1000;

interface Repeated {
  readonly level: number;
  readonly text: string;
  count: number;
}

/** Logs that have left lines out and not said so yet. */
export type PendingRepetitions = Set<{ flush(): void }>;

export class Repetitions {
  /** Lines of this second, by their common form. */
  readonly #lines = new Map<string, Repeated>();
  readonly #clock: Clock;
  readonly #write: (level: number, text: string) => void;
  readonly #pending: PendingRepetitions;
  #until = 0;
  #timer: TimerHandle | null = null;
  /** Number of lines left out. */
  left = 0;

  /**
   * @param write logs how often a line was left out
   * @param pending has this object as long as there is something to flush
   */
  constructor(clock: Clock, write: (level: number, text: string) => void, pending: PendingRepetitions) {
    this.#clock = clock;
    this.#write = write;
    this.#pending = pending;
  }

  /** Whether to write the line. */
  admit(level: number, text: string): boolean {
    const now = this.#clock.now();
    if (now >= this.#until) {
      this.flush();
      this.#until = now + 1000;
    }
    const shape = shapeOf(text);
    const key = this.#lines.size < mostLines || this.#lines.has(shape) ? shape : '';
    const line = this.#lines.get(key);
    if (line === undefined) {
      this.#lines.set(key, { level, text: key === '' ? 'further lines' : text, count: 1 });
      return true;
    }
    if (++line.count <= perSecond) return true;
    this.left++;
    this.#pending.add(this);
    this.#timer ??= this.#clock.setTimer(Math.max(this.#until - now, 1), () => this.flush());
    return false;
  }

  /** Logs what was left out so far. */
  flush(): void {
    if (this.#timer !== null) this.#clock.clearTimer(this.#timer);
    this.#timer = null;
    this.#pending.delete(this);
    for (const { level, text, count } of this.#lines.values())
      if (count > perSecond)
        this.#write(level, `${text} (repeated ${(count - perSecond).toLocaleString('en')} times)`);
    this.#lines.clear();
  }
}

/** `opensips.cfg:12: GET http://127.0.0.1:80/users/1: refused` as `opensips.cfg:12: GET http:/#: refused` */
function shapeOf(text: string): string {
  const place = Math.max(text.indexOf(': '), 0);
  return text.slice(0, place) + text.slice(place).replace(/"[^"]*"|\/[^\s/][^\s:]*|\d+/g, '#');
}
