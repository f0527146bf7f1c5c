/** Gateways, carriers and rules, as rows of tables have them. Source: modules/drouting of the manual. */
import { parseUri, type Uri } from '../../sip/index.ts';
import { matchesRecurrence } from '../cfgutils/time-recurrence.ts';
import type { TextRow } from '../db-text.ts';
import { wholeNumber } from '../row-fields.ts';

/** How a gateway or carrier stands, with what commands call it. `mi`: an administrator has disabled it, and it is not probed. */
export const stateNames = {
  active: 'Active',
  inactive: 'Inactive',
  probing: 'Probing',
  mi: 'Disabled MI',
} as const;
export type State = keyof typeof stateNames;

export interface Gateway {
  readonly id: string;
  /** Groups gateways by purpose. */
  readonly type: number;
  /** As in the table, without a scheme. */
  readonly address: string;
  readonly parts: Uri;
  /** How many characters of the number are removed. */
  readonly strip: number;
  /** What is put before the number then. */
  readonly prefix: string;
  readonly attributes: string;
  /** 0: never; 1: while it is disabled; 2: always. */
  readonly probing: number;
  /** Before anything happens to it. */
  readonly state: State;
  readonly socket: string | null;
  /** The key of its state in the store. */
  readonly key: string;
}

/** How a list is put in order: as it is, or at random by weight. */
export type Sorting = 'none' | 'weight';

/** A member of a list; carriers begin with `#`. */
export interface Listed {
  readonly id: string;
  readonly isCarrier: boolean;
  readonly weight: number;
}

export interface Carrier {
  readonly id: string;
  readonly list: readonly Listed[];
  readonly sorting: Sorting;
  /** Whether only the first of its gateways is used. */
  readonly usesFirst: boolean;
  readonly attributes: string;
  readonly state: State;
  readonly key: string;
}

export interface Rule {
  readonly id: number;
  readonly groups: readonly number[];
  /** '' for a default rule. */
  readonly prefix: string;
  /** When it applies; null: always. */
  readonly recurrence: string | null;
  /** The greatest is the first. */
  readonly priority: number;
  /** The route that runs when it is used; null for none. */
  readonly route: string | null;
  readonly list: readonly Listed[];
  readonly sorting: Sorting;
  readonly attributes: string;
}

/** What is read from tables; a text says what is wrong with a row. */
type Read<T> = T | string;

const text = (row: TextRow, column: string) => row.get(column) ?? '';
const number = (row: TextRow, column: string) => wholeNumber(row.get(column) ?? null) ?? 0;

const sortings: Readonly<Record<string, Sorting>> = { W: 'weight', w: 'weight' };
const sortingOf = (row: TextRow): Sorting => sortings[text(row, 'sort_alg')] ?? 'none';

const states: Readonly<Record<number, State>> = { 1: 'mi', 2: 'probing' };
const stateOf = (row: TextRow): State => states[number(row, 'state')] ?? 'active';

/** Which characters names and prefixes may have. */
export interface Characters {
  isId(id: string): boolean;
  isPrefix(prefix: string): boolean;
}

export function charactersOf(ids: string, prefixes: string | null): Characters {
  const made = (standard: string, extra: string) => {
    const all = new Set(extra);
    return (written: string) => [...written].every((char) => standard.includes(char) || all.has(char));
  };
  const digits = '0123456789';
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  const isId = made(digits + letters + letters.toUpperCase(), ids);
  return { isId: (id) => id !== '' && isId(id), isPrefix: made(digits, prefixes ?? '') };
}

export function gatewayOf(row: TextRow, partition: string, characters: Characters): Read<Gateway> {
  const id = text(row, 'gwid');
  if (!characters.isId(id)) return `invalid name "${id}" of a gateway`;
  const address = text(row, 'address');
  const parts = parseUri(/^sips?:/i.test(address) ? address : `sip:${address}`);
  if (parts === null || parts.host === null) return `invalid address "${address}"`;
  const prefix = text(row, 'pri_prefix');
  if (/[\s@<>"]/.test(prefix)) return `invalid prefix "${prefix}" of the gateway ${id}`;
  return {
    id,
    type: number(row, 'type'),
    address: address.replace(/^sips?:/i, ''),
    parts,
    strip: Math.max(0, number(row, 'strip')),
    prefix,
    attributes: text(row, 'attrs'),
    probing: number(row, 'probe_mode'),
    state: stateOf(row),
    socket: text(row, 'socket') || null,
    key: `${partition} ${id}`,
  };
}

export function carrierOf(row: TextRow, partition: string, characters: Characters): Read<Carrier> {
  const id = text(row, 'carrierid');
  if (!characters.isId(id)) return `invalid name "${id}" of a carrier`;
  const list = listOf(text(row, 'gwlist'));
  if (typeof list === 'string') return list;
  if (list.some(({ isCarrier }) => isCarrier)) return 'a carrier has gateways, and no carriers';
  const flags = number(row, 'flags');
  return {
    id,
    list,
    sorting: sortingOf(row),
    usesFirst: (flags & 1) !== 0,
    attributes: text(row, 'attrs'),
    state: (flags & 2) !== 0 || number(row, 'state') !== 0 ? 'mi' : 'active',
    key: `${partition} #${id}`,
  };
}

export function ruleOf(row: TextRow, characters: Characters): Read<Rule> {
  const groups = text(row, 'groupid')
    .split(',')
    .map((one) => wholeNumber(one));
  if (groups.some((one) => one === null)) return `invalid groups "${text(row, 'groupid')}"`;
  const prefix = text(row, 'prefix');
  if (!characters.isPrefix(prefix)) return `invalid prefix "${prefix}"`;
  const recurrence = text(row, 'timerec') || null;
  if (recurrence !== null && matchesRecurrence(recurrence, 0) === null)
    return `invalid time recurrence "${recurrence}"`;
  const list = listOf(text(row, 'gwlist'));
  if (typeof list === 'string') return list;
  const route = text(row, 'routeid');
  return {
    id: number(row, 'ruleid'),
    groups: groups.filter((one) => one !== null),
    prefix,
    recurrence,
    priority: number(row, 'priority'),
    route: route === '' || route === '0' ? null : route,
    list,
    sorting: sortingOf(row),
    attributes: text(row, 'attrs'),
  };
}

/** `gw1,gw2=10,#carrier=30`, also separated by semicolons. */
export function listOf(written: string): Read<readonly Listed[]> {
  const list: Listed[] = [];
  for (const part of written
    .split(/[,;|]/)
    .map((one) => one.trim())
    .filter(Boolean)) {
    const [, hash, id, weight = '0'] = /^(#?)\s*([^\s=#]+)\s*(?:=\s*(\d{1,9}))?$/.exec(part) ?? [];
    if (id === undefined)
      return `invalid member "${part}" of a list: use GATEWAY, #CARRIER or GATEWAY=WEIGHT`;
    list.push({ id, isCarrier: hash === '#', weight: Number(weight) });
  }
  return list;
}
