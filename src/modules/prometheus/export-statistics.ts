/** Exports statistics as metrics, named by the parameters of the module. */
import type { RunRouting } from '../../runtime/index.ts';
import { InvalidUse, type RowValues } from '../../script/index.ts';
import {
  parseSubstitution,
  replaced,
  replacements,
  type Substitution,
  SubstitutionSyntaxError,
} from '../../text/index.ts';
import { statisticsNamed, statisticValue } from '../statistics/all-statistics.ts';
import { processFigures } from '../statistics/process-figures.ts';
import type { Collection } from './collection.ts';
import { type Labels, parseLabels } from './labels.ts';
import type { parameters } from './parameters.ts';

type Values = RowValues<typeof parameters>;

/** A rule of `labels`: makes labels out of the names of a group's statistics. */
export interface LabelRule {
  readonly group: string;
  readonly substitution: Substitution;
}

/** @throws InvalidUse */
export function parseLabelRule(text: string): LabelRule {
  const [, group = '', rule = ''] = /^\s*([^:\s]+)\s*:\s*(.*)$/s.exec(text) ?? [];
  try {
    if (group !== '') return { group, substitution: parseSubstitution(rule) };
  } catch (error) {
    if (!(error instanceof SubstitutionSyntaxError)) throw error;
    throw new InvalidUse(`labels: ${error.message}`, error.help ?? 'use group: /expression/name:labels/');
  }
  throw new InvalidUse(`invalid labels "${text}"`, 'use group: /expression/name:labels/');
}

export function exportStatistics(
  routing: RunRouting,
  values: Values,
  rules: readonly LabelRule[],
  into: Collection,
): void {
  const figures = routing.host.states.get(processFigures);
  const wanted = values.statistics.flatMap((list) => list.split(/\s+/).filter((name) => name !== ''));
  for (const full of new Set(wanted.flatMap((text) => statisticsNamed(routing, text)))) {
    const { name, labels } = metricOf(full, values, rules);
    const type = figures.isComputed(full) ? 'gauge' : 'counter';
    const problem = into.declare(name, type, '') ?? into.push(name, labels, statisticValue(routing, full));
    if (problem !== null) routing.log.warning(`prometheus: the statistic ${full} is left out: ${problem}`);
  }
}

/** The name and labels of `group:name`. */
function metricOf(
  full: string,
  { prefix, group_prefix, delimiter, group_mode, group_label }: Values,
  rules: readonly LabelRule[],
): { readonly name: string; readonly labels: Labels } {
  const at = full.indexOf(':');
  const group = full.slice(0, at);
  const { name, labels } = relabelled(group, full.slice(at + 1), rules);
  const joined = (...parts: readonly string[]) => parts.filter((part) => part !== '').join(delimiter);
  const shownGroup = joined(group_prefix, group);
  return {
    // Prometheus knows no other characters
    name: joined(prefix, group_mode === 1 ? shownGroup : '', name).replace(/\W/g, '_'),
    labels: group_mode === 2 ? [[group_label, shownGroup], ...labels] : labels,
  };
}

/** The first rule that matches counts, if it makes `name:labels`. */
function relabelled(
  group: string,
  name: string,
  rules: readonly LabelRule[],
): { readonly name: string; readonly labels: Labels } {
  for (const { group: of, substitution } of rules) {
    const found = of === group ? replacements(name, substitution) : [];
    if (found.length === 0) continue;
    const [, changed = '', text = ''] = /^([^:]+):(.*)$/s.exec(replaced(name, found)) ?? [];
    const labels = changed === '' ? null : parseLabels(text);
    return labels === null ? { name, labels: [] } : { name: changed, labels };
  }
  return { name, labels: [] };
}
