/** The alias_db module: other names of users, from a table. Source: modules/alias_db of the manual. */
import { messageBranches } from '../relay/index.ts';
import { defineModule, messageOf, type Routing, type Run, StateKey } from '../runtime/index.ts';
import {
  defineArgument,
  defineParameters,
  lowerAscii,
  type RowValues,
  type Status,
} from '../script/index.ts';
import { parseUri, type Uri } from '../sip/index.ts';
import { type Awaitable, andThen } from '../timers/index.ts';
import type { TextRow } from './db-text.ts';
import type { LoadedTable } from './loaded-table.ts';
import { checkTableUrl, openTable, refreshTime, tableTimeout } from './open-table.ts';
import { nameParameter } from './text-table.ts';

const source = 'modules/alias_db';

const parameters = defineParameters([
  {
    name: 'db_url',
    type: 'string',
    default: null,
    summary:
      'Where the tables are: `text://FOLDER`, as of db_text, or the URL of a REST service with `{table}`, which answers a JSON array of rows.',
  },
  refreshTime,
  tableTimeout,
  nameParameter('user_column', 'username', 'The column of the user.'),
  nameParameter('domain_column', 'domain', "The column of the user's domain."),
  nameParameter('alias_user_column', 'alias_username', 'The column of the alias.'),
  nameParameter('alias_domain_column', 'alias_domain', "The column of the alias' domain."),
  {
    name: 'domain_prefix',
    type: 'string',
    default: null,
    summary: 'What is removed from the beginning of a domain before it is looked up.',
  },
  {
    name: 'append_branches',
    type: 'boolean',
    default: false,
    summary: 'Whether the second and further users of an alias become branches.',
  },
]);

type Values = RowValues<typeof parameters>;

interface Name {
  readonly user: string;
  readonly domain: string;
}

/** What names stand for, by user. */
type Names = Map<string, { readonly of: Name; readonly is: Name }[]>;

interface Index {
  readonly aliases: Names;
  readonly users: Names;
}

/** The tables of a routing, by name; read when the first call needs them. */
const tables = new StateKey<Routing, Map<string, Awaitable<LoadedTable<Index>>>>('alias_db', () => new Map());

function indexOf(rows: readonly TextRow[], values: Values): Index {
  const index: Index = { aliases: new Map(), users: new Map() };
  const add = (names: Names, of: Name, is: Name) => {
    const same = names.get(of.user);
    if (same === undefined) names.set(of.user, [{ of, is }]);
    else same.push({ of, is });
  };
  for (const row of rows) {
    const field = (column: string) => row.get(column) ?? '';
    const user = { user: field(values.user_column), domain: field(values.domain_column) };
    const alias = { user: field(values.alias_user_column), domain: field(values.alias_domain_column) };
    add(index.aliases, alias, user);
    add(index.users, user, alias);
  }
  return index;
}

function tableOf(run: Run, table: string): Awaitable<LoadedTable<Index>> {
  const values = run.parameters(parameters);
  const { db_url: url, db_refresh, db_timeout: timeout } = values;
  if (url === null) throw new Error('the parameter db_url is not set');
  // the name may come from a message
  if (!/^\w+$/.test(table)) throw new Error(`invalid name of a table "${table}"`);
  const open = run.routing.states.get(tables);
  let found = open.get(table);
  if (found === undefined) {
    const index = (rows: readonly TextRow[]) => indexOf(rows, values);
    found = openTable(run.routing, {
      module: 'alias_db',
      url,
      table,
      refresh: 1000 * db_refresh,
      timeout,
      index,
    });
    open.set(table, found);
  }
  return found;
}

/** What a URI is an alias of, or with the flag `r` the aliases of a URI; none if the table cannot be read. */
function find(run: Run, table: string, uri: Uri | null, flags: string): Awaitable<readonly Name[]> {
  if (uri?.user == null) return [];
  const { user } = uri;
  const { domain_prefix: prefix } = run.parameters(parameters);
  const host = lowerAscii(uri.host ?? '');
  const domain = prefix !== null && host.startsWith(lowerAscii(prefix)) ? host.slice(prefix.length) : host;
  try {
    return andThen(tableOf(run, table), ({ current }) => {
      const names = flags.includes('r') ? current.users : current.aliases;
      return (names.get(user) ?? [])
        .filter(({ of }) => flags.includes('d') || lowerAscii(of.domain) === domain)
        .map(({ is }) => is);
    });
  } catch (error) {
    run.complain(`alias_db: ${messageOf(error)}`);
    return [];
  }
}

const uriOf = ({ user, domain }: Name) => `sip:${user}@${domain}`;

const table = defineArgument({
  name: 'table_name',
  type: 'string',
  summary: 'The table, such as `dbaliases`.',
});
const flags = defineArgument({
  name: 'flags',
  type: 'string',
  optional: true,
  summary: '`d`: the domain does not count; `r`: finds the alias of a user instead.',
});

export const aliasDb = defineModule({
  name: 'alias_db',
  summary: 'Other names of users, from a table.',
  source,
  parameters,
  validate: ({ db_url }) => {
    if (db_url !== null) checkTableUrl(db_url);
    return [];
  },
  functions: [
    {
      name: 'alias_db_lookup',
      arguments: [table, flags],
      routes: ['route', 'failure_route'],
      summary: 'Replaces the request URI by that of the user whose alias it is; -1 if it is none.',
      source,
      run: (run, name, letters = '') =>
        andThen(find(run, name, run.request.uri, letters), ([first, ...others]): Status => {
          if (first === undefined || !run.request.setRequestUri(uriOf(first))) return -1;
          if (run.parameters(parameters).append_branches)
            for (const other of others) run.state(messageBranches).add(uriOf(other));
          return 1;
        }),
    },
    {
      name: 'alias_db_find',
      arguments: [
        table,
        { name: 'input_uri', type: 'string', summary: 'A SIP URI.' },
        { name: 'output_var', type: 'variable', gives: 'text', summary: 'Gets the URI of the user.' },
        flags,
      ],
      summary: 'Finds the user whose alias a URI is; -1 if it is none.',
      source,
      run: (run, name, input, output, letters = '') =>
        andThen(
          find(run, name, parseUri(input), letters),
          ([first]): Status => (first !== undefined && output.set(run, uriOf(first)) ? 1 : -1),
        ),
    },
  ],
});
