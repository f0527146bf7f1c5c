/** The replicas of a host, and what each did lately: who gets the next request, and who gets none for a while. */
import type { Outcome } from '../outcome.ts';
import type { ConnectTo } from '../request.ts';
import type { SectionValues } from './host-options.ts';
import { hasFailed, isTelling } from './outcome-class.ts';
import { OutcomeWindow } from './outcome-window.ts';

export type ReplicaSettings = SectionValues<'replicas'>;

/** Where a replica is, and in which order it is used. */
export interface ReplicaPlace extends ConnectTo {
  /** The lowest that has a healthy replica is used. */
  readonly priority: number;
  /** Its share among those of its priority. */
  readonly weight: number;
}

/** What is the most of a set, whatever its names resolve to. */
const MAX_REPLICAS = 64;
/** How long the calls count for {@link ReplicaSettings.failureRate}, and how many say something. */
const WINDOW = 10_000;
const MINIMUM = 20;
/** How far the time of ejection grows for a replica that stays sick. */
const LONGEST_FACTOR = 16;
/** Latencies that the 95th percentile is taken of. */
const LATENCIES = 256;
const FEWEST_LATENCIES = 20;

const NONE: ReadonlySet<ConnectTo> = new Set();

const keyOf = ({ hostname, port }: ConnectTo): string => `${hostname}:${port}`;

/** One replica. */
export class Replica implements ReplicaPlace {
  readonly hostname: string;
  readonly port: number;
  priority: number;
  weight: number;
  /** Requests under way. */
  active = 0;
  /** Until when it gets no request; 0: it gets some. */
  ejectedUntil = 0;
  /** How often it was ejected in a row. */
  ejections = 0;
  /** A first request after its ejection is under way. */
  onTrial = false;
  readonly #window = new OutcomeWindow(WINDOW);
  #failuresInRow = 0;

  constructor({ hostname, port, priority, weight }: ReplicaPlace) {
    this.hostname = hostname;
    this.port = port;
    this.priority = priority;
    this.weight = weight;
  }

  /** Whether it may get a request. */
  isAvailable(now: number): boolean {
    return this.ejectedUntil === 0 || (now >= this.ejectedUntil && !this.onTrial);
  }

  /** True if it has failed so often that it should be ejected. */
  count(failed: boolean, { failures, failureRate }: ReplicaSettings, now: number): boolean {
    this.#failuresInRow = failed ? this.#failuresInRow + 1 : 0;
    this.#window.add(failed, false, now);
    const { total, failures: ofThem } = this.#window.counts;
    return (
      this.#failuresInRow >= failures || (failed && total >= MINIMUM && ofThem * 100 >= failureRate * total)
    );
  }

  eject(until: number): void {
    this.ejectedUntil = until;
    this.ejections++;
    this.#failuresInRow = 0;
    this.#window.clear();
  }

  readmit(): void {
    this.ejectedUntil = 0;
    this.ejections = 0;
  }
}

export class ReplicaSet {
  readonly #settings: ReplicaSettings;
  readonly #statuses: ReadonlySet<number>;
  #replicas = new Map<string, Replica>();
  readonly #latencies: number[] = [];
  #measured = 0;
  #p95 = Number.POSITIVE_INFINITY;
  #turn = 0;

  constructor(settings: ReplicaSettings) {
    this.#settings = settings;
    this.#statuses = new Set(settings.statuses);
  }

  get size(): number {
    return this.#replicas.size;
  }

  /** How many get no requests now. */
  get ejected(): number {
    let count = 0;
    for (const { ejectedUntil } of this.#replicas.values()) if (ejectedUntil > 0) count++;
    return count;
  }

  get all(): Iterable<Replica> {
    return this.#replicas.values();
  }

  /** Replaces the places; a replica that stays keeps what is known of it. A place that is listed twice counts once. */
  update(places: Iterable<ReplicaPlace>): void {
    const next = new Map<string, Replica>();
    for (const place of places) {
      const key = keyOf(place);
      if (next.has(key) || next.size >= MAX_REPLICAS) continue;
      const replica = this.#replicas.get(key) ?? new Replica(place);
      replica.priority = place.priority;
      replica.weight = place.weight;
      next.set(key, replica);
    }
    this.#replicas = next;
  }

  /**
   * The one with the fewest requests under way for its weight, of the lowest priority that has an available one; if none is
   * available, whichever was not tried. Null: all were tried.
   */
  choose(tried: ReadonlySet<ConnectTo>, now: number): Replica | null {
    return this.#least(tried, (replica) => replica.isAvailable(now)) ?? this.#least(tried, () => true);
  }

  /** Whether a replica is left that was not tried and is available. */
  hasOther(tried: ReadonlySet<ConnectTo>, now: number): boolean {
    for (const replica of this.#replicas.values())
      if (!tried.has(replica) && replica.isAvailable(now)) return true;
    return false;
  }

  #least(tried: ReadonlySet<ConnectTo>, isWanted: (replica: Replica) => boolean): Replica | null {
    const wanted = [...this.#replicas.values()].filter((one) => !tried.has(one) && isWanted(one));
    const priority = Math.min(...wanted.map((one) => one.priority));
    const fitting = wanted.filter((one) => one.priority === priority);
    // among equals each has its turn
    const from = this.#turn++;
    let best: Replica | null = null;
    for (let i = 0; i < fitting.length; i++) {
      const one = fitting[(from + i) % fitting.length];
      if (one === undefined) continue;
      if (best === null || (one.active + 1) / one.weight < (best.active + 1) / best.weight) best = one;
    }
    return best;
  }

  /** A request to the replica begins. True if it goes to an ejected one because all are ejected. */
  begin(replica: Replica, now: number): boolean {
    replica.active++;
    if (replica.ejectedUntil === 0) return false;
    if (now >= replica.ejectedUntil) replica.onTrial = true;
    return !replica.onTrial && !this.hasOther(NONE, now);
  }

  /**
   * It has ended; null: without an outcome. What changes of the replica, if anything does.
   * @param wasLastResort what `begin` returned: a success then shows that the replica is well, before its time is over
   */
  end(
    replica: Replica,
    outcome: Outcome | null,
    busyFor: number,
    now: number,
    wasLastResort: boolean,
  ): 'ejected' | 'readmitted' | null {
    replica.active--;
    const wasEjected = replica.ejectedUntil > 0;
    const wasTrial = replica.onTrial;
    replica.onTrial = false;
    if (outcome === null || !isTelling(outcome)) return null;
    const failed = this.isFailure(outcome);
    if (!failed && outcome.kind === 'response') this.#measure(outcome.attemptTime);
    const { ejectTime } = this.#settings;
    const isSick = replica.count(failed, this.#settings, now) || (failed && (wasTrial || busyFor > 0));
    // a failure of a request from before its ejection does not make that longer
    if (failed && isSick && (!wasEjected || wasTrial)) {
      const factor = Math.min(2 ** replica.ejections, LONGEST_FACTOR);
      replica.eject(now + Math.max(ejectTime * factor, busyFor));
      return 'ejected';
    }
    if (failed || !(wasTrial || (wasLastResort && wasEjected))) return null;
    replica.readmit();
    return 'readmitted';
  }

  isFailure(outcome: Outcome): boolean {
    return hasFailed(outcome, this.#statuses);
  }

  /** The latency that 95 of 100 answers stay below, in milliseconds; Infinity: not known yet. */
  get p95(): number {
    return this.#p95;
  }

  #measure(latency: number): void {
    this.#latencies[this.#measured++ % LATENCIES] = latency;
    if (this.#measured < FEWEST_LATENCIES || this.#measured % FEWEST_LATENCIES !== 0) return;
    const sorted = [...this.#latencies].sort((a, b) => a - b);
    this.#p95 = sorted[Math.floor(sorted.length * 0.95)] ?? Number.POSITIVE_INFINITY;
  }
}
