/** The partitions that the parameters define. */
import { InvalidUse } from '../../script/index.ts';
import { checkProbe } from '../gateways/probes.ts';
import { checkTableUrl } from '../open-table.ts';
import { avpName } from '../parameter-text.ts';
import { writtenDestination } from './destination.ts';
import type { Values } from './parameters.ts';

/** The partition that calls without one mean. */
export const standard = 'default';

export interface PartitionSettings {
  readonly name: string;
  /** Of its table; null if only the parameter `destination` defines it. */
  readonly url: string | null;
  readonly table: string;
  /** The names of AVPs; null for none. */
  readonly avps: Readonly<Record<AvpKind, string | null>>;
  readonly pingFrom: string;
  readonly pingMethod: string;
  readonly isPersistent: boolean;
}

const avpKinds = ['attrs', 'script_attrs', 'dst', 'grp', 'cnt', 'sock'] as const;
type AvpKind = (typeof avpKinds)[number];

/** What a partition may set, and the parameter with the default. */
const settings: Readonly<Record<string, keyof Values>> = {
  ...{ db_url: 'db_url', table_name: 'table_name', persistent_state: 'persistent_state' },
  ...{ ping_from: 'ds_ping_from', ping_method: 'ds_ping_method', script_attrs: 'script_attrs_avp' },
  ds_define_blacklist: 'ds_define_blacklist',
  ...Object.fromEntries(avpKinds.map((kind) => [`${kind}_avp`, `${kind}_avp`] as const)),
};

const byParameter = 'the parameter destination';

function partition(name: string, own: ReadonlyMap<string, string>, values: Values): PartitionSettings {
  const value = (parameter: keyof Values): string | null => {
    const given = own.get(parameter) ?? values[parameter];
    return given === null || given === undefined ? null : String(given);
  };
  const avp = (kind: AvpKind) => {
    const text = value(`${kind}_avp`);
    const found = avpName(text);
    if (text !== null && found === null)
      throw new InvalidUse(`${kind}_avp must name an AVP, not "${text}"`, 'for example $avp(destination)');
    return found;
  };
  const url = value('db_url');
  if (url !== null) checkTableUrl(url, byParameter);
  const pingFrom = value('ds_ping_from') ?? '';
  const pingMethod = value('ds_ping_method') ?? '';
  checkProbe(['ds_ping_method', pingMethod], ['ds_ping_from', pingFrom]);
  return {
    ...{ name, url, pingFrom, pingMethod },
    table: value('table_name') ?? '',
    avps: {
      ...{ attrs: avp('attrs'), script_attrs: avp('script_attrs'), dst: avp('dst') },
      ...{ grp: avp('grp'), cnt: avp('cnt'), sock: avp('sock') },
    },
    isPersistent: !/^(?:0|no|false)$/.test(value('persistent_state') ?? ''),
  };
}

function settingsIn(name: string, text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const part of text.split(';').filter((one) => one.trim() !== '')) {
    const [, key = '', value = ''] = /^\s*(\w+)\s*=\s*(\S.*?)\s*$/s.exec(part) ?? [];
    const parameter = settings[key];
    if (parameter === undefined)
      throw new InvalidUse(
        `invalid setting "${part.trim()}" of the partition ${name}`,
        `use any of: ${Object.keys(settings).join(', ')}`,
      );
    found.set(parameter, value);
  }
  return found;
}

/** The partitions by the names that calls use. Throws {@link InvalidUse}. */
export function partitionsOf(values: Values): ReadonlyMap<string, PartitionSettings> {
  const found = new Map<string, PartitionSettings>();
  const { destination, db_url } = values;
  for (const text of destination) {
    const one = writtenDestination(standard, text);
    if (typeof one === 'string') throw new InvalidUse(one);
  }
  if (db_url !== null || destination.length > 0) found.set(standard, partition(standard, new Map(), values));
  let alias: string | null = null;
  for (const one of values.partition) {
    const [, name, rest = ''] = /^\s*([\w.-]+)\s*(?::\s*(.*))?$/s.exec(one) ?? [];
    if (name === undefined)
      throw new InvalidUse(
        `invalid partition "${one}"`,
        'use NAME: db_url = text://FOLDER; table_name = TABLE',
      );
    const [, other] = /^\s*([\w.-]+)\s*$/.exec(rest) ?? [];
    if (name === standard && other !== undefined) alias = other;
    else found.set(name, partition(name, settingsIn(name, rest), values));
  }
  if (alias !== null) {
    const other = found.get(alias);
    if (other === undefined)
      throw new InvalidUse(`the default partition is the unknown partition "${alias}"`);
    found.set(standard, other);
  }
  for (const { name, url } of found.values())
    if (url === null && (name !== standard || destination.length === 0))
      throw new InvalidUse(`the partition ${name} has no db_url`, 'give it one, or set the parameter db_url');
  return found;
}

/** The names of the partitions. Throws {@link InvalidUse}. */
export const partitionNames = (values: Values): readonly string[] => [...partitionsOf(values).keys()];
