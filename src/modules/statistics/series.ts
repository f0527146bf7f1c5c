/**
 * Statistic series: aggregates of the values that a script has added within a time window. The window consists of slots
 * with the sums of every process; slots that leave the window are subtracted. Source: modules/statistics of the manual,
 * "Statistic Series".
 */
import { type Host, type ReplicatedValues, StateKey } from '../../runtime/index.ts';
import type { Clock } from '../../timers/index.ts';
import type { SeriesProfile } from './series-profile.ts';

/** The sums of a slot. */
interface Sums {
  sum: number;
  /** The number of values; with `percentage`, of non-zero values. */
  count: number;
  /** The number of positive values. */
  positive: number;
}

interface Slot extends Sums {
  /** Slots since 1970. */
  epoch: number;
}

/** A process's sums for a place in the ring. */
type Said = readonly [process: number, place: number, slot: Slot];

const nothing = (): Sums => ({ sum: 0, count: 0, positive: 0 });

function add(to: Sums, { sum, count, positive }: Readonly<Sums>, times: 1 | -1): void {
  to.sum += times * sum;
  to.count += times * count;
  to.positive += times * positive;
}

/** A series over all processes. */
class Series {
  readonly #profile: SeriesProfile;
  readonly #clock: Clock;
  /** By epoch, the oldest first. */
  #slots = new Map<number, Sums>();
  #newest = Number.NEGATIVE_INFINITY;
  readonly #total = nothing();
  /** The latest sums of each process for each place in the ring of slots. */
  readonly #said = new Map<string, Slot>();

  constructor(profile: SeriesProfile, clock: Clock) {
    this.#profile = profile;
    this.#clock = clock;
  }

  get value(): number {
    this.#forget();
    const { algorithm, percentageFactor } = this.#profile;
    const { sum, count, positive } = this.#total;
    if (algorithm === 'accumulate') return sum | 0;
    if (count === 0) return 0;
    return Math.trunc((algorithm === 'average' ? sum : positive * percentageFactor) / count);
  }

  /** Adds a value to the current slot; returns its place in the ring and its sums. */
  fed(process: number, value: number): readonly [place: number, slot: Slot] {
    const { algorithm, slots } = this.#profile;
    const epoch = this.#now;
    const place = epoch % slots;
    const before = this.#said.get(`${process} ${place}`);
    const slot: Slot = { epoch, ...nothing(), ...(before?.epoch === epoch ? before : null) };
    if (algorithm !== 'percentage' || value !== 0)
      add(slot, { sum: value, count: 1, positive: value > 0 ? 1 : 0 }, 1);
    this.hear(process, place, slot);
    return [place, slot];
  }

  /** Replaces a process's earlier sums of a slot. */
  hear(process: number, place: number, slot: Slot): void {
    const key = `${process} ${place}`;
    const before = this.#said.get(key);
    this.#said.set(key, slot);
    const oldest = this.#now - this.#profile.slots;
    if (slot.epoch <= oldest) return;
    let sums = this.#slots.get(slot.epoch);
    if (sums === undefined) {
      sums = nothing();
      this.#slots.set(slot.epoch, sums);
      // another process published an older slot late: keep them in order
      if (slot.epoch < this.#newest) this.#slots = new Map([...this.#slots].toSorted(([a], [b]) => a - b));
      this.#newest = Math.max(this.#newest, slot.epoch);
    }
    for (const one of [sums, this.#total]) {
      add(one, slot, 1);
      if (before?.epoch === slot.epoch) add(one, before, -1);
    }
  }

  #forget(): void {
    const oldest = this.#now - this.#profile.slots;
    for (const [epoch, sums] of this.#slots) {
      if (epoch > oldest) return;
      this.#slots.delete(epoch);
      add(this.#total, sums, -1);
    }
  }

  get #now(): number {
    const { window, slots } = this.#profile;
    return Math.floor((this.#clock.date() * slots) / (window * 1000));
  }
}

/** The series of all processes: each process publishes the slots that it has added to. */
export class AllSeries {
  readonly #number: number;
  readonly #clock: Clock;
  readonly #values: ReplicatedValues;
  /** By the common prefix of the keys of a series. */
  readonly #series = new Map<string, Series>();
  /** Series published by other processes before a script used them in this one, by the same prefix. */
  readonly #unknown = new Map<string, Map<string, Said>>();

  constructor({ number, store, clock }: Host) {
    this.#number = number;
    this.#clock = clock;
    this.#values = store.values('$stat series');
    for (const key of this.#values.keys()) this.#heard(key);
    this.#values.watch((key) => this.#heard(key));
  }

  /** `name` is `group:name`. False for a new series beyond the limit. */
  feed(profile: SeriesProfile, name: string, value: number): boolean {
    const prefix = prefixOf(profile, name);
    const isNew = !this.#series.has(prefix) && !this.#unknown.has(prefix);
    const [place, { epoch, sum, count, positive }] = this.#of(profile, prefix).fed(this.#number, value);
    const key = `${prefix}\n${this.#number}\n${place}`;
    const isKept = this.#values.set(key, `${epoch} ${sum} ${count} ${positive}`);
    if (!isKept && isNew) this.#series.delete(prefix);
    return isKept;
  }

  /** Null if the series has no values yet. */
  value(profile: SeriesProfile, name: string): number | null {
    const prefix = prefixOf(profile, name);
    if (!this.#series.has(prefix) && !this.#unknown.has(prefix)) return null;
    return this.#of(profile, prefix).value;
  }

  /** Names without their group, of a profile. */
  names(profile: SeriesProfile): readonly string[] {
    const first = prefixOf(profile, '');
    return [...new Set([...this.#series.keys(), ...this.#unknown.keys()])]
      .filter((prefix) => prefix.startsWith(first))
      .map((prefix) => prefix.slice(first.length));
  }

  #of(profile: SeriesProfile, prefix: string): Series {
    let series = this.#series.get(prefix);
    if (series === undefined) {
      series = new Series(profile, this.#clock);
      this.#series.set(prefix, series);
      for (const said of this.#unknown.get(prefix)?.values() ?? []) series.hear(...said);
      this.#unknown.delete(prefix);
    }
    return series;
  }

  #heard(key: string): void {
    const [, prefix, process, place] = /^([^]*)\n(\d+)\n(\d+)$/.exec(key) ?? [];
    const text = this.#values.get(key);
    if (prefix === undefined || typeof text !== 'string') return;
    const [epoch = 0, sum = 0, count = 0, positive = 0] = text.split(' ').map(Number);
    const said: Said = [Number(process), Number(place), { epoch, sum, count, positive }];
    const series = this.#series.get(prefix);
    if (series !== undefined) {
      // this process's own values return late
      if (said[0] !== this.#number) series.hear(...said);
      return;
    }
    let unknown = this.#unknown.get(prefix);
    if (unknown === undefined) {
      unknown = new Map();
      this.#unknown.set(prefix, unknown);
    }
    unknown.set(`${process} ${place}`, said);
  }
}

/** Includes the profile: when a reload changes it, the series starts again. */
const prefixOf = ({ name, algorithm, window, slots }: SeriesProfile, statistic: string): string =>
  `${name} ${algorithm} ${window} ${slots}\n${statistic}`;

export const allSeries = new StateKey<Host, AllSeries>('statistic series', (host) => new AllSeries(host));
