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

export type FigureUnit =
  | 'messages'
  | 'lines'
  | 'calls'
  | 'transactions'
  | 'workers'
  | 'processes'
  | 'transfers'
  | 'connections'
  | 's'
  | 'ms'
  | 'MiB'
  | '%'
  | '';

interface FigureFacts {
  readonly name: string;
  readonly unit: FigureUnit;
  readonly summary: string;
  /** The names of its labels; the first takes the rest if a value has more blanks than there are labels. */
  readonly labels?: readonly string[];
}

/** A counter only grows; a gauge is a current value. */
export interface NumberSpec<Source> extends FigureFacts {
  readonly kind: 'counter' | 'gauge';
  /** How figures of several processes are combined: maximum, mean, or by default their sum. */
  readonly over?: 'max' | 'mean';
  readonly read: (source: Source) => Figure;
}

/** A distribution of times. */
export interface HistogramSpec<Source> extends FigureFacts {
  readonly kind: 'histogram';
  readonly unit: 's';
  /** Upper bounds of its ranges, in s. */
  readonly bounds: readonly number[];
  readonly read: (source: Source) => HistogramFigures;
}

export type FigureSpec<Source> = NumberSpec<Source> | HistogramSpec<Source>;

/** Sums up numbers with the same label. */
export function labelled(entries: Iterable<readonly [label: string, value: number]>): Record<string, number> {
  const all: Record<string, number> = {};
  for (const [label, value] of entries) all[label] = (all[label] ?? 0) + value;
  return all;
}
