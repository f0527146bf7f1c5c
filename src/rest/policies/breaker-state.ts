/** Whether a host is asked at all: closed, open, or half-open, by how the calls to it have ended. */
import type { Outcome } from '../outcome.ts';
import type { SectionValues } from './host-options.ts';
import { hasFailed, isTelling } from './outcome-class.ts';
import { OutcomeWindow } from './outcome-window.ts';

export type BreakerSettings = SectionValues<'breaker'>;

/** What a breaker does. */
export type BreakerMode = 'closed' | 'open' | 'half-open';

/** By how much the time that it stays open varies, so that the processes of a cluster do not probe at once. */
const JITTER = 0.1;

export class BreakerState {
  mode: BreakerMode = 'closed';
  /** Changes with the mode: what a call of an earlier one says does not count. */
  generation = 0;
  /** Why it is open. */
  reason = '';
  readonly #settings: BreakerSettings;
  readonly #window: OutcomeWindow;
  readonly #statuses: ReadonlySet<number>;
  #openUntil = 0;
  #probing = 0;
  #probed = 0;

  constructor(settings: BreakerSettings) {
    this.#settings = settings;
    this.#window = new OutcomeWindow(settings.window);
    this.#statuses = new Set(settings.statuses);
  }

  /** Whether a request may go now. */
  admits(now: number): boolean {
    if (this.mode === 'closed') return true;
    if (this.mode === 'open') {
      if (now < this.#openUntil) return false;
      this.#become('half-open');
    }
    return this.#probing + this.#probed < this.#settings.probes;
  }

  /** Counts a request that goes: a probe, if the breaker is half-open. */
  enter(): void {
    if (this.mode === 'half-open') this.#probing++;
  }

  /** How long it stays open, in milliseconds. */
  openFor(now: number): number {
    return Math.max(this.#openUntil - now, 0);
  }

  /** A call of this generation has ended; null: without saying anything about the service. */
  exit(generation: number, outcome: Outcome | null, now: number, random: number): void {
    if (generation !== this.generation || this.mode === 'open') return;
    const { slowTime } = this.#settings;
    const telling = outcome !== null && isTelling(outcome);
    const failed = telling && hasFailed(outcome, this.#statuses);
    const slow = telling && slowTime > 0 && outcome.attemptTime > slowTime;
    if (this.mode === 'half-open') {
      this.#probing--;
      if (failed || slow) this.open(`a probe ${failed ? 'failed' : 'was slow'}`, now, random);
      else if (telling && ++this.#probed >= this.#settings.probes) this.#become('closed');
    } else if (telling) {
      this.#window.add(failed, slow, now);
      this.#judge(now, random);
    }
  }

  #judge(now: number, random: number): void {
    const { failureRate, slowRate, slowTime, minimum, window } = this.#settings;
    const { total, failures, slow } = this.#window.counts;
    if (total < minimum) return;
    const within = `of the last ${total} calls within ${window} ms`;
    if (failures * 100 >= failureRate * total) this.open(`${failures} ${within} failed`, now, random);
    else if (slowTime > 0 && slow * 100 >= slowRate * total)
      this.open(`${slow} ${within} took more than ${slowTime} ms`, now, random);
  }

  open(reason: string, now: number, random: number): void {
    this.reason = reason;
    this.#openUntil = now + this.#settings.openTime * (1 + JITTER * (2 * random - 1));
    this.#become('open');
  }

  /** As another process has found out. */
  openUntil(until: number, reason: string): void {
    this.reason = reason;
    this.#openUntil = until;
    this.#become('open');
  }

  close(): void {
    this.#become('closed');
  }

  #become(mode: BreakerMode): void {
    this.mode = mode;
    this.generation++;
    this.#probing = 0;
    this.#probed = 0;
    this.#window.clear();
  }
}
