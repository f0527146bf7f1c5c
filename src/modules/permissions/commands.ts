/** Administration commands of permissions. Source: modules/permissions of the manual, its MI functions. */
import { CommandError, defineCommands, type Routing } from '../../runtime/index.ts';
import type { AddressRow, AddressTable } from './addresses.ts';
import { ruleFiles } from './pairs.ts';
import { isAllowed } from './rules.ts';
import { loadTables, tables } from './tables.ts';

const source = 'modules/permissions';

const partition = {
  name: 'partition',
  type: 'string',
  optional: true,
  summary: 'The partition; default all.',
} as const;

function wanted(routing: Routing, name: string | undefined): readonly (readonly [string, AddressTable])[] {
  const known = [...routing.states.get(tables)];
  const found = name === undefined ? known : known.filter(([one]) => one === name);
  if (name !== undefined && found.length === 0) throw new CommandError(404, `unknown partition "${name}"`);
  return found;
}

const shown = ({ group, address, length, port, transport, pattern, info }: AddressRow) => ({
  grp: group,
  ip: address,
  mask: length,
  port,
  proto: transport,
  pattern,
  context_info: info ?? '',
});

const dump = (
  routing: Routing,
  name: string | undefined,
  rows: (table: AddressTable) => readonly AddressRow[],
) => ({
  Partitions: wanted(routing, name).map(([one, table]) => ({
    name: one,
    Destinations: rows(table).map(shown),
  })),
});

export const permissionsCommands = defineCommands([
  {
    name: 'permissions:address_reload',
    aliases: ['address_reload'],
    parameters: [partition],
    processes: 'every',
    summary: 'Reads the tables of addresses again; if one cannot be read nothing changes.',
    source,
    run: ({ partition: name }, routing) => {
      wanted(routing, name);
      loadTables(routing, name);
    },
  },
  {
    name: 'permissions:address_dump',
    aliases: ['address_dump'],
    parameters: [partition],
    summary: 'Lists the single addresses.',
    source,
    run: ({ partition: name }, routing) => dump(routing, name, ({ addresses }) => addresses),
  },
  {
    name: 'permissions:subnet_dump',
    aliases: ['subnet_dump'],
    parameters: [partition],
    summary: 'Lists the networks.',
    source,
    run: ({ partition: name }, routing) => dump(routing, name, ({ subnets }) => subnets),
  },
  {
    name: 'permissions:allow_uri',
    aliases: ['allow_uri'],
    parameters: [
      { name: 'basename', type: 'string', summary: 'The name of the files, without suffixes.' },
      { name: 'uri', type: 'string', summary: 'The URI of the caller.' },
      { name: 'contact', type: 'string', summary: 'The URI that is called.' },
    ],
    summary: 'Tells whether rules allow a pair of URIs: the error 403 if not.',
    source,
    run: ({ basename, uri, contact }, routing) => {
      if (!isAllowed(routing, ruleFiles(routing, basename), uri, [contact]))
        throw new CommandError(403, 'not allowed');
    },
  },
]);
