/**
 * Built-in statistics over all processes: each process publishes its own periodically, so reading a statistic never
 * waits.
 */
import { type Host, type ReplicatedValues, StateKey } from '../../runtime/index.ts';
import { every } from '../../timers/index.ts';
import { type BuiltInStatistic, builtInStatistics, processStatistics } from './built-in.ts';
import { OwnStatistics } from './own-statistics.ts';

/** How often a process publishes its figures, in ms: if a counter has changed, and if none has. */
const soon = 100;
const later = 1000;

interface Place {
  /** In {@link builtInStatistics}. */
  readonly row: number;
  readonly statistic: BuiltInStatistic;
  /** Null for all of them. */
  readonly process: number | null;
}

export class ProcessFigures {
  readonly #host: Host;
  readonly #told: ReplicatedValues;
  /** The offset of a reset counter: the value that counts as 0. */
  readonly #zeros: ReplicatedValues;
  readonly #places = new Map<string, Place>();
  readonly #own: OwnStatistics;
  /** The final counts of ended processes, by process number. */
  readonly #before: readonly number[];
  /** The latest figures of other processes. */
  readonly #others = new Map<number, { readonly text: string; readonly values: readonly number[] }>();
  #counters = '';
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(host: Host) {
    this.#host = host;
    this.#told = host.store.values('$stat processes');
    this.#zeros = host.store.values('$stat zeros');
    this.#own = new OwnStatistics(host, this.#told);
    const before = this.#of(host.number);
    this.#before = builtInStatistics.map(({ kind }, row) => (kind === 'counter' ? (before[row] ?? 0) : 0));
    for (const [row, statistic] of builtInStatistics.entries())
      this.#places.set(`${statistic.group}:${statistic.name}`, { row, statistic, process: null });
    for (const { group, name, all } of processStatistics)
      for (let number = 0; number < host.count; number++)
        this.#places.set(`${group}:${name(number)}`, {
          row: builtInStatistics.indexOf(all),
          statistic: all,
          process: number,
        });
  }

  /** `group:name` of all. */
  get names(): Iterable<string> {
    return [...this.#places.keys(), ...this.#own.names];
  }

  has(name: string): boolean {
    return this.#places.has(name) || this.#own.has(name);
  }

  /** Whether it is computed on request, and cannot be reset. */
  isComputed(name: string): boolean {
    const place = this.#places.get(name);
    return place === undefined ? this.#own.has(name) : place.statistic.kind === 'computed';
  }

  /** Undefined if there is none. */
  get(name: string): number | undefined {
    const place = this.#places.get(name);
    if (place === undefined) return this.#own.get(name);
    return this.#total(place) - Number(this.#zeros.get(name) ?? 0);
  }

  /** False for a computed value; undefined for an unknown statistic. */
  reset(name: string): boolean | undefined {
    const place = this.#places.get(name);
    if (place === undefined) return this.#own.has(name) ? false : undefined;
    if (place.statistic.kind !== 'counter') return false;
    this.#zeros.set(name, this.#total(place));
    return true;
  }

  /** Publishes this process's figures if due, or if urgent. */
  tell(isUrgent = false): void {
    this.#own.tell();
    const values = builtInStatistics.map((statistic, row) => this.#value(statistic, row));
    const counters = values.filter((_, row) => builtInStatistics[row]?.kind === 'counter').join(' ');
    const now = this.#host.clock.now();
    if (!isUrgent && now - this.#toldAt < later && counters === this.#counters) return;
    this.#counters = counters;
    this.#toldAt = now;
    this.#told.set(String(this.#host.number), values.join(' '));
  }

  #value({ read }: BuiltInStatistic, row: number): number {
    return read((name) => this.#host.figure(name)) + (this.#before[row] ?? 0);
  }

  #total({ row, statistic, process }: Place): number {
    const { number, count } = this.#host;
    const at = (one: number) => (one === number ? this.#value(statistic, row) : (this.#of(one)[row] ?? 0));
    if (process !== null) return at(process);
    const all = Array.from({ length: count }, (_, one) => at(one));
    if (statistic.over === 'max') return Math.max(...all);
    const sum = all.reduce((total, one) => total + one, 0);
    return statistic.over === 'mean' ? Math.round(sum / count) : sum;
  }

  #of(process: number): readonly number[] {
    const text = this.#told.get(String(process));
    if (typeof text !== 'string') return [];
    const known = this.#others.get(process);
    if (known?.text === text) return known.values;
    const values = text.split(' ').map(Number);
    this.#others.set(process, { text, values });
    return values;
  }
}

export const processFigures = new StateKey<Host, ProcessFigures>(
  'built-in statistics',
  (host) => new ProcessFigures(host),
);

/** Starts publishing this process's figures; the returned function stops it. */
export function tellOthers(host: Host): () => void {
  const figures = host.states.get(processFigures);
  const telling = every(host.clock, soon, () => figures.tell());
  return () => telling.stop();
}
