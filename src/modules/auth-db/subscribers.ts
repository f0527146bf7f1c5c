/** Passwords by user: from a table in a file, or from a REST service. */
import { type Routing, type Run, StateKey } from '../../runtime/index.ts';
import { lowerAscii, type RowValues } from '../../script/index.ts';
import { type Awaitable, andThen } from '../../timers/index.ts';
import type { Found, Secret } from '../auth/authorize.ts';
import type { TextRow } from '../db-text.ts';
import { ServiceTable } from '../rest-client/service-table.ts';
import { folderOf, TextTable } from '../text-table.ts';
import { parameters } from './parameters.ts';

type Values = RowValues<typeof parameters>;

/** The columns of a user. */
export type Subscriber = ReadonlyMap<string, string | null>;

export type Looked = Subscriber | 'unknown' | 'failed';

type Rows = ReadonlyMap<string, readonly TextRow[]>;

/** The tables of a routing, by name; read when the first call needs them. */
const tables = new StateKey<Routing, Map<string, TextTable<Rows>>>('auth_db tables', () => new Map());
const service = new StateKey<Routing, { table: ServiceTable | null }>('auth_db service', () => ({
  table: null,
}));

function grouped(rows: readonly TextRow[], column: string): Rows {
  const groups = new Map<string, TextRow[]>();
  for (const row of rows) {
    const value = row.get(column);
    if (value === undefined) throw new Error(`there is no column "${column}"`);
    const group = groups.get(value ?? '');
    if (group === undefined) groups.set(value ?? '', [row]);
    else group.push(row);
  }
  return groups;
}

/** The rows of a table, by the values of a column; complains and gives null if it cannot be read. */
function rowsOf(run: Run, name: string, column: string): Rows | null {
  const { db_url } = run.parameters(parameters);
  const open = run.routing.states.get(tables);
  const key = `${name} ${column}`;
  try {
    let table = open.get(key);
    if (table === undefined) {
      if (db_url === null) throw new Error('the parameter db_url is not set');
      if (!/^\w+$/.test(name)) throw new Error(`invalid name of a table "${name}"`);
      table = new TextTable(run.routing, folderOf(db_url, 'credentials_url'), name, (rows) =>
        grouped(rows, column),
      );
      open.set(key, table);
    }
    return table.current;
  } catch (error) {
    run.complain(`auth_db: ${(error as Error).message}`);
    return null;
  }
}

/** The rows of a table in which the columns have these values; null if it cannot be read. */
export function matchingRows(
  run: Run,
  table: string,
  [column, value]: readonly [column: string, value: string],
  others: Readonly<Record<string, string>> = {},
): readonly TextRow[] | null {
  const rows = rowsOf(run, table, column);
  if (rows === null) return null;
  return (rows.get(value) ?? []).filter((row) =>
    Object.entries(others).every(([name, wanted]) => lowerAscii(row.get(name) ?? '') === lowerAscii(wanted)),
  );
}

/** Finds a user of a domain. */
export function findSubscriber(run: Run, table: string, user: string, domain: string): Awaitable<Looked> {
  const values = run.parameters(parameters);
  if (values.credentials_url !== null)
    return asked(run, values, values.credentials_url, { table, user, realm: domain });
  const rows = matchingRows(
    run,
    table,
    [values.user_column, user],
    values.use_domain ? { [values.domain_column]: domain } : {},
  );
  return rows === null ? 'failed' : (rows[0] ?? 'unknown');
}

function asked(
  run: Run,
  values: Values,
  url: string,
  key: Readonly<Record<'table' | 'user' | 'realm', string>>,
): Awaitable<Looked> {
  const own = run.routing.states.get(service);
  own.table ??= new ServiceTable(run.routing, {
    url,
    keep: 1000 * values.credentials_ttl,
    timeout: values.credentials_timeout,
  });
  return andThen(own.table.ask(key), (answer): Looked => {
    if (answer.kind === 'unknown') return 'unknown';
    if (answer.kind === 'found') {
      const subscriber = subscriberOf(answer.text, values);
      if (subscriber !== null) return subscriber;
    }
    // without what was answered: it may be a password
    run.complain(
      `auth_db: ${answer.kind === 'failed' ? answer.reason : 'the service has answered neither JSON with password or ha1, nor one line of text'}`,
    );
    return 'failed';
  });
}

/** Null for an answer without a password. */
function subscriberOf(text: string, values: Values): Subscriber | null {
  const line = text.trim();
  if (!line.startsWith('{')) {
    const isLine = line !== '' && !/[\r\n]/.test(line);
    return isLine ? new Map([[values.calculate_ha1 ? 'password' : 'ha1', line]]) : null;
  }
  try {
    const members = Object.entries(JSON.parse(line) as Record<string, unknown>);
    const texts = members.flatMap(([name, value]) =>
      typeof value === 'string' || typeof value === 'number' ? [[name, String(value)] as const] : [],
    );
    const subscriber = new Map(texts);
    return ['password', 'ha1', 'ha1_sha256', 'ha1_sha512t256'].some((name) => subscriber.has(name))
      ? subscriber
      : null;
  } catch {
    return null;
  }
}

/** The password of a user, or its hashes. */
export function secretOf(subscriber: Subscriber, values: Values): Secret {
  const isService = values.credentials_url !== null;
  const password = isService ? subscriber.get('password') : null;
  if (password != null) return { isHashed: false, of: () => password };
  if (!isService && values.calculate_ha1)
    return { isHashed: false, of: () => subscriber.get(values.password_column) ?? null };
  const columns: Readonly<Record<string, string>> = {
    MD5: isService ? 'ha1' : values.password_column,
    'SHA-256': isService ? 'ha1_sha256' : values.hash_column_sha256,
    'SHA-512-256': isService ? 'ha1_sha512t256' : values.hash_column_sha512t256,
  };
  return { isHashed: true, of: (algorithm) => subscriber.get(columns[algorithm] ?? '') ?? null };
}

/** For authorize(). */
export const foundOf = (looked: Looked, values: Values): Found =>
  typeof looked === 'string' ? looked : secretOf(looked, values);
