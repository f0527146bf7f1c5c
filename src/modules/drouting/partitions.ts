/** The partitions of a routing: where their tables are, and what these say. Source: modules/drouting of the manual. */
import { findSocket, type Routing, StateKey } from '../../runtime/index.ts';
import { InvalidUse } from '../../script/index.ts';
import { type Awaitable, andThen } from '../../timers/index.ts';
import type { TextRow } from '../db-text.ts';
import type { LoadedTable } from '../loaded-table.ts';
import { checkTableUrl, openTable } from '../open-table.ts';
import { avpName } from '../parameter-text.ts';
import { wholeNumber } from '../row-fields.ts';
import { parameters, type Values } from './parameters.ts';
import {
  type Carrier,
  type Characters,
  carrierOf,
  charactersOf,
  type Gateway,
  gatewayOf,
  type Listed,
  type Rule,
  ruleOf,
} from './records.ts';
import { RoutingData, userKey } from './routing-data.ts';

/** Each AVP that a partition writes, with its parameter. */
const avpParameters = {
  uri: 'ruri_avp',
  gateway: 'gw_id_avp',
  prefix: 'gw_priprefix_avp',
  socket: 'gw_sock_avp',
  rule: 'rule_id_avp',
  rulePrefix: 'rule_prefix_avp',
  carrier: 'carrier_id_avp',
} as const;

const tableParameters = {
  gateways: 'drd_table',
  rules: 'drr_table',
  carriers: 'drc_table',
  groups: 'drg_table',
} as const;

export interface Partition {
  readonly name: string;
  readonly url: string;
  readonly tables: Readonly<Record<keyof typeof tableParameters, string>>;
  /** The names of AVPs; null: it is not written. */
  readonly avps: Readonly<Record<keyof typeof avpParameters, string | null>>;
}

/** The only partition of a routing without a table of them. */
export const standard = 'Default';

/** The group of a user. */
interface Member {
  readonly key: string;
  readonly group: number;
}

/** What is wrong with the parameters is an {@link InvalidUse}. */
export function checkParameters(values: Values): void {
  const { db_url, use_partitions, db_partitions_url: url, gw_socket_filter_mode: mode } = values;
  if (use_partitions && url === null)
    throw new InvalidUse('use_partitions needs db_partitions_url', 'set it to text://FOLDER');
  for (const one of [db_url, url]) if (one !== null) checkTableUrl(one);
  if (!['all', 'ignore', 'matched-only'].includes(mode))
    throw new InvalidUse(`gw_socket_filter_mode must be all, ignore or matched-only, not "${mode}"`);
  for (const name of Object.values(avpParameters))
    if (values[name] !== null && avpName(values[name]) === null)
      throw new InvalidUse(`${name} must be an AVP, not "${values[name]}"`, 'use $avp(name)');
}

function partitionOf(values: Values, name: string, row: TextRow): Partition {
  const suffix = name === standard ? '' : name;
  const avp = (parameter: (typeof avpParameters)[keyof typeof avpParameters]) => {
    const own = avpName(row.get(parameter) ?? null) ?? avpName(values[parameter]);
    return own?.startsWith('___dr_') ? `${own}${suffix}` : own;
  };
  const table = (parameter: (typeof tableParameters)[keyof typeof tableParameters]) =>
    row.get(parameter) || values[parameter];
  return {
    name,
    url: row.get('db_url') || (values.db_url ?? ''),
    tables: mapped(tableParameters, table),
    avps: mapped(avpParameters, avp),
  };
}

const mapped = <Key extends string, From, To>(of: Readonly<Record<Key, From>>, change: (one: From) => To) =>
  Object.fromEntries(Object.entries<From>(of).map(([key, one]) => [key, change(one)])) as Readonly<
    Record<Key, To>
  >;

/** A partition with what its tables say. */
export class LoadedPartition {
  readonly partition: Partition;
  readonly #routing: Routing;
  readonly #characters: Characters;
  readonly #tables: readonly LoadedTable<unknown>[] = [];
  #rows: {
    gateways: readonly Gateway[];
    carriers: readonly Carrier[];
    rules: readonly Rule[];
    groups: readonly Member[];
  } = { gateways: [], carriers: [], rules: [], groups: [] };
  #data: RoutingData;
  #isChanged = false;
  /** Ms since 1970. */
  readAt = 0;

  private constructor(routing: Routing, partition: Partition) {
    const { extra_id_chars, extra_prefix_chars } = routing.parameters(parameters);
    this.partition = partition;
    this.#routing = routing;
    this.#characters = charactersOf(extra_id_chars, extra_prefix_chars);
    this.#data = new RoutingData(routing, { ...this.#rows, users: new Map() });
  }

  /** Rejects if a table is in a file that cannot be read. */
  static async open(routing: Routing, partition: Partition): Promise<LoadedPartition> {
    const loaded = new LoadedPartition(routing, partition);
    await loaded.#open();
    return loaded;
  }

  async #open(): Promise<void> {
    const characters = this.#characters;
    const values = this.#routing.parameters(parameters);
    const { name } = this.partition;
    const readers = {
      gateways: (row: TextRow) => withSocket(this.#routing, values, gatewayOf(row, name, characters)),
      carriers: (row: TextRow) => carrierOf(row, name, characters),
      rules: (row: TextRow) => ruleOf(row, characters),
      groups: (row: TextRow) => memberOf(row, values),
    };
    const opened: LoadedTable<unknown>[] = [];
    for (const [key, read] of Object.entries<(row: TextRow) => object | string | null>(readers)) {
      const table = this.partition.tables[key as keyof typeof readers];
      const options = {
        module: 'drouting',
        url: this.partition.url,
        table,
        refresh: 1000 * values.db_refresh,
        timeout: values.db_timeout,
        index: (rows: readonly TextRow[]) => {
          const records = this.#readable(table, rows, read);
          this.#rows = { ...this.#rows, [key]: records };
          this.#change();
          return records;
        },
      };
      opened.push(await openTable(this.#routing, options));
    }
    (this.#tables as LoadedTable<unknown>[]).push(...opened);
    this.#combine();
  }

  get data(): RoutingData {
    return this.#data;
  }

  /** Reads all tables again. Rejects if one cannot be read, which stays as it was. */
  async reload(): Promise<void> {
    for (const table of this.#tables) await table.reload();
    this.#combine();
  }

  /** All tables that have changed at the same time are taken together. */
  #change(): void {
    if (this.#isChanged) return;
    this.#isChanged = true;
    setImmediate(() => this.#combine());
  }

  #combine(): void {
    this.readAt = this.#routing.host.clock.date();
    if (!this.#isChanged) return;
    this.#isChanged = false;
    const { gateways, groups } = this.#rows;
    const { tables } = this.partition;
    const ids = new Set(gateways.map(({ id }) => id));
    const { carriers, rules } = this.#rows;
    this.#warnOfUnknown(tables.carriers, carriers, ids);
    this.#warnOfUnknown(tables.rules, rules, new Set([...ids, ...carriers.map(({ id }) => `#${id}`)]));
    const users = new Map(groups.map(({ key, group }) => [key, group]));
    this.#data = new RoutingData(this.#routing, { gateways, carriers, rules, users });
  }

  /** Gateways and carriers that lists name and nobody has are skipped. */
  #warnOfUnknown(
    table: string,
    rows: readonly { readonly id: string | number; readonly list: readonly Listed[] }[],
    known: ReadonlySet<string>,
  ): void {
    for (const { id, list } of rows)
      for (const one of list) {
        const name = one.isCarrier ? `#${one.id}` : one.id;
        if (!known.has(name)) this.#warn(`the row ${id} of ${table} names the unknown "${name}"`);
      }
  }

  #readable<T>(
    table: string,
    rows: readonly TextRow[],
    read: (row: TextRow) => T | string | null,
  ): readonly T[] {
    const records: T[] = [];
    for (const row of rows) {
      const one = read(row);
      if (typeof one === 'string') this.#warn(`left out a row of ${table}: ${one}`);
      else if (one !== null) records.push(one);
    }
    return records;
  }

  #warn(text: string): void {
    const { host, log } = this.#routing;
    // one process speaks for all
    if (host.number === 0) log.warning(`drouting: partition ${this.partition.name}: ${text}`);
  }
}

/** As gw_socket_filter_mode says; null for a gateway that is left out. */
function withSocket(
  { host }: Routing,
  { gw_socket_filter_mode: mode }: Values,
  gateway: Gateway | string,
): Gateway | string | null {
  if (typeof gateway === 'string' || mode === 'all') return gateway;
  const { socket } = gateway;
  if (mode === 'ignore') return { ...gateway, socket: null };
  return socket !== null && findSocket(host.sockets, socket) !== null ? gateway : null;
}

function memberOf(row: TextRow, values: Values): Member | string {
  const group = wholeNumber(row.get(values.drg_grpid_col) ?? null);
  if (group === null) return `invalid group "${row.get(values.drg_grpid_col)}"`;
  const domain = values.use_domain ? (row.get(values.drg_domain_col) ?? '') : null;
  return { key: userKey(row.get(values.drg_user_col) ?? '', domain), group };
}

export const loadedOf = new StateKey<Routing, ReadonlyMap<string, LoadedPartition>>(
  'drouting partitions',
  () => new Map(),
);

/** The partitions by name. */
function namedPartitions(routing: Routing): Awaitable<readonly Partition[]> {
  const values = routing.parameters(parameters);
  const { use_partitions, db_url, db_partitions_url: url } = values;
  if (!use_partitions || url === null)
    return db_url === null ? [] : [partitionOf(values, standard, new Map())];
  const table = openTable(routing, {
    module: 'drouting',
    url,
    table: values.db_partitions_table,
    refresh: 0,
    timeout: values.db_timeout,
    index: (rows) => rows.map((row) => partitionOf(values, row.get('partition_name') ?? '', row)),
  });
  return andThen(table, ({ current }) => current);
}

/** Reads the tables of all partitions. Rejects if a file cannot be read. */
export async function openPartitions(routing: Routing): Promise<void> {
  const open: LoadedPartition[] = [];
  for (const partition of await namedPartitions(routing))
    open.push(await LoadedPartition.open(routing, partition));
  routing.states.set(loadedOf, new Map(open.map((one) => [one.partition.name, one])));
}
