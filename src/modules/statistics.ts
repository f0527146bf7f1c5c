/**
 * The statistics module: counters of the script's own, which all processes share. Source: modules/statistics of the
 * manual.
 */
import type { Module } from '../runtime/module.ts';
import type { Run } from '../runtime/run.ts';
import type { SharedValues } from '../runtime/shared.ts';
import { StateKey } from '../runtime/state.ts';
import type { Server, Worker } from '../runtime/worker.ts';
import {
  type ArgumentSpec,
  InvalidUse,
  type ParameterValues,
  type VariableReference,
  whenThere,
} from '../script/index.ts';

const moduleName = 'statistics';
const defaultGroup = 'dynamic';
const source = 'modules/statistics';

/** What the parameters say of the names. */
interface Layout {
  readonly groups: ReadonlySet<string>;
  /** Full names of those that cannot be reset. */
  readonly lasting: ReadonlySet<string>;
  /** Full names of those that are there from the start. */
  readonly declared: readonly string[];
}

function layoutOf(parameters: ParameterValues): Layout {
  const groups = new Set([
    defaultGroup,
    ...String(parameters['stat_groups'] ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  ]);
  const lasting = new Set<string>();
  const declared: string[] = [];
  const { variable } = parameters;
  for (const text of Array.isArray(variable) ? variable : []) {
    const [name = '', flag] = String(text).split('/');
    if (name === '' || (flag !== undefined && flag !== 'no_reset'))
      throw new InvalidUse(`variable "${text}" cannot be read`, 'NAME or NAME/no_reset');
    const full = fullName(groups, name);
    if (full === null) throw new InvalidUse(unknownGroup(name), 'stat_groups has to name it');
    declared.push(full);
    if (flag !== undefined) lasting.add(full);
  }
  return { groups, lasting, declared };
}

/** `group:name`, whichever way it was written; null where there is no such group. */
function fullName(groups: ReadonlySet<string>, name: string): string | null {
  const colon = name.indexOf(':');
  if (colon < 0) return `${defaultGroup}:${name}`;
  return groups.has(name.slice(0, colon)) ? name : null;
}

const unknownGroup = (name: string) => `"${name}" is of no group that stat_groups defines`;

const layout = new StateKey<Server, Layout>('statistics layout', (server) =>
  layoutOf(server.parameters(moduleName)),
);

const values = ({ process }: Server): SharedValues => process.shared.values('$stat');

/** The full name, or null with a line in the log. */
function nameOf(run: Run, caller: string, name: string): string | null {
  const full = fullName(run.server.states.get(layout).groups, name);
  if (full === null) run.complain(`${caller}: ${unknownGroup(name)}`);
  return full;
}

function reset(run: Run, caller: string, name: string): boolean {
  const full = nameOf(run, caller, name);
  if (full === null) return false;
  if (run.server.states.get(layout).lasting.has(full)) {
    run.complain(`${caller}: "${name}" cannot be reset, its parameter says no_reset`);
    return false;
  }
  values(run.server).set(full, 0);
  return true;
}

/** Names that are still to come, by iterator. */
const iterators = new StateKey<Worker, Map<string, string[]>>('statistics iterators', () => new Map());

const variable: ArgumentSpec = {
  name: 'variable',
  type: 'string',
  summary: 'The name, or `group:name`.',
};
const iterator: ArgumentSpec = { name: 'iter', type: 'string', summary: 'The name of the iterator.' };

export const statistics: Module = {
  name: moduleName,
  summary: "Counters of the script's own, one for all processes.",
  source,
  parameters: [
    {
      name: 'variable',
      type: 'string',
      default: null,
      repeated: true,
      summary: 'A counter that is there from the start, as 0: `NAME`, or `NAME/no_reset`.',
    },
    {
      name: 'stat_groups',
      type: 'string',
      default: '',
      summary: 'Groups of counters, by commas: `method, packet`.',
    },
  ],
  functions: [
    {
      name: 'update_stat',
      arguments: [variable, { name: 'value', type: 'int', summary: 'What to add.' }],
      summary: 'Adds to a counter; one that is not there starts at 0.',
      source,
      run: (run, name: string, amount: number) => {
        const full = nameOf(run, 'update_stat()', name);
        return full === null ? -1 : whenThere(values(run.server).add(full, amount), () => 1);
      },
    },
    {
      name: 'reset_stat',
      arguments: [variable],
      summary: 'Sets a counter to 0. -1 for one that cannot be reset.',
      source,
      run: (run, name: string) => (reset(run, 'reset_stat()', name) ? 1 : -1),
    },
    {
      name: 'stat_iter_init',
      arguments: [{ name: 'group', type: 'string', summary: 'The group.' }, iterator],
      summary: "Begins to go through a group's counters.",
      source,
      run: (run, group: string, name: string) => {
        if (!run.server.states.get(layout).groups.has(group)) {
          run.complain(`stat_iter_init(): stat_groups defines no group "${group}"`);
          return -1;
        }
        const names = [...values(run.server).keys()].filter((full) => full.startsWith(`${group}:`));
        run.worker.states.get(iterators).set(name, names.reverse());
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
      summary: 'The next counter of the group; -1 after the last.',
      source,
      run: (run, into: VariableReference<Run>, value: VariableReference<Run>, name: string) => {
        const full = run.worker.states.get(iterators).get(name)?.pop();
        if (full === undefined) return -1;
        into.set(run, full.slice(full.indexOf(':') + 1));
        value.set(run, values(run.server).get(full) ?? 0);
        return 1;
      },
    },
  ],
  variables: [
    {
      name: 'stat',
      subname: 'required',
      writable: true,
      summary:
        'A counter, as `$stat(name)` or `$stat(group:name)`; null where there is none. Setting it to 0 resets it.',
      source,
      resolve: ({ subname }) => {
        const name = typeof subname === 'function' ? subname : () => subname ?? '';
        return {
          get: (run) => {
            const full = nameOf(run, '$stat', name(run));
            return full === null ? null : (values(run.server).get(full) ?? null);
          },
          set: (run, value) => (value === 0 || value === null) && reset(run, '$stat', name(run)),
        };
      },
    },
  ],
  validate: (parameters) => {
    layoutOf(parameters);
    return [];
  },
  start: (server) => {
    for (const name of server.states.get(layout).declared) values(server).initialize(name, 0);
  },
};
