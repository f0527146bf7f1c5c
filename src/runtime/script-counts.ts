import { Histogram, runBounds } from '../timers/index.ts';
import type { HistogramFigures } from './figures.ts';

/** A compiled route. */
interface Route {
  readonly kind: string;
  /** Empty for the main route. */
  readonly name: string;
}

/** Routes with a time of their own, over all reloads; further ones share one. */
const MOST_ROUTES = 200;
const OTHERS = 'others';

/** Counts of top route runs, and the time spent until the end of each run, or its first wait. */
export class ScriptCounts {
  runs = 0;
  milliseconds = 0;
  readonly #times = new Map<string, Histogram>();
  readonly #ofRoute = new WeakMap<Route, Histogram>();

  add(route: Route, milliseconds: number): void {
    this.runs++;
    this.milliseconds += milliseconds;
    let times = this.#ofRoute.get(route);
    if (times === undefined) {
      times = this.#timesOf(route.name === '' ? route.kind : `${route.kind}[${route.name}]`);
      this.#ofRoute.set(route, times);
    }
    times.add(milliseconds);
  }

  /** By route, such as `route` or `failure_route[busy]`. */
  get times(): HistogramFigures {
    return Object.fromEntries([...this.#times].map(([route, times]) => [route, times.figure]));
  }

  #timesOf(label: string): Histogram {
    const known = this.#times.get(label);
    if (known !== undefined) return known;
    if (this.#times.size >= MOST_ROUTES && label !== OTHERS) return this.#timesOf(OTHERS);
    const times = new Histogram(runBounds);
    this.#times.set(label, times);
    return times;
  }
}
