/** Answers STUN Binding requests on a SIP socket, by which clients keep their NAT bindings (RFC 5626, 3.5.2; RFC 8489). */
import { isIPv6 } from '../net/index.ts';
import type { Source } from './transport.ts';

const BINDING_REQUEST = 0x0001;
const BINDING_RESPONSE = 0x0101;
const MAGIC_COOKIE = 0x2112a442;
const XOR_MAPPED_ADDRESS = 0x0020;
const HEADER_BYTES = 20;
const FAMILY = { ipv4: 1, ipv6: 2 } as const;

/** The answer to a Binding request, or null for anything else. SIP never begins with a zero byte. */
export function answerStun(data: Buffer, { address, port }: Pick<Source, 'address' | 'port'>): Buffer | null {
  if (data.length < HEADER_BYTES || data[0] !== 0) return null;
  if (data.readUInt16BE(0) !== BINDING_REQUEST || data.readUInt32BE(4) !== MAGIC_COOKIE) return null;
  if (data.readUInt16BE(2) !== data.length - HEADER_BYTES) return null;
  const bytes = addressBytes(address);
  const answer = Buffer.alloc(HEADER_BYTES + 8 + bytes.length);
  answer.writeUInt16BE(BINDING_RESPONSE, 0);
  answer.writeUInt16BE(8 + bytes.length, 2);
  data.copy(answer, 4, 4, HEADER_BYTES); // the magic cookie and the transaction
  answer.writeUInt16BE(XOR_MAPPED_ADDRESS, HEADER_BYTES);
  answer.writeUInt16BE(4 + bytes.length, HEADER_BYTES + 2);
  answer[HEADER_BYTES + 5] = bytes.length === 4 ? FAMILY.ipv4 : FAMILY.ipv6;
  answer.writeUInt16BE(port ^ (MAGIC_COOKIE >>> 16), HEADER_BYTES + 6);
  // xored with the magic cookie, and for IPv6 with the transaction behind it
  for (const [i, byte] of bytes.entries()) answer[HEADER_BYTES + 8 + i] = byte ^ (data[4 + i] ?? 0);
  return answer;
}

function addressBytes(address: string): readonly number[] {
  if (!isIPv6(address)) return address.split('.').map(Number);
  const [zoneless = ''] = address.split('%');
  const [head = '', tail] = new URL(`http://[${zoneless}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string | undefined): string[] => (text ? text.split(':') : []);
  const [first, last] = [groups(head), groups(tail)];
  const middle = Array.from({ length: 8 - first.length - last.length }, () => '0');
  return [...first, ...middle, ...last].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
