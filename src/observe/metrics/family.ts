/** Metrics as Prometheus knows them: families with a type, and samples by label. */
import type {
  FigureDescription,
  FigureUnit,
  FigureValues,
  HistogramValues,
  ScriptMetric,
} from '../../runtime/index.ts';
import type { HistogramFigure } from '../../timers/index.ts';

export interface Sample {
  /** Values of the family's labels, in their order. */
  readonly labels: readonly string[];
  readonly value: number;
}

interface FamilyFacts {
  /** Without the suffix of its type. */
  readonly name: string;
  readonly help: string;
  /** The names of its labels. */
  readonly labels: readonly string[];
}

export type MetricFamily = FamilyFacts &
  (
    | { readonly type: 'counter' | 'gauge'; readonly samples: readonly Sample[] }
    | {
        readonly type: 'histogram';
        /** Upper bounds of the ranges. */
        readonly bounds: readonly number[];
        readonly samples: readonly { readonly labels: readonly string[]; readonly value: HistogramFigure }[];
      }
  );

/** All that one path serves. */
export interface Metrics {
  readonly families: readonly MetricFamily[];
  readonly ofScript: readonly ScriptMetric[];
}

/** Base units of Prometheus: what its names end in, and the factor to it. */
const baseUnits: Partial<Record<FigureUnit, { readonly suffix: string; readonly factor: number }>> = {
  s: { suffix: '_seconds', factor: 1 },
  ms: { suffix: '_seconds', factor: 0.001 },
  MiB: { suffix: '_bytes', factor: 1_048_576 },
  '%': { suffix: '_ratio', factor: 0.01 },
};

/** `siprest_rest_time_seconds` for the figure `rest_time` in s. */
export const metricName = ({ name, unit }: Pick<FigureDescription, 'name' | 'unit'>): string =>
  `siprest_${name}${baseUnits[unit]?.suffix ?? ''}`;

/** The values of figures as metrics. */
export function familiesOf(
  specs: readonly FigureDescription[],
  { total, histograms }: { readonly total: FigureValues; readonly histograms: HistogramValues },
): readonly MetricFamily[] {
  return specs.map((spec): MetricFamily => {
    const { labels = [], summary: help } = spec;
    const facts = { name: metricName(spec), help, labels };
    if (spec.kind === 'histogram') {
      const samples = Object.entries(histograms[spec.name] ?? {}).map(([label, value]) => ({
        labels: labelValues(label, labels.length),
        value,
      }));
      return { ...facts, type: 'histogram', bounds: spec.bounds, samples };
    }
    const factor = baseUnits[spec.unit]?.factor ?? 1;
    const figure = total[spec.name] ?? 0;
    // a labelled figure is the number 0 as long as nothing was counted
    const values = typeof figure === 'number' ? (labels.length === 0 ? { '': figure } : {}) : figure;
    const samples = Object.entries(values).map(([label, value]) => ({
      labels: labelValues(label, labels.length),
      value: rounded(value * factor),
    }));
    return { ...facts, type: spec.kind, samples };
  });
}

/** Undoes what a factor adds to the digits. */
const rounded = (value: number) => Number(value.toPrecision(12));

/** `["127.0.0.1:80", "1"]` of `127.0.0.1:80 1`; the first label takes the rest. */
function labelValues(label: string, count: number): readonly string[] {
  if (count <= 1) return count === 0 ? [] : [label];
  const parts = label.split(' ');
  const first = parts.slice(0, parts.length - count + 1).join(' ');
  return [first, ...parts.slice(parts.length - count + 1)];
}
