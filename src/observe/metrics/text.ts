/**
 * The text formats of metrics: Prometheus 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats) and OpenMetrics
 * 1.0 (RFC draft, prometheus/OpenMetrics), which a client gets if it prefers it.
 */
import type { ScriptMetric } from '../../runtime/index.ts';
import type { MetricFamily, Metrics } from './family.ts';

export type MetricFormat = 'prometheus' | 'openmetrics';

export const contentTypes: Readonly<Record<MetricFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** The format that an Accept header prefers. */
export function formatFor(accept = ''): MetricFormat {
  const weights = { openmetrics: 0, prometheus: 0 };
  for (const range of accept.toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    const q = parameters.find((parameter) => parameter.startsWith('q='));
    const weight = q === undefined ? 1 : Number(q.slice(2)) || 0;
    if (type === 'application/openmetrics-text') weights.openmetrics = Math.max(weights.openmetrics, weight);
    else if (['text/plain', 'text/*', '*/*'].includes(type))
      weights.prometheus = Math.max(weights.prometheus, weight);
  }
  return weights.openmetrics > 0 && weights.openmetrics >= weights.prometheus ? 'openmetrics' : 'prometheus';
}

export function metricsText({ families, ofScript }: Metrics, format: MetricFormat): string {
  const lines: string[] = [];
  for (const family of families) {
    const { name, type, help } = family;
    const sampled = type === 'counter' ? `${name}_total` : name;
    const described = format === 'openmetrics' ? name : sampled;
    lines.push(`# HELP ${described} ${escaped(help, format)}`, `# TYPE ${described} ${type}`);
    if (family.type === 'histogram') histogramLines(family, lines);
    else
      for (const { labels, value } of family.samples)
        lines.push(`${sampled}${labelText(family.labels, labels)} ${numberText(value)}`);
  }
  for (const metric of ofScript) scriptLines(metric, format, lines);
  if (format === 'openmetrics') lines.push('# EOF');
  return `${lines.join('\n')}\n`;
}

/** Its name stays as the script has it; OpenMetrics takes no counter without the suffix, so it is of an unknown type there. */
function scriptLines(
  { name, type, help, samples }: ScriptMetric,
  format: MetricFormat,
  lines: string[],
): void {
  const isSuffixed = type === 'counter' && name.endsWith('_total');
  const isUnknown = format === 'openmetrics' && type === 'counter' && !isSuffixed;
  const described = format === 'openmetrics' && isSuffixed ? name.slice(0, -'_total'.length) : name;
  if (help !== '') lines.push(`# HELP ${described} ${escaped(help, format)}`);
  lines.push(`# TYPE ${described} ${isUnknown ? 'unknown' : type}`);
  for (const { labels, value } of samples) {
    const [names, values] = [labels.map(([label]) => label), labels.map(([, text]) => text)];
    lines.push(`${name}${labelText(names, values)} ${numberText(value)}`);
  }
}

function histogramLines(family: Extract<MetricFamily, { type: 'histogram' }>, lines: string[]): void {
  const { name, bounds } = family;
  const names = [...family.labels, 'le'];
  for (const { labels, value } of family.samples) {
    let sum = 0;
    for (const [at, count] of value.buckets.entries()) {
      sum += count;
      const bound = bounds[at];
      const le = bound === undefined ? '+Inf' : numberText(bound, true);
      lines.push(`${name}_bucket${labelText(names, [...labels, le])} ${sum}`);
    }
    const of = labelText(family.labels, labels);
    lines.push(`${name}_sum${of} ${numberText(value.sum)}`, `${name}_count${of} ${value.count}`);
  }
}

function labelText(names: readonly string[], values: readonly string[]): string {
  if (names.length === 0) return '';
  const pairs = names.map((name, at) => `${name}="${quoted(values[at] ?? '')}"`);
  return `{${pairs.join(',')}}`;
}

const quoted = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');

function escaped(text: string, format: MetricFormat): string {
  return format === 'openmetrics' ? quoted(text) : text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

/** @param isBound with a decimal point, as OpenMetrics wants bounds */
function numberText(value: number, isBound = false): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  return isBound && Number.isInteger(value) ? `${value}.0` : String(value);
}
