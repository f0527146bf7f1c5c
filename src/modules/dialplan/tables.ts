/** The rules of a routing, by partition. */
import { type Routing, StateKey } from '../../runtime/index.ts';
import type { TextRow } from '../db-text.ts';
import type { LoadedTable } from '../loaded-table.ts';
import { openTable } from '../open-table.ts';
import { type Partition, parameters, partitionsOf, type Values } from './parameters.ts';
import { type Rule, RuleSet, ruleOf } from './rules.ts';

/** The rules of a partition, by number of the dialplan. */
export type Dialplans = ReadonlyMap<number, RuleSet>;

export const dialplans = new StateKey<Routing, ReadonlyMap<string, LoadedTable<Dialplans>>>(
  'dialplans',
  () => new Map(),
);

function read(row: TextRow, values: Values): Rule | string | null {
  const field = (column: string) => row.get(column) ?? null;
  if (Number(field(values.disabled_col) ?? 0) !== 0) return null;
  return ruleOf({
    id: field('id'),
    dialplan: field(values.dpid_col),
    priority: field(values.pr_col),
    operator: field(values.match_op_col),
    expression: field(values.match_exp_col),
    flags: field(values.match_flags_col),
    substitution: field(values.subst_exp_col),
    replacement: field(values.repl_exp_col),
    recurrence: field(values.timerec_col),
    attributes: field(values.attrs_col),
  });
}

/** Rows that cannot be read are left out, with a warning, as in OpenSIPS. */
function dialplansOf(routing: Routing, { name, table }: Partition, rows: readonly TextRow[]): Dialplans {
  const values = routing.parameters(parameters);
  const byNumber = new Map<number, Rule[]>();
  for (const row of rows) {
    const rule = read(row, values);
    if (rule === null) continue;
    if (typeof rule === 'string') {
      if (routing.host.number === 0)
        routing.log.warning(
          `dialplan: left out the rule ${row.get('id')} of ${table} (partition ${name}): ${rule}`,
        );
      continue;
    }
    const same = byNumber.get(rule.dialplan);
    if (same === undefined) byNumber.set(rule.dialplan, [rule]);
    else same.push(rule);
  }
  return new Map([...byNumber].map(([number, rules]) => [number, new RuleSet(rules)]));
}

/** Reads the rules of all partitions. Rejects if a file cannot be read. */
export async function openDialplans(routing: Routing): Promise<void> {
  const values = routing.parameters(parameters);
  const { db_refresh, db_timeout: timeout } = values;
  const open = new Map<string, LoadedTable<Dialplans>>();
  for (const partition of partitionsOf(values).values()) {
    const { name, url, table } = partition;
    const index = (rows: readonly TextRow[]) => dialplansOf(routing, partition, rows);
    open.set(
      name,
      await openTable(routing, {
        module: 'dialplan',
        url,
        table,
        refresh: 1000 * db_refresh,
        timeout,
        index,
      }),
    );
  }
  routing.states.set(dialplans, open);
}
