/** Metrics as text, in both formats. */
import { expect, it } from 'vitest';
import { catalog } from '../../src/modules/catalog.ts';
import { familiesOf } from '../../src/observe/index.ts';
import { formatFor, metricsText } from '../../src/observe/metrics/text.ts';
import type { FigureSpec } from '../../src/runtime/index.ts';
import { addHistograms, Histogram, quantile } from '../../src/timers/index.ts';

const never = () => 0;
const specs: readonly FigureSpec<unknown>[] = [
  { name: 'calls', kind: 'counter', unit: 'calls', summary: 'Calls.', read: never },
  { name: 'of', kind: 'counter', unit: '', labels: ['host', 'rc'], summary: 'By\nhost.', read: never },
  { name: 'memory', kind: 'gauge', unit: 'MiB', summary: 'Memory \\ "it".', read: never },
  { name: 'none', kind: 'counter', unit: '', labels: ['status'], summary: 'Nothing yet.', read: never },
  { name: 'time', kind: 'histogram', unit: 's', bounds: [0.5, 1], summary: 'Times.', read: () => ({}) },
];
const times = new Histogram([0.5, 1]);
for (const milliseconds of [100, 500, 700, 5000]) times.add(milliseconds);
const families = familiesOf(specs, {
  total: { calls: 3, of: { 'a b"\\:80 -1': 2 }, memory: 1.5, none: 0 },
  histograms: { time: { '': times.figure } },
});

it('are written as Prometheus reads them', () => {
  expect(metricsText({ families, ofScript: [] }, 'prometheus')).toBe(
    `# HELP siprest_calls_total Calls.
# TYPE siprest_calls_total counter
siprest_calls_total 3
# HELP siprest_of_total By\\nhost.
# TYPE siprest_of_total counter
siprest_of_total{host="a b\\"\\\\:80",rc="-1"} 2
# HELP siprest_memory_bytes Memory \\\\ "it".
# TYPE siprest_memory_bytes gauge
siprest_memory_bytes 1572864
# HELP siprest_none_total Nothing yet.
# TYPE siprest_none_total counter
# HELP siprest_time_seconds Times.
# TYPE siprest_time_seconds histogram
siprest_time_seconds_bucket{le="0.5"} 2
siprest_time_seconds_bucket{le="1.0"} 3
siprest_time_seconds_bucket{le="+Inf"} 4
siprest_time_seconds_sum 6.3
siprest_time_seconds_count 4
`,
  );
});

it('are written as OpenMetrics, whose counters are named without their suffix, to the end', () => {
  const text = metricsText({ families, ofScript: [] }, 'openmetrics');
  expect(text).toContain('# TYPE siprest_calls counter\nsiprest_calls_total 3\n');
  expect(text).toContain('# HELP siprest_memory_bytes Memory \\\\ \\"it\\".\n');
  expect(text.endsWith('siprest_time_seconds_count 4\n# EOF\n')).toBe(true);
});

it.each([
  [undefined, 'prometheus'],
  ['*/*', 'prometheus'],
  ['text/html', 'prometheus'],
  ['application/openmetrics-text', 'openmetrics'],
  [
    'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    'openmetrics',
  ],
  ['application/openmetrics-text;q=0.2, text/plain', 'prometheus'],
  ['application/openmetrics-text;q=0', 'prometheus'],
])('Accept: %s gets %s', (accept, format) => {
  expect(formatFor(accept)).toBe(format);
});

it('distributions of several processes are a distribution of all', () => {
  const other = new Histogram([0.5, 1]);
  other.add(700);
  expect(addHistograms(times.figure, other.figure)).toEqual({ count: 5, sum: 7, buckets: [2, 2, 1] });
  expect(addHistograms(undefined, other.figure)).toEqual(other.figure);
});

it('a quantile is estimated within its range', () => {
  const figure = { count: 10, sum: 0, buckets: [0, 10, 0] };
  expect(quantile([0.5, 1], figure, 0.5)).toBe(0.75);
  expect(quantile([0.5, 1], { count: 1, sum: 0, buckets: [0, 0, 1] }, 0.5)).toBe(1);
  expect(quantile([0.5, 1], { count: 0, sum: 0, buckets: [0, 0, 0] }, 0.5)).toBe(0);
});

it('of modules have names in snake case, as Prometheus wants them', () => {
  const names = catalog.modules.flatMap(({ figures = [] }) => figures.map(({ name }) => name));
  expect(names).not.toHaveLength(0);
  expect(names.filter((name) => !/^[a-z][a-z0-9_]*$/.test(name))).toEqual([]);
});
