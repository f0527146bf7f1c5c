import { Histogram, type HistogramFigure, latencyBounds } from '../timers/index.ts';
import type { Outcome, ReturnCode } from './outcome.ts';
import type { PhaseTimes } from './transfer-end.ts';

/** Hosts counted separately; all others share one count. */
const MOST_HOSTS = 1_000;
/** Hosts with distributions of their own. */
const MOST_TIMED = 100;
const OTHERS = 'others';

/** What policies did, by the names that figures have. */
export const POLICY_ACTS = [
  'retries',
  'failovers',
  'hedges',
  'cache_hits',
  'stale_answers',
  'refused_breaker',
  'refused_limits',
  'refused_auth',
] as const;

/** Something that a policy did for a call. */
export type PolicyAct = (typeof POLICY_ACTS)[number];

/** The phases of a transfer, in their order. */
const PHASES = ['lookup', 'connect', 'tls', 'first_byte', 'total'] as const;

/** How long the phases of transfers took. */
export class PhaseHistograms {
  readonly #phases = PHASES.map(() => new Histogram(latencyBounds));

  /** Adds the phases that took place; each begins where the one before has ended. */
  add({ lookup, connect, tls, firstByte, total }: PhaseTimes): void {
    let before = 0;
    const ends = [lookup, connect, tls, firstByte];
    for (const [phase, end] of ends.entries()) {
      if (end === 0) continue;
      this.#phases[phase]?.add(Math.max(end - before, 0));
      before = end;
    }
    this.#phases[4]?.add(total);
  }

  *entries(): Generator<readonly [phase: string, times: HistogramFigure]> {
    for (const [at, phase] of PHASES.entries()) {
      const { figure } = this.#phases[at] ?? { figure: null };
      if (figure !== null && figure.count > 0) yield [phase, figure];
    }
  }
}

/** How the transfers to one host ended. */
export class HostCounts {
  /** The host and port, or `others`. */
  readonly host: string;
  readonly #counts = new Uint32Array(11);
  readonly #classes = new Uint32Array(6);
  readonly #times: PhaseHistograms;
  #acts: Partial<Record<PolicyAct, number>> | null = null;

  constructor(host: string, times: PhaseHistograms) {
    this.host = host;
    this.#times = times;
  }

  /** A policy of the host has done something. */
  act(name: PolicyAct): void {
    this.#acts ??= {};
    this.#acts[name] = (this.#acts[name] ?? 0) + 1;
  }

  /** What policies did, as far as they did anything. */
  get acts(): Readonly<Partial<Record<PolicyAct, number>>> {
    return this.#acts ?? {};
  }

  /** A transfer has ended. */
  ended(outcome: Outcome): void {
    this.add(outcome.rc);
    const times = outcome.attemptTimes;
    // it has waited for the answer until then
    const isUnanswered = outcome.kind === 'timeout' && times.firstByte === 0;
    this.#times.add(isUnanswered ? { ...times, firstByte: times.total } : times);
    if (outcome.kind !== 'response') return;
    const first = Math.floor(outcome.status / 100);
    this.#classes[first] = (this.#classes[first] ?? 0) + 1;
  }

  add(rc: ReturnCode): void {
    const at = rc === 1 ? 0 : -rc;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  /** The non-zero counts by return code. */
  *entries(): Generator<readonly [rc: ReturnCode, count: number]> {
    for (const [at, count] of this.#counts.entries())
      if (count > 0) yield [(at === 0 ? 1 : -at) as ReturnCode, count];
  }

  /** Complete answers by the class of their status: `2xx`. */
  *answers(): Generator<readonly [statusClass: string, count: number]> {
    for (const [first, count] of this.#classes.entries()) if (count > 0) yield [`${first}xx`, count];
  }
}

/** How transfers ended, by host and port. */
export class TransferCounts {
  readonly #hosts = new Map<string, HostCounts>();
  readonly #times = new Map<string, PhaseHistograms>();

  of(host: string): HostCounts {
    let counts = this.#hosts.get(host);
    if (counts !== undefined) return counts;
    if (this.#hosts.size >= MOST_HOSTS && host !== OTHERS) return this.of(OTHERS);
    counts = new HostCounts(host, this.#timesOf(host));
    this.#hosts.set(host, counts);
    return counts;
  }

  [Symbol.iterator](): IterableIterator<[host: string, counts: HostCounts]> {
    return this.#hosts.entries();
  }

  /** How long phases took, by host; hosts beyond the first 100 share one distribution. */
  get times(): ReadonlyMap<string, PhaseHistograms> {
    return this.#times;
  }

  #timesOf(host: string): PhaseHistograms {
    const known = this.#times.get(host);
    if (known !== undefined) return known;
    if (this.#times.size >= MOST_TIMED && host !== OTHERS) return this.#timesOf(OTHERS);
    const times = new PhaseHistograms();
    this.#times.set(host, times);
    return times;
  }
}
