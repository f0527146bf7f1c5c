/**
 * Targets that failed lately: others are tried first, until one request, or a probe, has found out that they answer. All
 * processes share them.
 */
import { type Destinations, failed } from './destination.ts';
import type { Target } from './proxy-types.ts';
import { formatHostPort } from './via.ts';

/** `timeout`: no response came. `transport`: ICMP, a refused connection, TLS. `unavailable`: it answered 503. */
export type FailureKind = 'timeout' | 'transport' | 'unavailable';

export interface TargetFailure {
  readonly kind: FailureKind;
  /** For the log. */
  readonly detail: string;
  /** How long it asks to be left alone, in ms; 0: it does not say. */
  readonly pause?: number;
  /** Whether its destination has no other target. */
  readonly isOnly: boolean;
}

/** What the proxy tells of its targets. */
export interface TargetMemory {
  /** Whether nothing is to be remembered of any target. */
  readonly isEmpty: boolean;
  failed(target: Target, failure: TargetFailure): void;
  /** A target has responded, but not with 503. */
  answered(target: Target): void;
}

export const NO_MEMORY: TargetMemory = { isEmpty: true, failed: () => undefined, answered: () => undefined };

/** How targets are avoided. */
export interface Avoidance {
  /** How long after a failure, in ms; doubled with each further one, up to 8 times. */
  readonly time: number;
  /** Whether OPTIONS requests try them; else the first request after that time does. */
  readonly isProbed: boolean;
  /** Whether they get no request even if there is no other target. */
  readonly isStrict: boolean;
}

/** Texts by key that all processes share. */
export interface SharedTexts {
  get(key: string): unknown;
  set(key: string, text: string): boolean;
  delete(key: string): void;
  keys(): Iterable<string>;
  readonly size: number;
  watch(changed: (key: string) => void): void;
}

/** An avoided target. Times are in ms since 1970. */
export interface FailedTarget {
  readonly target: Target;
  readonly kind: FailureKind;
  readonly detail: string;
  /** When it failed first. */
  readonly since: number;
  /** Until when nothing tries it. */
  readonly until: number;
  /** Failures in a row, up to the number that still lengthens the time. */
  readonly failures: number;
  /** Whether a request tries it just now. */
  readonly isTried: boolean;
}

/** `failed`: from now on it is avoided for this time in ms, `again` if it was before. `answered`: no longer. */
export type TargetChange =
  | { readonly kind: 'failed'; readonly entry: FailedTarget; readonly time: number; readonly again: boolean }
  | { readonly kind: 'answered'; readonly entry: FailedTarget };

export interface FailedTargetsOptions {
  readonly texts: SharedTexts;
  /** Ms since 1970. */
  readonly date: () => number;
  /** Hears of changes that this process has made. */
  readonly changed?: (change: TargetChange) => void;
}

/** Failures that double the time. */
const MOST_FAILURES = 4;
/** Longest time that a 503 may ask for, in ms. */
const LONGEST_PAUSE = 3_600_000;
/** How long after its time an entry is kept for a probe, or for a request, in ms. */
const PROBE_GRACE = 40_000;
const LAPSE = 600_000;
/** For how long a target without an answer is probed, in ms. */
const LONGEST_PROBED = 86_400_000;
/** More failures are not remembered. */
const MOST_ENTRIES = 1000;

const keyOf = ({ transport, address, port }: Target): string => `${transport} ${address} ${port}`;

/** `udp:192.0.2.1:5060`, with its name if it has one. */
export const targetName = ({ transport, address, port, name }: Target): string =>
  `${transport}:${formatHostPort(address, port)}${name === undefined ? '' : ` (${name})`}`;

export class FailedTargets implements TargetMemory {
  isEmpty: boolean;
  /** Null: nothing is remembered. */
  avoidance: Avoidance | null = null;
  readonly counts: Record<FailureKind, number> = { timeout: 0, transport: 0, unavailable: 0 };
  /** How often a request went elsewhere. */
  passedOver = 0;
  readonly #texts: SharedTexts;
  readonly #date: () => number;
  readonly #changed: (change: TargetChange) => void;

  constructor({ texts, date, changed = () => undefined }: FailedTargetsOptions) {
    this.#texts = texts;
    this.#date = date;
    this.#changed = changed;
    this.isEmpty = texts.size === 0;
    texts.watch(() => {
      this.isEmpty = texts.size === 0;
    });
  }

  failed(target: Target, { kind, detail, pause = 0, isOnly }: TargetFailure): void {
    this.counts[kind]++;
    const { avoidance } = this;
    if (avoidance === null || (isOnly && !avoidance.isStrict)) return;
    const before = this.#read(keyOf(target));
    const now = this.#date();
    if (before === null ? !this.#hasRoom() : before.until > now && !before.isTried) return;
    const failures = Math.min((before?.failures ?? 0) + 1, MOST_FAILURES);
    const since = before?.since ?? now;
    if (avoidance.isProbed && now - since > LONGEST_PROBED) return this.#texts.delete(keyOf(target));
    const time = pause > 0 ? Math.min(pause, LONGEST_PAUSE) : avoidance.time * 2 ** (failures - 1);
    const entry = { target, kind, detail, since, until: now + time, failures, isTried: false };
    if (this.#write(entry)) this.#changed({ kind: 'failed', entry, time, again: before !== null });
  }

  answered(target: Target): void {
    const entry = this.#read(keyOf(target));
    if (entry === null) return;
    this.#texts.delete(keyOf(target));
    this.#changed({ kind: 'answered', entry });
  }

  /**
   * Puts the targets that are avoided behind the others, or leaves them out if that is strict. One whose time is over is
   * given to this request, while others go on to avoid it.
   */
  order(found: Destinations): Destinations {
    const { avoidance } = this;
    const { targets } = found;
    if (this.isEmpty || avoidance === null || (targets.length < 2 && !avoidance.isStrict)) return found;
    const now = this.#date();
    const good: Target[] = [];
    const avoided: Target[] = [];
    for (const target of targets) (this.isAvoided(target, now) ? avoided : good).push(target);
    const [first] = good;
    const entry = first === undefined ? null : this.#read(keyOf(first));
    if (entry !== null) this.#write({ ...entry, until: now + avoidance.time, isTried: true });
    if (avoided.length === 0) return found;
    if (good.length > 0 || avoidance.isStrict) this.passedOver++;
    if (!avoidance.isStrict) return { targets: [...good, ...avoided], failure: null };
    return good.length === 0 ? failed('avoided') : { targets: good, failure: null };
  }

  isAvoided(target: Target, now = this.#date()): boolean {
    if (this.isEmpty) return false;
    const entry = this.#read(keyOf(target));
    const grace = this.avoidance?.isProbed === true ? PROBE_GRACE : 0;
    return entry !== null && entry.until + grace > now;
  }

  /** Those that are avoided now. */
  get all(): readonly FailedTarget[] {
    this.sweep();
    return this.#entries().filter(({ target }) => this.isAvoided(target));
  }

  /** Forgets what nobody has asked for. */
  sweep(): void {
    const latest = this.#date() - LAPSE;
    for (const { target, until } of this.#entries()) if (until < latest) this.#texts.delete(keyOf(target));
  }

  #entries(): FailedTarget[] {
    return this.isEmpty ? [] : [...this.#texts.keys()].flatMap((key) => this.#read(key) ?? []);
  }

  #hasRoom(): boolean {
    if (this.#texts.size < MOST_ENTRIES) return true;
    this.sweep();
    return this.#texts.size < MOST_ENTRIES;
  }

  #read(key: string): FailedTarget | null {
    const text = this.#texts.get(key);
    return typeof text === 'string' ? (JSON.parse(text) as FailedTarget) : null;
  }

  #write(entry: FailedTarget): boolean {
    return this.#texts.set(keyOf(entry.target), JSON.stringify(entry));
  }
}

/** What a Retry-After says (RFC 3261, 20.33), in ms; 0 for none. */
export const retryAfter = (value: string | null): number =>
  1000 * Number(/^\s*(\d{1,9})/.exec(value ?? '')?.[1] ?? 0);
