/** Tables of addresses: in one group or more, each a network with a port, a transport and a pattern. */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { lowerAscii } from '../../script/index.ts';
import { bareHost, PROTOCOLS } from '../../sip/index.ts';
import { globMatches } from '../../text/index.ts';

/** What a transport may be in calls: any, or one of those that OpenSIPS has. */
export const transports: readonly string[] = [
  ...['any', '', ...PROTOCOLS],
  ...['sctp', 'ipsec', 'bin', 'bins', 'hep_udp', 'hep_tcp', 'hep_tls', 'smpp', 'msrp', 'msrps'],
];

export interface AddressRow {
  readonly group: number;
  /** As written. */
  readonly address: string;
  /** The bits of the network, up to 32 or 128. */
  readonly length: number;
  /** 0: any. */
  readonly port: number;
  /** In lower case; `any` or `none` as well. */
  readonly transport: string;
  /** Of a text that a call may give; '' for any. */
  readonly pattern: string;
  /** What the script gets. */
  readonly info: string | null;
}

/** What is looked for. */
export interface Sought {
  /** 0: any. */
  readonly group: number;
  readonly address: string;
  /** 0: any. */
  readonly port: number;
  /** In any case; `any` for any. */
  readonly transport: string;
  readonly text: string | undefined;
}

interface Bits {
  readonly value: bigint;
  /** 32 or 128. */
  readonly width: number;
  /** Of an IPv4 address written as IPv6: the bits before it. */
  readonly before: number;
}

function bitsOf(text: string): Bits | null {
  const bare = bareHost(text);
  const version = isIP(bare);
  if (version === 0) return null;
  const bytes = ipaddr.process(bare).toByteArray();
  const width = 8 * bytes.length;
  const value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  return { value, width, before: (version === 4 ? 32 : 128) - width };
}

const networkKey = ({ value, width }: Bits, length: number) =>
  `${width}/${length}/${value >> BigInt(width - length)}`;

const wholeNumber = (text: string | null, most: number): number | null =>
  text !== null && /^\d{1,10}$/.test(text) && Number(text) <= most ? Number(text) : null;

/** A row of texts; what is wrong with it, if anything. */
export function addressRow(
  fields: Readonly<
    Record<'group' | 'address' | 'length' | 'port' | 'transport' | 'pattern' | 'info', string | null>
  >,
): AddressRow | string {
  const { address, pattern, info } = fields;
  const group = wholeNumber(fields.group, 0xffffffff);
  if (group === null) return `the group must be a number, not "${fields.group}"`;
  const bits = bitsOf(address ?? '');
  if (address === null || bits === null) return `invalid address "${address}"`;
  const longest = bits.width + bits.before;
  const length = wholeNumber(fields.length, longest);
  if (length === null || length < bits.before)
    return `the mask of ${address} must be from ${bits.before} to ${longest}, not "${fields.length}"`;
  const port = wholeNumber(fields.port, 65_535);
  if (port === null) return `invalid port "${fields.port}" of ${address}`;
  const transport = lowerAscii(fields.transport ?? '') || 'any';
  if (transport !== 'none' && !transports.includes(transport))
    return `unknown transport "${fields.transport}" of ${address}`;
  return { group, address, length, port, transport, pattern: pattern ?? '', info };
}

const isFull = ({ address, length }: AddressRow) => length === (isIP(bareHost(address)) === 4 ? 32 : 128);

export class AddressTable {
  readonly #rows: readonly AddressRow[];
  readonly #groups: ReadonlySet<number>;
  /** By network. */
  readonly #networks = new Map<string, AddressRow[]>();
  /** The lengths of networks that occur, by the width of their addresses; the longest first. */
  readonly #lengths: ReadonlyMap<number, readonly number[]>;

  constructor(rows: readonly AddressRow[]) {
    this.#rows = rows;
    this.#groups = new Set(rows.map(({ group }) => group));
    const lengths = new Map([32, 128].map((width) => [width, new Set<number>()]));
    for (const row of rows) {
      const bits = bitsOf(row.address);
      if (bits === null) continue;
      const length = row.length - bits.before;
      lengths.get(bits.width)?.add(length);
      const key = networkKey(bits, length);
      const same = this.#networks.get(key);
      if (same === undefined) this.#networks.set(key, [row]);
      else same.push(row);
    }
    this.#lengths = new Map([...lengths].map(([width, all]) => [width, [...all].sort((a, b) => b - a)]));
  }

  /** Single addresses. */
  get addresses(): readonly AddressRow[] {
    return this.#rows.filter(isFull);
  }

  /** Networks of more than one address. */
  get subnets(): readonly AddressRow[] {
    return this.#rows.filter((row) => !isFull(row));
  }

  hasGroup(group: number): boolean {
    return group === 0 || this.#groups.has(group);
  }

  /** The row of the narrowest network that matches; null if none does, or for a text that is not an address. */
  find({ group, address, port, transport, text }: Sought): AddressRow | null {
    const bits = bitsOf(address);
    if (bits === null) return null;
    const by = lowerAscii(transport) || 'any';
    const matches = (row: AddressRow) =>
      (group === 0 || row.group === group) &&
      (row.port === 0 || port === 0 || row.port === port) &&
      row.transport !== 'none' &&
      (row.transport === 'any' || by === 'any' || row.transport === by) &&
      (text === undefined || row.pattern === '' || globMatches(row.pattern, text));
    for (const length of this.#lengths.get(bits.width) ?? []) {
      const found = this.#networks.get(networkKey(bits, length))?.find(matches);
      if (found !== undefined) return found;
    }
    return null;
  }
}

/** Whether a text is an address, also in brackets. */
export const isAddress = (text: string): boolean => isIP(bareHost(text)) !== 0;
