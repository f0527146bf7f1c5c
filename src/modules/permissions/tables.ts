/** The tables of addresses of a routing, by partition: read before it takes effect, and again by address_reload. */
import { type Routing, StateKey } from '../../runtime/index.ts';
import { readTextTable } from '../db-text.ts';
import { beside } from '../text-table.ts';
import { type AddressRow, AddressTable, addressRow } from './addresses.ts';
import { type Partition, parameters, partitionsOf, standard } from './parameters.ts';

export const tables = new StateKey<Routing, ReadonlyMap<string, AddressTable>>(
  'permissions tables',
  () => new Map(),
);

/** A row of the parameter address; what is wrong with it, if anything. */
export function writtenAddress(text: string): AddressRow | string {
  const [, group = null, address = '', length, port = '0', transport = 'any', pattern = '', info = null] =
    /^\s*(\d+)\s+([^\s/]+)(?:\/(\d+))?(?:\s+(\d+))?(?:\s+(\w+))?(?:\s+(\S+))?(?:\s+(\S.*?))?\s*$/s.exec(
      text,
    ) ?? [];
  if (group === null)
    return `invalid address "${text}": use GROUP ADDRESS[/LENGTH] [PORT [PROTOCOL [PATTERN [CONTEXT]]]]`;
  const longest = address.includes(':') ? '128' : '32';
  return addressRow({
    group,
    address,
    length: length ?? longest,
    port,
    transport,
    pattern: pattern === '*' ? '' : pattern,
    info,
  });
}

/** Rows that cannot be read are left out, with a warning, as in OpenSIPS. */
function read(routing: Routing, { name, folder, table }: Partition): AddressTable {
  const values = routing.parameters(parameters);
  const written = name === standard ? values.address.map((text) => writtenAddress(text)) : [];
  const stored = (folder === null ? [] : readTextTable(beside(routing, folder), table)).map((row) => {
    const field = (column: string) => row.get(column) ?? null;
    return addressRow({
      group: field(values.grp_col),
      address: field(values.ip_col),
      length: field(values.mask_col),
      port: field(values.port_col) ?? '0',
      transport: field(values.proto_col),
      pattern: field(values.pattern_col),
      info: field(values.info_col),
    });
  });
  const rows: AddressRow[] = [];
  for (const one of [...written, ...stored]) {
    if (typeof one !== 'string') rows.push(one);
    else if (routing.host.number === 0)
      routing.log.warning(`permissions: left out a row of ${table} (partition ${name}): ${one}`);
  }
  return new AddressTable(rows);
}

/** Reads the tables of one partition, or of all. Throws, and changes nothing, if one cannot be read. */
export function loadTables(routing: Routing, wanted?: string): void {
  const next = new Map(routing.states.get(tables));
  for (const partition of partitionsOf(routing.parameters(parameters)).values())
    if (wanted === undefined || partition.name === wanted) next.set(partition.name, read(routing, partition));
  routing.states.set(tables, next);
}
