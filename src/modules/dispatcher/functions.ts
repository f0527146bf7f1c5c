/** The functions of dispatcher. Source: modules/dispatcher of the manual; scenarios dispatcher-*. */
import { defineFunctions, type Run } from '../../runtime/index.ts';
import { defineArgument, definedNames, type Status, type Value } from '../../script/index.ts';
import { globMatches } from '../../text/index.ts';
import { type Awaitable, andThen } from '../../timers/index.ts';
import { setVariable } from '../parameter-text.ts';
import { stateNamed } from './destination.ts';
import { selectFlagRules, selectFlags } from './flags.ts';
import { parameters, type Values } from './parameters.ts';
import { type Partition, partitions } from './partition.ts';
import { partitionNames, standard } from './partition-settings.ts';
import { currentOf, next, type Place, select, showAttributes } from './selection.ts';

const choosing = ['route', 'branch_route', 'failure_route'] as const;
const trying = ['route', 'failure_route'] as const;
const matching = [...choosing, 'onreply_route'] as const;
const anywhere = [...choosing, 'local_route', 'timer_route', 'event_route', 'startup_route'] as const;

const partitionArgument = defineArgument({
  name: 'partition',
  type: 'string',
  optional: true,
  definedBy: definedNames('dispatcher', parameters, partitionNames),
  omitted: standard,
  summary: `The partition; default \`${standard}\`.`,
});
const setArgument = defineArgument({ name: 'set', type: 'int', summary: 'The set.' });
const addressArgument = defineArgument({ name: 'ip', type: 'string', summary: 'The address.' });
const portArgument = defineArgument({ name: 'port', type: 'value', summary: 'The port; 0 is any.' });

function partitionNamed(run: Run, name: string): Partition | null {
  const found = run.routing.states.get(partitions).get(name);
  if (found === undefined) run.complain(`dispatcher: unknown partition "${name}"`);
  return found ?? null;
}

/** Does something with a partition; -1 for an unknown one. */
function within(
  run: Run,
  name: string | undefined,
  act: (partition: Partition) => Awaitable<Status>,
): Awaitable<Status> {
  const partition = partitionNamed(run, name ?? standard);
  return partition === null ? -1 : act(partition);
}

/** 0 for an empty one; null, after a log line, for what is not a port. */
function portOf(run: Run, value: Value): number | null {
  const text = String(value ?? '').trim();
  if (/^\d{0,5}$/.test(text)) return Number(text);
  run.complain(`dispatcher: invalid port "${text}"`);
  return null;
}

const former = ({ flags, use_default }: Values) =>
  `${flags & 2 ? 'f' : ''}${flags & 1 ? 'u' : ''}${use_default ? 'd' : ''}`;

const selecting = <const Name extends string>(name: Name, place: Place, what: string) =>
  ({
    name,
    arguments: [
      setArgument,
      {
        name: 'alg',
        type: 'int',
        summary:
          'How to choose: by a hash of the Call-ID (0), From (1), To (2), the request URI (3), the user of the credentials (5) or `hash_pvar` (7); in turn (4), at random (6), the first (8), the one with the least load by `pvar_algo_pattern` (9) or by `algo_route` (10).',
      },
      {
        name: 'flags',
        type: 'string',
        optional: true,
        flags: selectFlagRules,
        summary:
          'Letters: `f` keeps the other destinations for ds_next_dst(), `u` hashes only the users of URIs, `d` tries the last destination last, `a` adds to the destinations of the last call.',
      },
      partitionArgument,
      {
        name: 'max_res',
        type: 'int',
        optional: true,
        summary: 'At most so many destinations are tried.',
      },
    ],
    routes: choosing,
    summary: `Chooses an active destination of a set, and ${what}: 1, or -1 if the set has none.`,
    source: 'modules/dispatcher; scenarios dispatcher-*',
    run: (
      run: Run,
      set: number,
      algorithm: number,
      text: string | undefined,
      name_: string | undefined,
      most: number | undefined,
    ) =>
      within(run, name_, (partition) => {
        const flags = selectFlags(text ?? former(run.parameters(parameters)));
        if (flags.unknown !== null) {
          run.complain(`${name}(): unknown flag "${flags.unknown}", use f, u, d and a`);
          return -1;
        }
        return select(run, partition, place, { set, algorithm, flags, most: most ?? flags.most });
      }),
  }) as const;

const nexting = <const Name extends string>(name: Name, place: Place, what: string) =>
  ({
    name,
    arguments: [partitionArgument],
    routes: trying,
    summary: `Takes the next destination that was chosen with the flag \`f\`, and ${what}: 1, or -1 if there is none left.`,
    source: 'modules/dispatcher; scenarios dispatcher-next-*',
    run: (run: Run, partition: string | undefined) => within(run, partition, (one) => next(run, one, place)),
  }) as const;

const toDestination = 'makes it the destination URI';
const toDomain = 'sets host and port of the request URI to its';

export const dispatcherFunctions = defineFunctions([
  selecting('ds_select_dst', 'destination', toDestination),
  selecting('ds_select_domain', 'domain', toDomain),
  nexting('ds_next_dst', 'destination', toDestination),
  nexting('ds_next_domain', 'domain', toDomain),
  {
    name: 'ds_mark_dst',
    arguments: [
      {
        name: 'state',
        type: 'string',
        optional: true,
        summary: '`i`: inactive (default), `a`: active, `p`: probing, after `ds_probing_threshold` calls.',
      },
      partitionArgument,
    ],
    routes: trying,
    summary: 'Sets the state of the destination that was chosen last, with the flag `f`; -1 without one.',
    source: 'modules/dispatcher; scenarios dispatcher-mark-*',
    run: (run, text = 'i', name) =>
      within(run, name, (partition) => {
        const state = stateNamed(text);
        const current = currentOf(run, partition);
        if (state === null) run.complain(`ds_mark_dst(): unknown state "${text}", use i, a or p`);
        if (state === null || current === null) return -1;
        const why = 'the script has marked it';
        if (state === 'probing') return andThen(partition.failed(current, why), () => 1);
        partition.setState(current, state, why);
        return 1;
      }),
  },
  {
    name: 'ds_count',
    arguments: [
      setArgument,
      {
        name: 'state_filter',
        type: 'string',
        summary: 'Which to count: any of `a` (active), `i` (inactive) and `p` (probing).',
      },
      { name: 'res_var', type: 'variable', summary: 'Gets the number.' },
      partitionArgument,
    ],
    routes: anywhere,
    summary: 'Counts destinations of a set by their states; -1 for an unknown set.',
    source: 'modules/dispatcher; scenario dispatcher-count',
    run: (run, id, filter, variable, name) =>
      within(run, name, (partition) => {
        const set = partition.sets.get(id);
        if (set === undefined) return -1;
        const named = Array.from(filter, (letter) => stateNamed(letter)).filter((one) => one !== null);
        const states = new Set(named.length === 0 ? ['active'] : named);
        const count = set.all.list.filter((one) => states.has(partition.stateOf(one))).length;
        return variable.set(run, count) ? 1 : -1;
      }),
  },
  {
    name: 'ds_is_in_list',
    arguments: [
      addressArgument,
      portArgument,
      { ...setArgument, optional: true, summary: 'The set; -1 or omitted: any.' },
      partitionArgument,
      {
        name: 'active_only',
        type: 'int',
        optional: true,
        summary: 'Not 0: only active destinations count.',
      },
      {
        name: 'pattern',
        type: 'string',
        optional: true,
        summary: 'What the attributes of the destination must match, with `*` and `?`.',
      },
    ],
    routes: [...matching, 'local_route'],
    summary: 'Whether a destination has an address: 1 or -1.',
    source: 'modules/dispatcher; scenarios dispatcher-is-in-list*',
    run: (run, address, portText, set = -1, name, activeOnly = 0, pattern = '') =>
      within(run, name, (partition) => {
        const port = portOf(run, portText);
        if (port === null) return -1;
        for (const one of partition.at(address, port)) {
          if (set !== -1 && one.set !== set) continue;
          if (activeOnly !== 0 && partition.stateOf(one) !== 'active') continue;
          if (pattern !== '' && (one.attrs === null || !globMatches(pattern, one.attrs))) continue;
          if (set === -1) setVariable(run, run.parameters(parameters).setid_pvar, one.set);
          showAttributes(run, partition, one);
          return 1;
        }
        return -1;
      }),
  },
  {
    name: 'ds_push_script_attrs',
    arguments: [
      { name: 'script_attr', type: 'string', summary: 'The attributes.' },
      addressArgument,
      portArgument,
      setArgument,
      partitionArgument,
    ],
    routes: anywhere,
    summary: 'Sets the script attributes of a destination, for all processes.',
    source: 'modules/dispatcher; scenario dispatcher-script-attrs',
    run: (run, attrs, address, portText, set, name) =>
      within(run, name, (partition) => {
        const port = portOf(run, portText);
        if (port === null) return -1;
        if (!partition.setScriptAttrs({ set, address, port }, attrs))
          run.complain(`ds_push_script_attrs(): set ${set} has no destination at ${address}:${port}`);
        return 1;
      }),
  },
  {
    name: 'ds_get_script_attrs',
    arguments: [
      { name: 'uri', type: 'string', summary: 'The URI of the destination.' },
      setArgument,
      partitionArgument,
      { name: 'out_attrs', type: 'variable', summary: 'Gets the attributes.' },
    ],
    routes: anywhere,
    summary: 'Reads the script attributes of a destination; -1 if there is no such destination.',
    source: 'modules/dispatcher; scenario dispatcher-script-attrs',
    run: (run, uri, id, name, variable) =>
      within(run, name, (partition) => {
        const found = partition.sets.get(id)?.all.list.find((one) => one.uri === uri);
        return found !== undefined && variable.set(run, partition.scriptAttrs(found) ?? '') ? 1 : -1;
      }),
  },
]);
