/** The parameters of dialplan, and the partitions that they define. Source: modules/dialplan of the manual. */
import { defineParameters, InvalidUse, type RowValues } from '../../script/index.ts';
import { refreshTime, tableTimeout } from '../open-table.ts';
import { parsePartition } from '../partition-text.ts';
import { nameParameter } from '../text-table.ts';

export const parameters = defineParameters([
  {
    name: 'db_url',
    type: 'string',
    default: null,
    summary:
      'Where the tables are: `text://FOLDER`, as of db_text, or the URL of a REST service with `{table}`, which answers a JSON array of rows.',
  },
  refreshTime,
  tableTimeout,
  nameParameter('table_name', 'dialplan', 'The table of the rules.'),
  {
    name: 'partition',
    type: 'string',
    default: null,
    repeated: true,
    summary:
      'Another table: `NAME: db_url = text://FOLDER; table_name = TABLE`, or `default: NAME` for the one that calls without a name mean.',
  },
  nameParameter('dpid_col', 'dpid', 'The column of the number of the dialplan.'),
  nameParameter('pr_col', 'pr', 'The column of the priority; the least is the first.'),
  nameParameter('match_op_col', 'match_op', 'The column of the operator: 0 equal, 1 regular expression.'),
  nameParameter('match_exp_col', 'match_exp', 'The column of the text or expression to match.'),
  nameParameter('match_flags_col', 'match_flags', 'The column of the flags: 1 ignores case.'),
  nameParameter(
    'subst_exp_col',
    'subst_exp',
    'The column of the expression whose groups the replacement has.',
  ),
  nameParameter('repl_exp_col', 'repl_exp', 'The column of the replacement.'),
  nameParameter('timerec_col', 'timerec', 'The column of the time recurrence, as of check_time_rec().'),
  nameParameter('disabled_col', 'disabled', 'The column that says whether a rule is left out.'),
  nameParameter('attrs_col', 'attrs', 'The column of the attributes.'),
]);

export type Values = RowValues<typeof parameters>;

/** The partition that calls without a name mean. */
export const standard = 'default';

export interface Partition {
  readonly name: string;
  readonly url: string;
  readonly table: string;
}

/** The partitions by name. Throws {@link InvalidUse}. */
export function partitionsOf(values: Values): ReadonlyMap<string, Partition> {
  const { db_url: url, table_name: table } = values;
  const found = new Map<string, Partition>();
  const others = values.partition.map((text) => parsePartition(text, ['db_url', 'table_name']));
  // `default: NAME` stands for another one, so that the standard table is not needed
  if (url !== null && !others.some(({ name, same }) => name === standard && same !== null))
    found.set(standard, { name: standard, url, table });
  for (const { name, settings } of others.filter(({ same }) => same === null)) {
    const own = settings.get('db_url') ?? url;
    if (own === null)
      throw new InvalidUse(`the partition ${name} has no db_url`, 'give it one, or set the parameter db_url');
    found.set(name, { name, url: own, table: settings.get('table_name') ?? table });
  }
  for (const { name, same } of others) {
    const other = same === null ? undefined : found.get(same);
    if (other !== undefined) found.set(name, { ...other, name });
    else if (same !== null) throw new InvalidUse(`unknown partition "${same}"`, `define it before ${name}`);
  }
  return found;
}
