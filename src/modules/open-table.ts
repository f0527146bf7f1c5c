/** Opens the table that a module's `db_url` names: a folder as of db_text, or a REST service. */
import type { Routing } from '../runtime/index.ts';
import { defineParameter, InvalidUse } from '../script/index.ts';
import type { Awaitable } from '../timers/index.ts';
import type { LoadedTable, TableOptions } from './loaded-table.ts';
import { ServedTable } from './rest-client/served-table.ts';
import { answeringTime, templateNames } from './rest-client/service-table.ts';
import { folderOf, TextTable } from './text-table.ts';

/** How often a service is asked for the table again. */
export const refreshTime = defineParameter({
  name: 'db_refresh',
  type: 'int',
  default: 60,
  minimum: 0,
  maximum: 86_400,
  unit: 's',
  summary:
    'How often a service in `db_url` is asked for its table again; 0: only by the command that reloads. A file is read again when it has changed.',
});

export const tableTimeout = answeringTime('db_timeout', 'the rows that were read last stay');

const isService = (url: string) => /^https?:/i.test(url);

/**
 * Checks a `db_url`. Throws {@link InvalidUse} for what is neither a folder nor a service.
 *
 * @param instead another way to define the rows, if any, for the message
 */
export function checkTableUrl(url: string, instead?: string): void {
  if (!isService(url)) {
    folderOf(url, `the URL of a REST service${instead === undefined ? '' : `, or ${instead}`}`);
    return;
  }
  const names = templateNames(url);
  if (typeof names === 'string') throw new InvalidUse(names);
  const unknown = [...names].find((name) => name !== 'table');
  if (unknown !== undefined) throw new InvalidUse(`unknown {${unknown}} in db_url`, 'use {table}');
}

/**
 * Opens a table. A file that cannot be read throws; a service that fails is asked again later, and until then there
 * are the rows of the policy before, or none.
 */
export function openTable<Index>(
  routing: Routing,
  options: TableOptions<Index>,
): Awaitable<LoadedTable<Index>> {
  const { url, table, index } = options;
  return isService(url)
    ? ServedTable.open(routing, options)
    : new TextTable(routing, folderOf(url, ''), table, index);
}
