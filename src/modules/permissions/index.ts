/**
 * The permissions module: who may send from which address, and who may call whom. Source: modules/permissions of the
 * manual; scenarios permissions-*.
 */
import { defineModule, type Run } from '../../runtime/index.ts';
import {
  defineArgument,
  definedNames,
  InvalidUse,
  lowerAscii,
  type Status,
  type VariableReference,
} from '../../script/index.ts';
import { type Awaitable, andThen } from '../../timers/index.ts';
import { type AddressTable, isAddress, type Sought, transports } from './addresses.ts';
import { permissionsCommands } from './commands.ts';
import { allowRegister, allowRouting, allowUri } from './pairs.ts';
import { parameters, partitionNames, partitionsOf, standard } from './parameters.ts';
import { askService, templateDefect } from './service.ts';
import { loadTables, tables, writtenAddress } from './tables.ts';

const source = 'modules/permissions';

const group = defineArgument({ name: 'group_id', type: 'int', summary: 'The group; 0 is any.' });
const info = defineArgument({
  name: 'context_info',
  type: 'variable',
  optional: true,
  summary: 'Gets the context of the row; null if it has none.',
});
const pattern = defineArgument({
  name: 'pattern',
  type: 'string',
  optional: true,
  summary: 'A text that the pattern of the row must match, if it has one.',
});
const partition = defineArgument({
  name: 'partition',
  type: 'string',
  optional: true,
  definedBy: definedNames('permissions', parameters, partitionNames),
  omitted: standard,
  summary: `The partition; default \`${standard}\`.`,
});
const basename = defineArgument({
  name: 'basename',
  type: 'string',
  summary: 'The name of the files, without the suffixes, from the folder of the script.',
});

const routes = ['route', 'failure_route', 'local_route', 'branch_route'] as const;
const anywhere = [...routes, 'startup_route', 'timer_route', 'event_route'] as const;

function tableOf(run: Run, what: string, name: string): AddressTable | null {
  const table = run.routing.states.get(tables).get(name);
  if (table === undefined) run.complain(`${what}: unknown partition "${name}"`);
  return table ?? null;
}

type Later = (run: Run) => Status;

/** 1 and the context of the row, -1 without one, -2 for an unknown group. */
function look(
  run: Run,
  what: string,
  name: string,
  sought: Sought,
  variable: VariableReference<Run> | undefined,
): Awaitable<Later> {
  const table = tableOf(run, what, name);
  if (table === null || !isAddress(sought.address)) return () => -1;
  const found =
    (info: string | null): Later =>
    (later) => {
      variable?.set(later, info);
      return 1;
    };
  const row = table.find(sought);
  if (row !== null) return found(row.info);
  const absent = table.hasGroup(sought.group) ? -1 : -2;
  if (name !== standard) return () => absent;
  return andThen(
    askService(run, sought),
    (served): Later => (served === null ? () => absent : found(served.info)),
  );
}

/** Where the message of a run came from, in any group. */
function sourceOf(run: Run): Sought | null {
  const from = run.request.message?.source;
  return from === undefined ? null : { group: 0, ...from, text: undefined };
}

export const permissions = defineModule({
  name: 'permissions',
  summary: 'Who may send from which address, and who may call whom.',
  source,
  parameters,
  validate: (values) => {
    partitionsOf(values);
    const wrong = values.address.map((text) => writtenAddress(text)).find((one) => typeof one === 'string');
    if (wrong !== undefined) throw new InvalidUse(wrong);
    const defect = values.address_url === null ? null : templateDefect(values.address_url);
    if (defect !== null) throw new InvalidUse(defect);
    return [];
  },
  start: (routing) => loadTables(routing),
  commands: permissionsCommands,
  functions: [
    {
      name: 'check_address',
      arguments: [
        group,
        { name: 'ip', type: 'string', summary: 'The address.' },
        { name: 'port', type: 'int', summary: 'The port; 0 is any.' },
        { name: 'proto', type: 'string', words: transports, summary: 'The transport, or `any`.' },
        info,
        pattern,
        partition,
      ],
      routes: anywhere,
      summary: 'Whether an address is in a group: 1 or -1; -2 for an unknown group.',
      source: 'modules/permissions; scenarios permissions-address-*',
      start: ({ run }, groupId, address, port, transport, variable, text, name = standard) => {
        if (!transports.includes(lowerAscii(transport))) {
          run.complain(`check_address(): unknown transport "${transport}"`);
          return () => -1;
        }
        const sought = { group: groupId, address, port, transport, text };
        return look(run, 'check_address()', name, sought, variable);
      },
    },
    {
      name: 'check_source_address',
      arguments: [group, info, pattern, partition],
      routes: anywhere,
      summary: 'Whether the source of the request is in a group: 1 or -1; -2 for an unknown group.',
      source: 'modules/permissions; scenario permissions-partition',
      start: ({ run }, groupId, variable, text, name = standard) => {
        const from = sourceOf(run);
        if (from === null) return () => -1;
        return look(run, 'check_source_address()', name, { ...from, group: groupId, text }, variable);
      },
    },
    {
      name: 'get_source_group',
      arguments: [{ name: 'var', type: 'variable', summary: 'Gets the group.' }, partition],
      routes,
      summary: 'Finds the group of the source of the request; -1 and no change without one.',
      source: 'modules/permissions; scenario permissions-source-group-none',
      start: ({ run }, variable, name = standard) => {
        const from = sourceOf(run);
        const row = from === null ? null : (tableOf(run, 'get_source_group()', name)?.find(from) ?? null);
        const give =
          (groupId: number | null): Later =>
          (later) =>
            groupId !== null && variable.set(later, groupId) ? 1 : -1;
        if (row !== null || from === null || name !== standard) return give(row?.group ?? null);
        return andThen(askService(run, from), (served) => give(served?.group ?? null));
      },
    },
    {
      name: 'allow_routing',
      arguments: [{ ...basename, optional: true }],
      routes: ['route', 'failure_route'],
      summary: 'Whether the caller in From may reach the request URI and the URI of each branch.',
      source: 'modules/permissions; scenario permissions-allow-routing-branches',
      run: allowRouting,
    },
    {
      name: 'allow_register',
      arguments: [basename],
      routes: ['route', 'failure_route'],
      summary: 'Whether the user in To may register each contact.',
      source: 'modules/permissions; scenario permissions-allow-register',
      run: allowRegister,
    },
    {
      name: 'allow_uri',
      arguments: [basename, { name: 'uri', type: 'string', summary: 'The URI that is called, whole.' }],
      routes: ['route', 'failure_route'],
      summary: 'Whether the caller in From may call a URI.',
      source: 'modules/permissions; scenarios permissions-allow-uri*',
      run: allowUri,
    },
  ],
});
