import { isIPv6 } from 'node:net';

/** The 16 bytes of an IPv6 address, or the 4 of IPv4. */
function bytesOf(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail = ''] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const [first, last] = [groups(head), groups(tail)];
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => '0');
  const hex = [...first, ...zeros, ...last].map((group) => group.padStart(4, '0')).join('');
  return Buffer.from(hex, 'hex');
}

/** What HAProxy sends with send-proxy-v2 for a client, or with null for a check of its own. */
export function proxyHeader(
  client: { readonly address: string; readonly port: number } | null,
  extensions = Buffer.alloc(0),
): Buffer {
  const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
  if (client === null) return Buffer.concat([signature, Buffer.of(0x20, 0, 0, 0)]);
  const address = bytesOf(client.address);
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(client.port, 0);
  ports.writeUInt16BE(5060, 2);
  const body = Buffer.concat([address, Buffer.alloc(address.length, 1), ports, extensions]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(body.length);
  return Buffer.concat([signature, Buffer.of(0x21, address.length === 4 ? 0x11 : 0x21), length, body]);
}
