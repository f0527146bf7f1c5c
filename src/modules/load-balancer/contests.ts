/** The destinations that a call may use, ranked by what they have left: kept up to date, so that nothing is searched. */
import type { Destination } from './destination.ts';
import { Ranking } from './ranking.ts';

/** What is known of destinations now. */
export interface Loads {
  /** Changes when a destination is enabled, disabled or resized. */
  readonly version: () => number;
  readonly isEnabled: (destination: Destination) => boolean;
  readonly capacity: (destination: Destination, resource: string) => number;
  readonly load: (destination: Destination, resource: string) => number;
}

/** Those of a group that have all resources of a call. */
export class Contest {
  readonly #members: readonly Destination[];
  readonly #places: ReadonlyMap<string, number>;
  readonly #resources: readonly string[];
  readonly #isRelative: boolean;
  readonly #loads: Loads;
  readonly #ranking: Ranking;
  #version = Number.NaN;

  constructor(
    members: readonly Destination[],
    resources: readonly string[],
    isRelative: boolean,
    loads: Loads,
  ) {
    this.#members = members;
    this.#places = new Map(members.map(({ id }, i) => [id, i]));
    this.#resources = resources;
    this.#isRelative = isRelative;
    this.#loads = loads;
    this.#ranking = new Ranking(members.length);
  }

  uses(resource: string): boolean {
    return this.#resources.includes(resource);
  }

  /** The load of a destination has changed. */
  loadChanged(id: string): void {
    const place = this.#places.get(id);
    if (place !== undefined) this.#rank(place);
  }

  /** What is left is the least of its resources, in calls, or in percent of the capacity; -Infinity for a disabled one. */
  #rank(place: number): void {
    const one = this.#members[place];
    if (one === undefined) return;
    let left = Number.POSITIVE_INFINITY;
    for (const resource of this.#resources) {
      const capacity = this.#loads.capacity(one, resource);
      const free = capacity - this.#loads.load(one, resource);
      left = Math.min(left, !this.#isRelative ? free : capacity === 0 ? free : (100 * free) / capacity);
    }
    this.#ranking.set(place, this.#loads.isEnabled(one) ? left : Number.NEGATIVE_INFINITY);
  }

  /**
   * The one that has most left. `full`: all have less than the call needs; `none`: there is none, or all are disabled.
   *
   * @param used those that are left out
   */
  best(
    used: ReadonlySet<string>,
    { takesFull, isRandom }: { readonly takesFull: boolean; readonly isRandom: boolean },
  ): Destination | 'full' | 'none' {
    const version = this.#loads.version();
    if (version !== this.#version) {
      this.#version = version;
      for (let i = 0; i < this.#members.length; i++) this.#rank(i);
    }
    const places = used.size === 0 && !isRandom ? [this.#ranking.best] : this.#bestOf(used);
    const place = places[isRandom ? Math.floor(Math.random() * places.length) : 0] ?? -1;
    const left = this.#ranking.get(place);
    const found = this.#members[place];
    if (found === undefined || left === Number.NEGATIVE_INFINITY) return 'none';
    return left > 0 || takesFull ? found : 'full';
  }

  /** The places of all that have most left. */
  #bestOf(used: ReadonlySet<string>): readonly number[] {
    let [highest, places]: [number, number[]] = [Number.NEGATIVE_INFINITY, []];
    for (const [i, { id }] of this.#members.entries()) {
      const left = used.has(id) ? Number.NEGATIVE_INFINITY : this.#ranking.get(i);
      if (left > highest) [highest, places] = [left, []];
      if (left === highest && left > Number.NEGATIVE_INFINITY) places.push(i);
    }
    return places;
  }
}

/** Scripts ask for few combinations. */
const most = 256;

export class Contests {
  readonly #destinations: readonly Destination[];
  readonly #loads: Loads;
  readonly #known = new Map<string, Contest>();

  constructor(destinations: readonly Destination[], loads: Loads) {
    this.#destinations = destinations;
    this.#loads = loads;
  }

  of(group: number, resources: readonly string[], isRelative: boolean): Contest {
    const key = `${group} ${isRelative} ${resources.join(';')}`;
    let contest = this.#known.get(key);
    if (contest === undefined) {
      const members = this.#destinations.filter(
        (one) => one.group === group && resources.every((resource) => one.resources.has(resource)),
      );
      contest = new Contest(members, resources, isRelative, this.#loads);
      if (this.#known.size >= most) this.#known.clear();
      this.#known.set(key, contest);
    }
    return contest;
  }

  loadChanged(resource: string, id: string): void {
    for (const contest of this.#known.values()) if (contest.uses(resource)) contest.loadChanged(id);
  }
}
