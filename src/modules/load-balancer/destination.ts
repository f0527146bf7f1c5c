/** A destination with the resources that it has for calls, as a row of the table or a parameter defines it. */
import { parseUri, type Uri } from '../../sip/index.ts';

export interface Destination {
  /** As in the table. */
  readonly id: string;
  readonly group: number;
  readonly uri: string;
  readonly parts: Uri;
  /** How many calls each may have at a time. */
  readonly resources: ReadonlyMap<string, number>;
  readonly probing: Probing;
  readonly attrs: string | null;
}

/** When it is probed, in the order of the numbers in the table. */
const probings = ['never', 'disabled', 'always'] as const;
type Probing = (typeof probings)[number];

export interface Fields {
  readonly id: string | null;
  readonly group_id: string | null;
  readonly dst_uri: string | null;
  readonly resources: string | null;
  readonly probe_mode?: string | null;
  readonly attrs?: string | null;
}

/** The resources that a call needs: names separated by `;`. */
export const resourcesIn = (text: string): readonly string[] => [
  ...new Set(
    text
      .split(';')
      .map((one) => one.trim())
      .filter(Boolean),
  ),
];

/** A string says what is wrong. */
export function destinationOf({
  id,
  group_id,
  dst_uri,
  resources: text,
  probe_mode,
  attrs,
}: Fields): Destination | string {
  const uri = dst_uri ?? '';
  if (!/^\d{1,10}$/.test(id ?? '')) return `the id of ${uri} must be a number, not "${id}"`;
  const parts = parseUri(uri);
  if (parts?.host == null) return `"${uri}" is not a SIP URI`;
  if (!/^\d{1,9}$/.test(group_id ?? '')) return `the group of ${uri} must be a number, not "${group_id}"`;
  const resources = new Map<string, number>();
  for (const one of resourcesIn(text ?? '')) {
    const [, name, capacity] = /^([^\s=]+)\s*=\s*(\d{1,9})$/.exec(one) ?? [];
    if (name === undefined || capacity === undefined)
      return `invalid resource "${one}" of ${uri}: use NAME=CAPACITY`;
    resources.set(name, Number(capacity));
  }
  if (resources.size === 0) return `${uri} has no resources`;
  const probing = probings[Number(probe_mode || 0)];
  if (probing === undefined) return `the probe_mode of ${uri} must be 0, 1 or 2, not "${probe_mode}"`;
  return { id: id ?? '', group: Number(group_id), uri, parts, resources, probing, attrs: attrs || null };
}

/** The parameter `destination`. */
export function writtenDestination(text: string): Destination | string {
  const [, id = null, group_id = null, dst_uri = null, resources = null, probe_mode = null, attrs = null] =
    /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\S+)(?:\s+probe_mode=(\d))?(?:\s+attrs=(.*?))?\s*$/s.exec(text) ?? [];
  if (id === null)
    return `invalid destination "${text}": use ID GROUP URI RESOURCE=CAPACITY;… [probe_mode=N] [attrs=TEXT]`;
  return destinationOf({ id, group_id, dst_uri, resources, probe_mode, attrs });
}
