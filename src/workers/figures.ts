/** The figures of a server, one table, which `siprest status`, `$stat`, metrics and the reference read. */
import { modules } from '../modules/index.ts';
import type { Figure, FigureSpec } from '../runtime/index.ts';
import { serverFigures } from './figures/server-figures.ts';
import { sipFigures } from './figures/sip-figures.ts';
import type { FigureSource } from './figures/source.ts';

/** All figures of a process, those of the modules included. */
export const FIGURES: readonly FigureSpec<FigureSource>[] = [
  ...sipFigures,
  ...serverFigures,
  ...modules.flatMap(({ figures }) => figures ?? []),
];

const byName: ReadonlyMap<string, FigureSpec<FigureSource>> = new Map(
  FIGURES.map((spec) => [spec.name, spec]),
);

/** One figure that is not a distribution; 0 for an unknown name. */
export function readFigure(host: FigureSource, name: string): Figure {
  const spec = byName.get(name);
  return spec === undefined || spec.kind === 'histogram' ? 0 : spec.read(host);
}
