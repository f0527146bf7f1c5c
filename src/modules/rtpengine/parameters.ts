/** The parameters of rtpengine. Source: modules/rtpengine of the manual. */
import type { Routing } from '../../runtime/index.ts';
import { defineParameter, defineParameters, type RowValues } from '../../script/index.ts';
import { readTextTable } from '../db-text.ts';
import { type Definition, type DefinitionRules, readDefinitions } from '../media/definition.ts';
import { beside, folderOf, nameParameter } from '../text-table.ts';

const variable = <const Name extends string>(name: Name, summary: string) =>
  defineParameter({ name, type: 'string', default: null, summary });

const seconds = <const Name extends string, const Default extends number>(
  name: Name,
  standard: Default,
  summary: string,
) =>
  defineParameter({ name, type: 'int', default: standard, minimum: 1, maximum: 86_400, unit: 's', summary });

export const parameters = defineParameters([
  defineParameter({
    name: 'rtpengine_sock',
    type: 'string',
    default: null,
    repeated: true,
    summary:
      "A set of rtpengines: `[SET ==] udp:HOST:PORT[=WEIGHT] ...`; the set is 0 without a number. `tcp:HOST:PORT` for its `listen-tcp-ng` and `http://HOST:PORT/ng` for its `listen-http` are siprest's own.",
  }),
  seconds('rtpengine_disable_tout', 60, 'How long one that does not answer is left alone.'),
  defineParameter({
    name: 'rtpengine_tout',
    type: 'seconds',
    default: 1,
    minimum: 0.01,
    maximum: 60,
    unit: 's',
    summary: "How long an answer is waited for in one try; fractions are siprest's own.",
  }),
  defineParameter({
    name: 'rtpengine_retr',
    type: 'int',
    default: 5,
    minimum: 1,
    maximum: 100,
    summary: 'How often a command is sent.',
  }),
  seconds('rtpengine_timer_interval', 5, 'How often it is looked which rtpengines are to be probed.'),
  defineParameter({
    name: 'ping_enabled',
    type: 'boolean',
    default: false,
    summary: 'Whether those that answer are probed as well, unless something was heard from them.',
  }),
  variable(
    'notification_sock',
    'Where notifications are received, `127.0.0.1:9999`, for E_RTPENGINE_NOTIFICATION.',
  ),
  variable('extra_id_pv', 'The variable with the value of `via-branch=extra`.'),
  variable('setid_avp', 'The AVP that chooses the set, before rtpengine_use_set().'),
  variable('error_pv', 'The variable that gets why a function has failed.'),
  defineParameter({
    name: 'extra_failover_error',
    type: 'string',
    default: null,
    repeated: true,
    summary: 'A regular expression for errors after which another rtpengine of the set is asked.',
  }),
  variable('db_url', 'The folder of a table with further rtpengines: `text://FOLDER`, as of db_text.'),
  nameParameter('db_table', 'rtpengine', 'The name of the table.'),
  nameParameter('socket_column', 'socket', 'Its column of sockets.'),
  nameParameter('set_column', 'set_id', 'Its column of sets.'),
]);

export type Values = RowValues<typeof parameters>;

const rules: DefinitionRules = {
  schemes: ['udp', 'tcp', 'http'],
  defaultSet: 0,
  form: 'udp:HOST:PORT, tcp:HOST:PORT or http://HOST:PORT/ng; rtpengine has no UNIX sockets',
};

/** Those of the script. @throws InvalidUse */
export const writtenDefinitions = ({ rtpengine_sock }: Values): readonly Definition[] =>
  rtpengine_sock.flatMap((text) => readDefinitions(text, rules));

/** Those of the script and of the table. Throws if it cannot be read. */
export function allDefinitions(routing: Routing, values: Values): readonly Definition[] {
  const { db_url, db_table, socket_column, set_column } = values;
  const written = writtenDefinitions(values);
  if (db_url === null) return written;
  const rows = readTextTable(beside(routing, folderOf(db_url, 'the parameter rtpengine_sock')), db_table);
  const stored = rows.flatMap((row) =>
    readDefinitions(`${row.get(set_column) ?? 0} == ${row.get(socket_column) ?? ''}`, rules),
  );
  return [...written, ...stored];
}
