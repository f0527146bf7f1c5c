/**
 * A line that repeats: an error that each of ten thousand calls has is told a few times a second, and how often it
 * came beyond that. Lines are the same if what differs, behind the place that they begin with, are numbers, quoted texts
 * and paths.
 */

import type { Clock, TimerHandle } from '../../timers/index.ts';

/** How often the same line is written in a second. */
const perSecond = 10;
/** Of how many different lines is kept count; further ones count as one. */
const mostLines = 1000;

interface Repeated {
  readonly level: number;
  readonly text: string;
  count: number;
}

export class Repetitions {
  /** Of this second, by what they have in common. */
  readonly #lines = new Map<string, Repeated>();
  readonly #clock: Clock;
  readonly #write: (level: number, text: string) => void;
  #until = 0;
  #timer: TimerHandle | null = null;
  /** How many lines were left out. */
  left = 0;

  /** `write` gets the lines that tell how often another one was left out. */
  constructor(clock: Clock, write: (level: number, text: string) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  /** Whether the line is to be written. */
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
    this.#timer ??= this.#clock.setTimer(Math.max(this.#until - now, 1), () => this.flush());
    return false;
  }

  /** Tells what was left out so far. */
  flush(): void {
    if (this.#timer !== null) this.#clock.clearTimer(this.#timer);
    this.#timer = null;
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
