/**
 * The statistics module: counters and series defined by the script, and built-in statistics, over all processes.
 * Source: modules/statistics of the manual.
 */

import { subnameOf } from '../../core/index.ts';
import {
  defineModule,
  type ReplicatedValues,
  type Routing,
  type Run,
  StateKey,
  type Worker,
  whenAnswered,
} from '../../runtime/index.ts';
import {
  defineArgument,
  definedNames,
  defineParameters,
  InvalidUse,
  type RowValues,
  type Value,
} from '../../script/index.ts';
import { builtInStatistics, coreGroups, processStatistics } from './built-in.ts';
import { processFigures, tellOthers } from './process-figures.ts';
import { allSeries } from './series.ts';
import { parseProfile, profileName, type SeriesProfile } from './series-profile.ts';

const moduleName = 'statistics';
const defaultGroup = 'dynamic';
const source = 'modules/statistics';

const parameters = defineParameters([
  {
    name: 'variable',
    type: 'string',
    default: null,
    repeated: true,
    summary: 'A counter with the initial value 0: `NAME`, or `NAME/no_reset`.',
  },
  {
    name: 'stat_groups',
    type: 'string',
    default: '',
    summary: 'Comma-separated groups of counters: `method, packet`.',
  },
  {
    name: 'stat_series_profile',
    type: 'string',
    default: null,
    repeated: true,
    summary:
      'Defines a profile of series: `NAME: ATTRIBUTE=VALUE ...`. `algorithm`: `accumulate` (default), `average` or `percentage`; `window`: length in seconds, default 60; `slots`: the number of slots in the window, default one per second; `group`: default the name; `percentage_factor`: default 100; `hash_size` has no effect.',
  },
]);

/** Groups and counters defined by the parameters. */
interface Layout {
  readonly groups: ReadonlySet<string>;
  /** Full names of counters that cannot be reset. */
  readonly lasting: ReadonlySet<string>;
  /** Full names of counters that exist from the start. */
  readonly declared: readonly string[];
  /** By name. */
  readonly profiles: ReadonlyMap<string, SeriesProfile>;
}

/** Groups of built-in statistics. */
const builtInGroups: ReadonlySet<string> = new Set(
  [...builtInStatistics, ...processStatistics].map(({ group }) => group),
);

function layoutOf(values: RowValues<typeof parameters>): Layout {
  const profiles = new Map<string, SeriesProfile>();
  for (const text of values.stat_series_profile) {
    const profile = parseProfile(text);
    profiles.set(profile.name, profile);
  }
  const groups = new Set([
    defaultGroup,
    ...builtInGroups,
    ...[...profiles.values()].map(({ group }) => group),
    ...values.stat_groups
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  ]);
  const lasting = new Set<string>();
  const declared: string[] = [];
  for (const text of values.variable) {
    const [name = '', flag] = text.split('/');
    if (name === '' || (flag !== undefined && flag !== 'no_reset'))
      throw new InvalidUse(`invalid variable "${text}"`, 'use NAME or NAME/no_reset');
    const full = fullName(groups, name);
    if (full === null) throw new InvalidUse(unknownGroup(name), 'add the group to stat_groups');
    declared.push(full);
    if (flag !== undefined) lasting.add(full);
  }
  return { groups, lasting, declared, profiles };
}

/** `group:name`, from either notation; null if the group is unknown. */
function fullName(groups: ReadonlySet<string>, name: string): string | null {
  const colon = name.indexOf(':');
  if (colon < 0) return `${defaultGroup}:${name}`;
  return groups.has(name.slice(0, colon)) ? name : null;
}

const unknownGroup = (name: string) => `the group of "${name}" is not in stat_groups`;

/** A built-in statistic; without a group, one of the core groups. */
function builtInName(routing: Routing, name: string): string | null {
  const figures = routing.host.states.get(processFigures);
  const candidates = name.includes(':') ? [name] : coreGroups.map((group) => `${group}:${name}`);
  return candidates.find((full) => figures.has(full)) ?? null;
}

const layout = new StateKey<Routing, Layout>('statistics layout', (routing) =>
  layoutOf(routing.parameters(parameters)),
);

const values = ({ host }: Routing): ReplicatedValues => host.store.values('$stat');

function noRoom(run: Run, name: string): -1 {
  run.complain(`no memory left for the statistic "${name}"; see memory_budget of siprest status`);
  return -1;
}

/** The full name; null, after logging an error, if the group is unknown. */
function nameOf(run: Run, caller: string, name: string): string | null {
  const full = fullName(run.routing.states.get(layout).groups, name);
  if (full === null) run.complain(`${caller}: ${unknownGroup(name)}`);
  return full;
}

/** The value of a series; undefined if no series has this name. */
function seriesValue(routing: Routing, full: string): number | undefined {
  const series = routing.host.states.get(allSeries);
  for (const profile of routing.states.get(layout).profiles.values()) {
    if (!full.startsWith(`${profile.group}:`)) continue;
    const value = series.value(profile, full.slice(profile.group.length + 1));
    if (value !== null) return value;
  }
  return undefined;
}

/** The value of the statistic with this name; null if there is none. */
function read(run: Run, caller: string, name: string): Value {
  const { routing } = run;
  const builtIn = builtInName(routing, name);
  if (builtIn !== null) return asValue(routing.host.states.get(processFigures).get(builtIn) ?? 0);
  const full = nameOf(run, caller, name);
  return full === null ? null : valueOf(routing, full);
}

const valueOf = (routing: Routing, full: string): Value =>
  seriesValue(routing, full) ?? values(routing).get(full) ?? null;

/** Script numbers have 32 bits; larger ones become text. */
const asValue = (value: number): Value => (value === (value | 0) ? value : String(value));

function reset(run: Run, caller: string, name: string): boolean {
  const builtIn = builtInName(run.routing, name);
  if (builtIn !== null) {
    if (run.routing.host.states.get(processFigures).reset(builtIn) === true) return true;
    run.complain(`${caller}: "${name}" is computed on request and cannot be reset`);
    return false;
  }
  const full = nameOf(run, caller, name);
  if (full === null) return false;
  if (run.routing.states.get(layout).lasting.has(full)) {
    run.complain(`${caller}: "${name}" cannot be reset because of no_reset`);
    return false;
  }
  if (seriesValue(run.routing, full) !== undefined) {
    run.complain(`${caller}: "${name}" is a series and cannot be reset`);
    return false;
  }
  values(run.routing).set(full, 0);
  return true;
}

/** Full names of all members of a group. */
function namesOf(routing: Routing, group: string): readonly string[] {
  const series = routing.host.states.get(allSeries);
  const profiles = [...routing.states.get(layout).profiles.values()].filter((one) => one.group === group);
  return [
    ...[...routing.host.states.get(processFigures).names, ...values(routing).keys()].filter((full) =>
      full.startsWith(`${group}:`),
    ),
    ...profiles.flatMap((profile) => series.names(profile).map((name) => `${group}:${name}`)),
  ];
}

/** Remaining names, by iterator. */
const iterators = new StateKey<Worker, Map<string, string[]>>('statistics iterators', () => new Map());

const variable = defineArgument({
  name: 'variable',
  type: 'string',
  summary: 'The name, or `group:name`.',
});
const iterator = defineArgument({ name: 'iter', type: 'string', summary: 'The name of the iterator.' });

export const statistics = defineModule({
  name: moduleName,
  summary: 'Counters and series of the script, and built-in statistics, over all processes.',
  source,
  parameters,
  functions: [
    {
      name: 'update_stat',
      arguments: [variable, { name: 'value', type: 'int', summary: 'The amount to add.' }],
      summary: 'Adds to a counter; a missing one starts at 0.',
      source,
      run: (run, name, amount) => {
        const full = nameOf(run, 'update_stat()', name);
        if (full === null) return -1;
        const added = values(run.routing).add(full, amount);
        return whenAnswered(run, 'update_stat()', added, (sum) => (sum === 'full' ? noRoom(run, full) : 1));
      },
    },
    {
      name: 'reset_stat',
      arguments: [variable],
      summary: 'Resets a counter to 0. -1 if it cannot be reset.',
      source,
      run: (run, name) => (reset(run, 'reset_stat()', name) ? 1 : -1),
    },
    {
      name: 'stat_iter_init',
      arguments: [{ name: 'group', type: 'string', summary: 'The group.' }, iterator],
      summary: 'Starts iterating over the counters of a group.',
      source,
      run: (run, group, name) => {
        if (!run.routing.states.get(layout).groups.has(group)) {
          run.complain(`stat_iter_init(): stat_groups defines no group "${group}"`);
          return -1;
        }
        run.worker.states.get(iterators).set(name, namesOf(run.routing, group).toReversed());
        return 1;
      },
    },
    {
      name: 'stat_iter_next',
      arguments: [
        { name: 'name', type: 'variable', summary: "Gets the counter's name, without its group." },
        { name: 'val', type: 'variable', summary: 'Gets its value.' },
        iterator,
      ],
      summary: 'Reads the next counter of the group; -1 after the last.',
      source,
      run: (run, into, value, name) => {
        const full = run.worker.states.get(iterators).get(name)?.pop();
        if (full === undefined) return -1;
        into.set(run, full.slice(full.indexOf(':') + 1));
        value.set(run, read(run, 'stat_iter_next()', full) ?? 0);
        return 1;
      },
    },
    {
      name: 'update_stat_series',
      arguments: [
        {
          name: 'profile',
          type: 'string',
          definedBy: definedNames('statistics', parameters, ({ stat_series_profile }) =>
            stat_series_profile.map(profileName),
          ),
          summary: 'A profile defined by `stat_series_profile`.',
        },
        { name: 'variable', type: 'string', summary: "The name of the series, in the profile's group." },
        { name: 'value', type: 'int', summary: 'The value to add.' },
      ],
      summary:
        'Adds a value to a series: `$stat(group:variable)` is the sum of the values in the window, their average, or the percentage of positive values among the non-zero ones, rounded down.',
      source,
      run: (run, name, series, value) => {
        const { routing } = run;
        const profile = routing.states.get(layout).profiles.get(name);
        if (profile === undefined) {
          run.complain(`update_stat_series(): stat_series_profile defines no profile "${name}"`);
          return -1;
        }
        const isFed = routing.host.states.get(allSeries).feed(profile, series, value);
        return isFed ? 1 : noRoom(run, series);
      },
    },
  ],
  variables: [
    {
      name: 'stat',
      subname: 'required',
      writable: true,
      summary:
        'A statistic, as `$stat(name)` or `$stat(group:name)`; null if there is none. A name without a group is looked up in the groups core, load, shmem and pkmem, then among the counters of the script. Setting it to 0 resets it.',
      source,
      resolve: (use) => {
        const name = subnameOf(use);
        return {
          get: (run) => read(run, '$stat', name(run)),
          set: (run, value) => (value === 0 || value === null) && reset(run, '$stat', name(run)),
        };
      },
    },
  ],
  validate: (values) => {
    layoutOf(values);
    return [];
  },
  start: (routing) => {
    for (const name of routing.states.get(layout).declared) values(routing).initialize(name, 0);
    routing.host.states.get(allSeries);
    if (routing.host.count > 1) routing.listeners.closed.add(tellOthers(routing.host));
  },
});
