/** Figures: numbers and times that a server counts. Each is one row of a table, which status, metrics and docs read. */
import type { HistogramFigure } from '../timers/index.ts';

/** One number, or one number per label: `{ "200": 17, "503": 2 }`. The values of several labels are joined by blanks. */
export type Figure = number | Readonly<Record<string, number>>;

/** One distribution per label. */
export type HistogramFigures = Readonly<Record<string, HistogramFigure>>;

/** Figures by name, described in docs/reference/figures.md. */
export type FigureValues = Readonly<Record<string, Figure>>;

/** Distributions of times by name, described in docs/reference/figures.md, and by label. */
export type HistogramValues = Readonly<Record<string, HistogramFigures>>;

/** The unit of a figure. */
export type FigureUnit =
  | 'messages'
  | 'lines'
  | 'calls'
  | 'transactions'
  | 'workers'
  | 'processes'
  | 'transfers'
  | 'connections'
  | 'targets'
  | 's'
  | 'ms'
  | 'MiB'
  | '%'
  | '';

/** What all figures have. */
export interface FigureFacts {
  /** As in `siprest status`; the metric is called `siprest_` and this, with its unit. */
  readonly name: string;
  /** '' for a number without a unit. */
  readonly unit: FigureUnit;
  /** One line of documentation. */
  readonly summary: string;
  /** The names of its labels; the first takes the rest if a value has more blanks than there are labels. */
  readonly labels?: readonly string[];
}

/** A number, as its row describes it. */
export interface NumberFacts extends FigureFacts {
  /** A counter only grows; a gauge is a current value. */
  readonly kind: 'counter' | 'gauge';
  /** How figures of several processes are combined: maximum, mean, or by default their sum. */
  readonly over?: 'max' | 'mean';
}

/** A distribution of times, as its row describes it. */
export interface HistogramFacts extends FigureFacts {
  /** What tells it from numbers. */
  readonly kind: 'histogram';
  /** The unit of its bounds. */
  readonly unit: 's';
  /** Upper bounds of its ranges, in s. */
  readonly bounds: readonly number[];
}

/** A figure without its value. */
export type FigureDescription = NumberFacts | HistogramFacts;

/** A row of a table of numbers. */
export interface NumberSpec<Source> extends NumberFacts {
  /** The current value in this process. */
  readonly read: (source: Source) => Figure;
}

/** A row of a table of distributions. */
export interface HistogramSpec<Source> extends HistogramFacts {
  /** The current counts in this process. */
  readonly read: (source: Source) => HistogramFigures;
}

/** A row of a table of figures. */
export type FigureSpec<Source> = NumberSpec<Source> | HistogramSpec<Source>;

/** A row without its code, as plain data. */
export function describeFigure(spec: FigureSpec<never>): FigureDescription {
  const { read: _, ...facts } = spec;
  return facts;
}

/** Sums up numbers with the same label. */
export function labelled(entries: Iterable<readonly [label: string, value: number]>): Record<string, number> {
  const all: Record<string, number> = {};
  for (const [label, value] of entries) all[label] = (all[label] ?? 0) + value;
  return all;
}
