/** Administration commands about statistics, with or without the module statistics. Source: Interface-CoreMI. */
import { CommandError, defineCommands, type Routing } from '../../runtime/index.ts';
import { processFigures } from './process-figures.ts';

const source = 'Interface-CoreMI';

const statistics = {
  name: 'statistics',
  type: 'list',
  summary: 'Names, `group:` for a whole group, or `all`.',
} as const;

/** `group:name` of built-in statistics and of the script's counters. */
function allNames(routing: Routing): readonly string[] {
  const { host } = routing;
  return [...host.states.get(processFigures).names, ...host.store.values('$stat').keys()];
}

/** The names that a list means; the error names the first that means none. */
function namesOf(routing: Routing, wanted: readonly string[]): readonly string[] {
  const all = allNames(routing);
  return wanted.flatMap((text) => {
    const found =
      text === 'all'
        ? all
        : text.endsWith(':')
          ? all.filter((name) => name.startsWith(text))
          : all.filter((name) => name === text || name.slice(name.indexOf(':') + 1) === text);
    if (found.length === 0) throw new CommandError(404, `no statistic or group "${text}"`);
    return found;
  });
}

function valueOf({ host }: Routing, name: string): number {
  return host.states.get(processFigures).get(name) ?? Number(host.store.values('$stat').get(name) ?? 0);
}

const publish = ({ host }: Routing) => host.states.get(processFigures).tell(true);

export const statisticsCommands = defineCommands([
  {
    name: 'statistics:get',
    aliases: ['get_statistics'],
    parameters: [statistics],
    prepare: publish,
    summary: 'Reads statistics.',
    source,
    run: (args, routing) =>
      Object.fromEntries(namesOf(routing, args.statistics).map((name) => [name, valueOf(routing, name)])),
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
    prepare: publish,
    summary: 'Resets counters to 0.',
    source,
    run: (args, routing) => {
      const { states, store } = routing.host;
      const figures = states.get(processFigures);
      for (const name of namesOf(routing, args.statistics)) {
        if (figures.isComputed(name)) continue;
        if (figures.reset(name) === undefined) store.values('$stat').set(name, 0);
      }
    },
  },
]);
