/** The figures of a server, one table, which `siprest status`, `$stat`, metrics and the reference read. */
import { modules as builtIn } from '../modules/index.ts';
import {
  type Figure,
  type FigureSpec,
  type HistogramFigures,
  type Module,
  stackOf,
} from '../runtime/index.ts';
import { serverFigures } from './figures/server-figures.ts';
import { sipFigures } from './figures/sip-figures.ts';
import type { FigureSource } from './figures/source.ts';

type Spec = FigureSpec<FigureSource>;

/** All figures of a process, those of siprest's modules included. */
export const FIGURES: readonly Spec[] = [
  ...sipFigures,
  ...serverFigures,
  ...builtIn.flatMap(({ figures }) => figures ?? []),
];

const byName: ReadonlyMap<string, Spec> = new Map(FIGURES.map((spec) => [spec.name, spec]));
const known: ReadonlySet<Module> = new Set(builtIn);

/** Whether a module is not one of siprest. */
export const isOwn = (module: Module): boolean => !known.has(module);

/** The figures of users' own modules among those that a policy loads. */
export const ownFigures = (modules: readonly Module[]): readonly Spec[] =>
  modules.filter(isOwn).flatMap(({ figures = [] }) => figures);

/** All figures of a server with these modules. */
export const figuresWith = (modules: readonly Module[]): readonly Spec[] => [
  ...FIGURES,
  ...ownFigures(modules),
];

/** The modules of the current policy. */
export const modulesOf = ({ routings }: FigureSource): readonly Module[] => routings[0]?.modules ?? [];

/** One figure that is not a distribution; 0 for an unknown name. */
export function readFigure(host: FigureSource, name: string): Figure {
  const spec = byName.get(name) ?? ownFigures(modulesOf(host)).find((one) => one.name === name);
  return spec === undefined || spec.kind === 'histogram' ? 0 : readNumber(host, spec);
}

/** Of the code of users' own modules nothing is sure: what it gets wrong is 0, and a line in the log. */
export function readNumber(
  host: FigureSource,
  spec: Extract<Spec, { read: (host: FigureSource) => Figure }>,
) {
  return byName.has(spec.name) ? spec.read(host) : guarded(host, spec, isFigure, 0);
}

export function readHistograms(
  host: FigureSource,
  spec: Extract<Spec, { kind: 'histogram' }>,
): HistogramFigures {
  if (byName.has(spec.name)) return spec.read(host);
  const isHistogram = (value: unknown): value is HistogramFigures =>
    isRecord(value, (one) => {
      const { count, sum, buckets } = (one ?? {}) as Partial<HistogramFigures[string]>;
      return isNumber(count) && isNumber(sum) && buckets?.length === spec.bounds.length + 1;
    });
  return guarded(host, spec, isHistogram, {});
}

/** The most labels of one figure. */
const mostLabels = 1000;

function guarded<Value>(
  host: FigureSource,
  { name, read }: { readonly name: string; readonly read: (host: FigureSource) => unknown },
  isValid: (value: unknown) => value is Value,
  instead: Value,
): Value {
  try {
    const value = read(host);
    if (isValid(value)) return value;
    host.routings[0]?.log.error(`the figure ${name} has an invalid value, or more than ${mostLabels} labels`);
  } catch (error) {
    host.routings[0]?.log.error(`the figure ${name} cannot be read: ${stackOf(error)}`);
  }
  return instead;
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

const isFigure = (value: unknown): value is Figure => isNumber(value) || isRecord(value, isNumber);

const isRecord = (value: unknown, isValid: (one: unknown) => boolean): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Object.keys(value).length <= mostLabels &&
  Object.values(value).every(isValid);
