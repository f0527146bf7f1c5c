/** Administration commands of dispatcher. Source: modules/dispatcher of the manual, its MI functions. */
import { CommandError, defineCommands, messageOf, type Routing } from '../../runtime/index.ts';
import { bytesOf, textOf } from '../command-text.ts';
import { type Destination, type DestinationState, stateNamed } from './destination.ts';
import { type Partition, partitions } from './partition.ts';
import { standard } from './partition-settings.ts';

const source = 'modules/dispatcher';
const partitionArgument = {
  name: 'partition',
  type: 'string',
  optional: true,
  summary: 'The partition.',
} as const;
const text = <const Name extends string>(name: Name, summary: string) =>
  ({ name, type: 'string', summary }) as const;

/** Throws a {@link CommandError} for an unknown partition. */
function partitionNamed(routing: Routing, name: string): Partition {
  const found = routing.states.get(partitions).get(name);
  if (found === undefined) throw new CommandError(404, `unknown partition "${name}"`);
  return found;
}

/** The one that is named, or all. */
const wanted = (routing: Routing, name: string | undefined): readonly Partition[] =>
  name === undefined
    ? [...new Set(routing.states.get(partitions).values())]
    : [partitionNamed(routing, name)];

const shownStates: Readonly<Record<DestinationState, string>> = {
  active: 'Active',
  inactive: 'Inactive',
  probing: 'Probing',
};

function shown(partition: Partition, one: Destination, isFull: boolean) {
  const scriptAttrs = partition.scriptAttrs(one);
  return {
    URI: textOf(one.uri),
    state: shownStates[partition.stateOf(one)],
    ...(one.attrs === null ? {} : { attr: textOf(one.attrs) }),
    ...(scriptAttrs === null ? {} : { script_attr: textOf(scriptAttrs) }),
    ...(one.socket === null ? {} : { socket: one.socket }),
    ...(isFull
      ? { weight: one.weight, priority: one.priority, description: textOf(one.description ?? '') }
      : {}),
  };
}

/** Throws a {@link CommandError} for a text that is not a set of a partition. */
function setNamed(routing: Routing, group: string) {
  const [, name = standard, id = ''] = /^\s*(?:([\w.-]+)\s*:)?\s*(\d+)\s*$/.exec(group) ?? [];
  const partition = partitionNamed(routing, name);
  const set = partition.sets.get(Number(id));
  if (set === undefined) throw new CommandError(404, `unknown set "${group}"`);
  return { partition, set };
}

export const dispatcherCommands = defineCommands([
  {
    name: 'dispatcher:set_state',
    aliases: ['ds_set_state'],
    parameters: [
      text('state', '`a`: active, `i`: inactive, `p`: probing.'),
      text('group', 'The set, or `PARTITION:SET`.'),
      text('address', 'The URI of the destination.'),
    ],
    summary: 'Sets the state of a destination.',
    source,
    run: ({ state, group, address }, routing) => {
      const { partition, set } = setNamed(routing, group);
      const next = stateNamed(state);
      if (next === null) throw new CommandError(400, `unknown state "${state}": use a, i or p`);
      const uri = bytesOf(address);
      const found = set.all.list.find((one) => one.uri === uri || one.uri === `sip:${uri}`);
      if (found === undefined) throw new CommandError(404, `the set has no destination ${address}`);
      partition.setState(found, next, 'an administrator has set it');
    },
  },
  {
    name: 'dispatcher:list',
    aliases: ['ds_list'],
    parameters: [
      { name: 'full', type: 'int', optional: true, summary: 'Not 0: adds weight, priority and description.' },
      partitionArgument,
    ],
    summary: 'Lists the sets with their destinations.',
    source,
    run: ({ full, partition }, routing) => ({
      PARTITIONS: wanted(routing, partition).map((one) => ({
        name: one.name,
        SETS: [...one.sets.values()].map(({ id, all }) => ({
          id,
          Destinations: all.list.map((destination) => shown(one, destination, (full ?? 0) !== 0)),
        })),
      })),
    }),
  },
  {
    name: 'dispatcher:reload',
    aliases: ['ds_reload'],
    parameters: [
      partitionArgument,
      {
        name: 'inherit_state',
        type: 'string',
        optional: true,
        oneOf: ['y', 'n'],
        summary: '`n`: destinations begin with the state in the table; default: they keep theirs.',
      },
    ],
    processes: 'every',
    summary: 'Reads the tables again; if one cannot be read it stays as it was.',
    source,
    run: async ({ partition, inherit_state }, routing) => {
      try {
        for (const one of wanted(routing, partition)) await one.reload(inherit_state !== 'n');
      } catch (error) {
        throw error instanceof CommandError ? error : new CommandError(500, messageOf(error));
      }
    },
  },
  {
    name: 'dispatcher:push_script_attrs',
    aliases: ['ds_push_script_attrs'],
    parameters: [
      text('attrs', 'The attributes.'),
      text('ip', 'The address of the destination.'),
      { name: 'port', type: 'int', minimum: 0, maximum: 65_535, summary: 'Its port; 0 is any.' },
      { name: 'setid', type: 'int', summary: 'Its set.' },
      partitionArgument,
    ],
    summary: 'Sets the script attributes of a destination.',
    source,
    run: ({ attrs, ip, port, setid, partition = standard }, routing) => {
      if (
        !partitionNamed(routing, partition).setScriptAttrs({ set: setid, address: ip, port }, bytesOf(attrs))
      )
        throw new CommandError(404, `the set has no destination at ${ip}`);
    },
  },
]);
