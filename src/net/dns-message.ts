/** DNS queries and answers as bytes (RFC 1035, 2782, 3403). */
import { SocketAddress } from 'node:net';

/** Record types by name. */
export const RECORD_TYPES = { A: 1, AAAA: 28, SRV: 33, NAPTR: 35 } as const;
export type RecordType = keyof typeof RECORD_TYPES;

export interface ServiceRecord {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

export interface NamingPointer {
  readonly order: number;
  readonly preference: number;
  readonly flags: string;
  readonly service: string;
  readonly regexp: string;
  readonly replacement: string;
}

/** Contents of each type of record. */
export interface RecordData {
  readonly A: string;
  readonly AAAA: string;
  readonly SRV: ServiceRecord;
  readonly NAPTR: NamingPointer;
}

export interface DnsMessage {
  readonly rcode: number;
  /** Whether the answer was too long for UDP. */
  readonly truncated: boolean;
  readonly records: readonly RecordData[RecordType][];
  /** TTL in seconds of the records or of the negative answer; NaN for a negative answer without one (RFC 2308, 5). */
  readonly ttl: number;
}

const CNAME = 5;
const SOA = 6;
const INTERNET = 1;
const HEADER = 12;
const MAX_LABEL = 63;
const MAX_NAME = 253;
const MAX_ALIASES = 16;
/** Limit on the records examined, and used, in one answer. */
const MAX_RECORDS = 64;
const MAX_LOOKED_AT = 1_024;

/** The bytes of a query; null for an invalid DNS name. */
export function encodeQuestion(id: number, name: string, type: RecordType): Buffer | null {
  if (name === '' || name.length > MAX_NAME) return null;
  const bytes = Buffer.alloc(HEADER + name.length + 6);
  bytes.writeUInt16BE(id, 0);
  bytes[2] = 1; // recursion desired
  bytes[5] = 1; // one question
  let at = HEADER;
  for (const label of name.split('.')) {
    if (label === '' || label.length > MAX_LABEL) return null;
    bytes[at] = label.length;
    bytes.write(label, at + 1, 'latin1');
    at += 1 + label.length;
  }
  bytes.writeUInt16BE(RECORD_TYPES[type], at + 1);
  bytes.writeUInt16BE(INTERNET, at + 3);
  return bytes;
}

/** A malformed answer. */
class Malformed extends Error {}

/** The answer to that query; null if the bytes are not its answer. Names are case-insensitive. */
export function decodeAnswer(bytes: Buffer, name: string, type: RecordType): DnsMessage | null {
  try {
    return decode(bytes, name.toLowerCase(), type);
  } catch (error) {
    if (error instanceof Malformed || error instanceof RangeError) return null;
    throw error;
  }
}

function decode(bytes: Buffer, name: string, type: RecordType): DnsMessage | null {
  if (bytes.length < HEADER) return null;
  const flags = bytes.readUInt16BE(2);
  if ((flags & 0x8000) === 0 || bytes.readUInt16BE(4) !== 1) return null;
  const question = readName(bytes, HEADER);
  const wanted = RECORD_TYPES[type];
  if (question.name.toLowerCase() !== name || bytes.readUInt16BE(question.end) !== wanted) return null;
  const rcode = flags & 15;
  const truncated = (flags & 0x0200) !== 0;
  if (truncated) return { rcode, truncated, records: [], ttl: Number.NaN };

  const answers = bytes.readUInt16BE(6);
  const authorities = bytes.readUInt16BE(8);
  const aliases = new Map<string, { readonly name: string; readonly ttl: number }>();
  const found: { readonly owner: string; readonly ttl: number; readonly data: RecordData[RecordType] }[] = [];
  let nothing = Number.NaN;
  let at = question.end + 4;
  for (let i = 0; i < Math.min(answers + authorities, MAX_LOOKED_AT); i++) {
    const owner = readName(bytes, at);
    const kind = bytes.readUInt16BE(owner.end);
    // RFC 2181, 8: a TTL with its highest bit set is 0
    const seconds = bytes.readInt32BE(owner.end + 4);
    const ttl = Math.max(seconds, 0);
    const from = owner.end + 10;
    const end = from + bytes.readUInt16BE(owner.end + 8);
    if (end > bytes.length) throw new Malformed();
    at = end;
    if (i >= answers) {
      if (kind === SOA) nothing = Math.min(ttl, bytes.readUInt32BE(end - 4));
    } else if (kind === CNAME) {
      aliases.set(owner.name.toLowerCase(), { name: readName(bytes, from).name.toLowerCase(), ttl });
    } else if (kind === wanted) {
      const data = READERS[type](bytes, from, end);
      if (data !== null) found.push({ owner: owner.name.toLowerCase(), ttl, data });
    }
  }
  let holds = Number.POSITIVE_INFINITY;
  let target = name;
  for (let i = 0; i < MAX_ALIASES; i++) {
    const alias = aliases.get(target);
    if (alias === undefined) break;
    holds = Math.min(holds, alias.ttl);
    target = alias.name;
  }
  const records: RecordData[RecordType][] = [];
  for (const { owner, ttl, data } of found) {
    if (owner !== target || records.length >= MAX_RECORDS) continue;
    holds = Math.min(holds, ttl);
    records.push(data);
  }
  return { rcode, truncated, records, ttl: records.length > 0 ? holds : nothing };
}

/** A name, possibly compressed by pointers (RFC 1035, 4.1.4), and its end. */
function readName(bytes: Buffer, from: number): { readonly name: string; readonly end: number } {
  let name = '';
  let at = from;
  let end = -1;
  for (;;) {
    const length = bytes.readUInt8(at);
    if (length === 0) return { name, end: end < 0 ? at + 1 : end };
    if (length >= 0xc0) {
      const to = bytes.readUInt16BE(at) & 0x3fff;
      if (to >= at) throw new Malformed(); // pointers may only go backwards, which guarantees termination
      if (end < 0) end = at + 2;
      at = to;
      continue;
    }
    if (length > MAX_LABEL || at + 1 + length > bytes.length) throw new Malformed();
    const label = bytes.toString('latin1', at + 1, at + 1 + length);
    if (label.includes('.') || name.length + length > MAX_NAME) throw new Malformed();
    name = name === '' ? label : `${name}.${label}`;
    at += 1 + length;
  }
}

type Reader<T> = (bytes: Buffer, from: number, end: number) => T | null;

const READERS: { readonly [T in RecordType]: Reader<RecordData[T]> } = {
  A: (bytes, from, end) => (end - from === 4 ? bytes.subarray(from, end).join('.') : null),
  AAAA: (bytes, from, end) => {
    if (end - from !== 16) return null;
    const groups: string[] = [];
    for (let at = from; at < end; at += 2) groups.push(bytes.readUInt16BE(at).toString(16));
    return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
  },
  SRV: (bytes, from, end) => {
    if (end - from < 7) return null;
    return {
      priority: bytes.readUInt16BE(from),
      weight: bytes.readUInt16BE(from + 2),
      port: bytes.readUInt16BE(from + 4),
      name: readName(bytes, from + 6).name,
    };
  },
  NAPTR: (bytes, from, end) => {
    if (end - from < 8) return null;
    const texts: string[] = [];
    let at = from + 4;
    for (let i = 0; i < 3; i++) {
      const length = bytes.readUInt8(at);
      if (at + 1 + length > end) return null;
      texts.push(bytes.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
    const [flags = '', service = '', regexp = ''] = texts;
    return {
      order: bytes.readUInt16BE(from),
      preference: bytes.readUInt16BE(from + 2),
      flags,
      service,
      regexp,
      replacement: readName(bytes, at).name,
    };
  },
};
