/** A destination as a row of the table, or the parameter `destination`, defines it. */
import { parseUri, type Uri } from '../../sip/index.ts';

/** In the order of their numbers in the table. */
export const destinationStates = ['active', 'inactive', 'probing'] as const;
export type DestinationState = (typeof destinationStates)[number];

/** The state that a letter or number stands for in scripts and commands; null for another text. */
export function stateNamed(text: string): DestinationState | null {
  switch (text.trim().charAt(0).toLowerCase()) {
    case 'a':
    case '1':
      return 'active';
    case 'i':
    case '0':
      return 'inactive';
    case 'p':
    case '2':
      return 'probing';
    default:
      return null;
  }
}

export interface Destination {
  /** The number of its set. */
  readonly set: number;
  readonly uri: string;
  readonly parts: Uri;
  /** The socket that requests to it leave by; null: any. */
  readonly socket: string | null;
  /** 0: it is chosen only when others have failed. */
  readonly weight: number;
  readonly priority: number;
  readonly attrs: string | null;
  readonly description: string | null;
  /** Whether it is probed while it is active. */
  readonly isProbed: boolean;
  /** The state that it begins with. */
  readonly initial: DestinationState;
  /** Tells it from all others of all partitions. */
  readonly key: string;
}

/** The columns of the table that parameters may rename. */
export const destinationColumns = [
  'setid',
  'destination',
  'state',
  'weight',
  'priority',
  'attrs',
  'socket',
  'probe_mode',
] as const;
type Column = (typeof destinationColumns)[number] | 'description';
type Fields = Readonly<Partial<Record<Column, string | null>>>;

const whole = (text: string | null | undefined, standard: number, pattern = /^\d{1,9}$/): number | null =>
  text === null || text === undefined || text === '' ? standard : pattern.test(text) ? Number(text) : null;

/** A string says what is wrong. */
export function destinationOf(partition: string, fields: Fields): Destination | string {
  const uri = fields.destination ?? '';
  const set = whole(fields.setid, 0);
  if (set === null) return `the set of ${uri} must be a number, not "${fields.setid}"`;
  const parts = parseUri(uri);
  if (parts?.host == null) return `"${uri}" is not a SIP URI`;
  const state = destinationStates[whole(fields.state, 0) ?? -1];
  if (state === undefined) return `the state of ${uri} must be 0, 1 or 2, not "${fields.state}"`;
  const weight = whole(fields.weight, 1);
  if (weight === null) return `the weight of ${uri} must be a number, not "${fields.weight}"`;
  const priority = whole(fields.priority, 0, /^-?\d{1,9}$/);
  if (priority === null) return `the priority of ${uri} must be a number, not "${fields.priority}"`;
  return {
    ...{ set, uri, parts, weight, priority },
    socket: fields.socket || null,
    attrs: fields.attrs || null,
    description: fields.description || null,
    isProbed: whole(fields.probe_mode, 0) === 1,
    initial: state,
    key: `${partition} ${set} ${uri}`,
  };
}

/** The parameter `destination`: a set, a URI, and `name=value` for other columns, `attrs` last. */
export function writtenDestination(partition: string, text: string): Destination | string {
  const [, setid, destination, rest = ''] = /^\s*(\d+)\s+(\S+)\s*(.*?)\s*$/s.exec(text) ?? [];
  if (setid === undefined || destination === undefined)
    return `invalid destination "${text}": use SET URI [weight=N] [priority=N] [state=N] [probe_mode=N] [socket=SOCKET] [attrs=TEXT]`;
  const [, others = '', attrs] = /^(.*?)(?:(?:^|\s)attrs=(.*))?$/s.exec(rest) ?? [];
  const fields: Record<string, string | null> = { setid, destination, attrs: attrs ?? null };
  for (const setting of others.split(/\s+/).filter(Boolean)) {
    const [, name = '', value = ''] = /^(\w+)=(.+)$/s.exec(setting) ?? [];
    if (!(['weight', 'priority', 'state', 'probe_mode', 'socket'] as readonly string[]).includes(name))
      return `invalid "${setting}" of the destination ${destination}: use weight, priority, state, probe_mode, socket or attrs`;
    fields[name] = value;
  }
  return destinationOf(partition, fields);
}
