import { Histogram, runBounds } from '../timers/index.ts';
import type { HistogramFigures } from './figures.ts';

/** A compiled route. */
interface Route {
  readonly kind: string;
  /** Empty for the main route. */
  readonly name: string;
}

/** Labels with a time of their own, over all reloads; further ones share one. */
const MOST_LABELS = 200;
const OTHERS = 'others';

/** Counts of runs, and the time spent until the end of each run, or its first wait. */
export class RunCounts {
  runs = 0;
  milliseconds = 0;
  readonly #times = new Map<string, Histogram>();

  add(label: string, milliseconds: number): void {
    this.count(this.timesOf(label), milliseconds);
  }

  protected count(times: Histogram, milliseconds: number): void {
    this.runs++;
    this.milliseconds += milliseconds;
    times.add(milliseconds);
  }

  /** By label. */
  get times(): HistogramFigures {
    return Object.fromEntries([...this.#times].map(([label, times]) => [label, times.figure]));
  }

  protected timesOf(label: string): Histogram {
    const known = this.#times.get(label);
    if (known !== undefined) return known;
    if (this.#times.size >= MOST_LABELS && label !== OTHERS) return this.timesOf(OTHERS);
    const times = new Histogram(runBounds);
    this.#times.set(label, times);
    return times;
  }
}

/** Those of top routes, labelled `route` or `failure_route[busy]`. */
export class ScriptCounts extends RunCounts {
  readonly #ofRoute = new WeakMap<Route, Histogram>();

  addRoute(route: Route, milliseconds: number): void {
    let times = this.#ofRoute.get(route);
    if (times === undefined) {
      times = this.timesOf(route.name === '' ? route.kind : `${route.kind}[${route.name}]`);
      this.#ofRoute.set(route, times);
    }
    this.count(times, milliseconds);
  }
}
