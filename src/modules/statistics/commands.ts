/** Administration commands about statistics, with or without the module statistics. Source: Interface-CoreMI. */
import { CommandError, defineCommands, type Routing } from '../../runtime/index.ts';
import { publishStatistics, statisticsNamed, statisticValue } from './all-statistics.ts';
import { processFigures } from './process-figures.ts';

const source = 'Interface-CoreMI';

const statistics = {
  name: 'statistics',
  type: 'list',
  summary: 'Names, `group:` for a whole group, or `all`.',
} as const;

/** The names that a list means; the error names the first that means none. */
function namesOf(routing: Routing, wanted: readonly string[]): readonly string[] {
  return wanted.flatMap((text) => {
    const found = statisticsNamed(routing, text);
    if (found.length === 0) throw new CommandError(404, `no statistic or group "${text}"`);
    return found;
  });
}

/** Statistics that are computed stay as they are. */
function reset(routing: Routing, names: readonly string[]): void {
  const { states, store } = routing.host;
  const figures = states.get(processFigures);
  for (const name of names) {
    if (figures.isComputed(name)) continue;
    if (figures.reset(name) === undefined) store.values('$stat').set(name, 0);
  }
}

export const statisticsCommands = defineCommands([
  {
    name: 'statistics:get',
    aliases: ['get_statistics'],
    parameters: [statistics],
    prepare: publishStatistics,
    summary: 'Reads statistics.',
    source,
    run: (args, routing) =>
      Object.fromEntries(
        namesOf(routing, args.statistics).map((name) => [name, statisticValue(routing, name)]),
      ),
  },
  {
    name: 'statistics:list',
    aliases: ['list_statistics'],
    parameters: [{ ...statistics, optional: true }],
    summary: 'Lists statistics by name, each with its kind.',
    source,
    run: (args, routing) => {
      const figures = routing.host.states.get(processFigures);
      return Object.fromEntries(
        namesOf(routing, args.statistics ?? ['all']).map((name) => [
          name,
          figures.isComputed(name) ? 'non-incremental' : 'incremental',
        ]),
      );
    },
  },
  {
    name: 'statistics:reset',
    aliases: ['reset_statistics'],
    parameters: [statistics],
    prepare: publishStatistics,
    summary: 'Resets counters to 0.',
    source,
    run: (args, routing) => reset(routing, namesOf(routing, args.statistics)),
  },
  {
    name: 'statistics:reset_all',
    aliases: ['reset_all_statistics'],
    parameters: [],
    prepare: publishStatistics,
    summary: 'Resets all counters to 0.',
    source,
    run: (_, routing) => reset(routing, namesOf(routing, ['all'])),
  },
]);
