/**
 * Figures of users' own modules as statistics: `billing:lookups` is the figure `billing_lookups` of the module billing, and
 * `billing:lookups.found` its part with the label `found`. Each process publishes its own, as it does built-in ones.
 */
import type { Figure, FigureValues, Host, NumberSpec, ReplicatedValues } from '../../runtime/index.ts';

interface Own {
  readonly spec: NumberSpec<Host>;
  /** `billing:lookups` */
  readonly name: string;
}

export class OwnStatistics {
  readonly #host: Host;
  readonly #told: ReplicatedValues;
  /** What ended processes with this number have counted. */
  readonly #before: FigureValues;
  #text = '';

  constructor(host: Host, told: ReplicatedValues) {
    this.#host = host;
    this.#told = told;
    this.#before = this.#of(host.number);
  }

  /** `group:name` of all, those with labels as far as they are known. */
  get names(): readonly string[] {
    return this.#all().flatMap(({ spec, name }) => {
      if (spec.labels === undefined) return [name];
      const labels = this.#figures(spec).flatMap((figure) =>
        typeof figure === 'number' ? [] : Object.keys(figure),
      );
      return [...new Set(labels)].map((label) => `${name}.${label}`);
    });
  }

  has(name: string): boolean {
    return this.#find(name) !== null;
  }

  /** The value over all processes; undefined for an unknown name. */
  get(name: string): number | undefined {
    const found = this.#find(name);
    if (found === null) return undefined;
    const { spec, label } = found;
    const values = this.#figures(spec).map((figure) =>
      typeof figure === 'number' ? (label === null ? figure : 0) : sumOf(figure, label),
    );
    if (spec.over === 'max') return Math.round(Math.max(...values));
    const sum = values.reduce((total, one) => total + one, 0);
    return Math.round(spec.over === 'mean' ? sum / values.length : sum);
  }

  /** Publishes those of this process, if they have changed. */
  tell(): void {
    const own = Object.fromEntries(this.#all().map(({ spec }) => [spec.name, this.#own(spec)]));
    const text = JSON.stringify(own);
    if (text === this.#text || text === '{}') return;
    this.#text = text;
    this.#told.set(key(this.#host.number), text);
  }

  #all(): readonly Own[] {
    return this.#host.ownFigures.flatMap(({ module, figures }) =>
      figures.flatMap((spec) =>
        spec.kind === 'histogram' ? [] : [{ spec, name: `${module}:${spec.name.slice(module.length + 1)}` }],
      ),
    );
  }

  #find(name: string): { readonly spec: NumberSpec<Host>; readonly label: string | null } | null {
    for (const { spec, name: own } of this.#all()) {
      if (name === own) return { spec, label: null };
      if (name.startsWith(`${own}.`)) return { spec, label: name.slice(own.length + 1) };
    }
    return null;
  }

  /** Those of all processes. */
  #figures(spec: NumberSpec<Host>): readonly Figure[] {
    const { number, count } = this.#host;
    return Array.from({ length: count }, (_, one) =>
      one === number ? this.#own(spec) : (this.#of(one)[spec.name] ?? 0),
    );
  }

  #own({ name, kind }: NumberSpec<Host>): Figure {
    const now = this.#host.figure(name);
    return kind === 'counter' ? added(now, this.#before[name] ?? 0) : now;
  }

  #of(process: number): FigureValues {
    const text = this.#told.get(key(process));
    return typeof text === 'string' ? (JSON.parse(text) as FigureValues) : {};
  }
}

const key = (process: number) => `own ${process}`;

/** All labels if none is given. */
function sumOf(figure: Readonly<Record<string, number>>, label: string | null): number {
  if (label !== null) return figure[label] ?? 0;
  return Object.values(figure).reduce((sum, one) => sum + one, 0);
}

function added(one: Figure, other: Figure): Figure {
  if (typeof one === 'number' && typeof other === 'number') return one + other;
  const sums: Record<string, number> = {};
  for (const figure of [one, other])
    if (typeof figure !== 'number')
      for (const [label, value] of Object.entries(figure)) sums[label] = (sums[label] ?? 0) + value;
  return sums;
}
