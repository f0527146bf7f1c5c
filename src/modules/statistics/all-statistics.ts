/** Built-in statistics and counters of the script by name, for everything that lists them. */
import type { Routing } from '../../runtime/index.ts';
import { processFigures } from './process-figures.ts';

/** `group:name` of built-in statistics and of the script's counters. */
const allNames = ({ host }: Routing): readonly string[] => [
  ...host.states.get(processFigures).names,
  ...host.store.values('$stat').keys(),
];

/** The full names that a text means: a name with or without its group, `group:`, or `all`; empty if it means none. */
export function statisticsNamed(routing: Routing, text: string): readonly string[] {
  const all = allNames(routing);
  if (text === 'all') return all;
  if (text.endsWith(':')) return all.filter((name) => name.startsWith(text));
  return all.filter((name) => name === text || name.slice(name.indexOf(':') + 1) === text);
}

export function statisticValue({ host }: Routing, name: string): number {
  return host.states.get(processFigures).get(name) ?? Number(host.store.values('$stat').get(name) ?? 0);
}

/** Makes this process's statistics known to the others. */
export const publishStatistics = ({ host }: Routing) => host.states.get(processFigures).tell(true);
