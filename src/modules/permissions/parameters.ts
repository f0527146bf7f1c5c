/** The parameters of permissions, and the partitions that they define. Source: modules/permissions of the manual. */
import { defineParameters, InvalidUse, type RowValues } from '../../script/index.ts';
import { answeringTime, keepingTime } from '../rest-client/service-table.ts';
import { folderOf, nameParameter } from '../text-table.ts';

export const parameters = defineParameters([
  nameParameter('default_allow_file', 'permissions.allow', 'The file of allow_routing() without a name.'),
  nameParameter('default_deny_file', 'permissions.deny', 'The other file of allow_routing() without a name.'),
  {
    name: 'check_all_branches',
    type: 'boolean',
    default: true,
    summary: 'Whether allow_routing() checks all branches, or the request URI only.',
  },
  nameParameter('allow_suffix', '.allow', 'What follows a name to give the file that allows.'),
  nameParameter('deny_suffix', '.deny', 'What follows a name to give the file that denies.'),
  {
    name: 'db_url',
    type: 'string',
    default: null,
    summary: 'Where the table of addresses is: `text://FOLDER`, as of db_text.',
  },
  nameParameter('address_table', 'address', 'The table of addresses.'),
  {
    name: 'partition',
    type: 'string',
    default: null,
    repeated: true,
    summary: 'Another table: `NAME: db_url = text://FOLDER; table_name = TABLE`.',
  },
  {
    name: 'address',
    type: 'string',
    default: null,
    repeated: true,
    summary:
      'An address of the default partition: `GROUP ADDRESS[/LENGTH] [PORT [PROTOCOL [PATTERN [CONTEXT]]]]`; `*` is any pattern.',
  },
  {
    name: 'address_url',
    type: 'string',
    default: null,
    summary:
      'The URL of a service that knows addresses of the default partition, with `{address}`, and `{group}`, `{port}`, `{proto}` and `{pattern}` if it needs them. It is asked for what the script and the table do not have, and answers 404 for an address that is in no such group, otherwise the context as text, or JSON with `group` and `context_info`.',
  },
  keepingTime('address_ttl', 60),
  answeringTime('address_timeout', 'the address is in no group'),
  nameParameter('grp_col', 'grp', 'The column of the group.'),
  nameParameter('ip_col', 'ip', 'The column of the address.'),
  nameParameter('mask_col', 'mask', 'The column of the length of the prefix.'),
  nameParameter('port_col', 'port', 'The column of the port; 0 is any.'),
  nameParameter('proto_col', 'proto', 'The column of the transport; `any` is any, `none` is none.'),
  nameParameter('pattern_col', 'pattern', 'The column of the pattern, as of file names.'),
  nameParameter('info_col', 'context_info', 'The column of the text that scripts get.'),
]);

export type Values = RowValues<typeof parameters>;

/** The name of the partition that calls without one mean. */
export const standard = 'default';

export interface Partition {
  readonly name: string;
  /** The folder of its table; null if only the parameter address defines it. */
  readonly folder: string | null;
  readonly table: string;
}

const tableFolder = (url: string): string =>
  folderOf(
    url,
    'the parameter address',
    (scheme) => `addresses cannot be read from ${scheme}://: siprest has no connection to such databases`,
  );

/** The partitions by name. Throws {@link InvalidUse}. */
export function partitionsOf(values: Values): ReadonlyMap<string, Partition> {
  const { db_url: url, address_table: table, address, address_url } = values;
  const found = new Map<string, Partition>();
  if (url !== null || address.length > 0 || address_url !== null)
    found.set(standard, { name: standard, folder: url === null ? null : tableFolder(url), table });
  for (const one of values.partition) {
    const [, name, rest = ''] = /^\s*([\w.-]+)\s*(?::(.*))?$/s.exec(one) ?? [];
    if (name === undefined)
      throw new InvalidUse(
        `invalid partition "${one}"`,
        'use NAME: db_url = text://FOLDER; table_name = TABLE',
      );
    const settings = new Map<string, string>();
    for (const part of rest.split(';').filter((setting) => setting.trim() !== '')) {
      const [, key, value] = /^\s*(db_url|table_name)\s*=\s*(\S+)\s*$/.exec(part) ?? [];
      if (key === undefined || value === undefined)
        throw new InvalidUse(
          `invalid setting "${part.trim()}" of the partition ${name}`,
          'use db_url or table_name',
        );
      settings.set(key, value);
    }
    const own = settings.get('db_url') ?? url;
    if (own === null)
      throw new InvalidUse(`the partition ${name} has no db_url`, 'give it one, or set the parameter db_url');
    found.set(name, { name, folder: tableFolder(own), table: settings.get('table_name') ?? table });
  }
  return found;
}

/** The names of the partitions. Throws {@link InvalidUse}. */
export const partitionNames = (values: Values): readonly string[] => [...partitionsOf(values).keys()];
