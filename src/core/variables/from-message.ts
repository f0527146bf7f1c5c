/** Variables whose text the sender of the message controls. */
import type { Run } from '../../runtime/index.ts';
import type { VariableSpec } from '../../script/index.ts';

const names: ReadonlySet<string> = new Set([
  ...['ru', 'rU', 'rd', 'ou', 'oU', 'od', 'fu', 'fU', 'fd', 'fn', 'ft', 'tu', 'tU', 'td', 'tn', 'tt'],
  ...['pu', 'pU', 'pd', 'pn', 'ai', 'di', 're', 'rt', 'dip', 'dir', 'hdr', 'ct', 'ct.fields', 'path', 'ua'],
  ...['ci', 'rb', 'cT', 'sdp', 'sdp.line', 'sdp.stream', 'au', 'ad', 'aU', 'ar', 'adu', 'Au', 'rr', 'mb'],
]);

export function withSenders(specs: readonly VariableSpec<Run>[]): readonly VariableSpec<Run>[] {
  return specs.map((spec) => (names.has(spec.name) ? { ...spec, fromMessage: true } : spec));
}
