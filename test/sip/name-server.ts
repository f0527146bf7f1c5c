/** A name server on loopback for tests (RFC 1035, RFC 2782): says what its table says, to UDP questions. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export interface Zone {
  readonly a?: Readonly<Record<string, readonly string[]>>;
  readonly srv?: Readonly<Record<string, readonly (readonly [number, number, number, string])[]>>;
  /** Questions about these get no answer. */
  readonly silent?: readonly string[];
  readonly ttl?: number;
}

export interface NameServer {
  readonly address: string;
  /** `SRV _sip._udp.example.com` */
  readonly questions: string[];
  close(): Promise<void>;
}

const TYPES: Readonly<Record<number, string>> = { 1: 'A', 28: 'AAAA', 33: 'SRV' };

export async function startNameServer(zone: Zone): Promise<NameServer> {
  const socket = createSocket('udp4');
  const questions: string[] = [];
  socket.on('message', (query, from) => {
    const labels: string[] = [];
    let at = 12;
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
    const name = labels.join('.').toLowerCase();
    const type = TYPES[query.readUInt16BE(at + 1)] ?? 'other';
    questions.push(`${type} ${name}`);
    if (zone.silent?.includes(name)) return;
    const addresses = zone.a?.[name] ?? [];
    const data =
      type === 'SRV'
        ? (zone.srv?.[name] ?? []).map(service)
        : addresses
            .filter((address) => address.includes(':') === (type === 'AAAA'))
            .map((address) => (type === 'A' ? Buffer.from(address.split('.').map(Number)) : LOOPBACK6));
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    const known = name in (zone.a ?? {}) || name in (zone.srv ?? {});
    header.writeUInt16BE(known ? 0x8180 : 0x8183, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(data.length, 6);
    const records = data.map((bytes) => record(query.readUInt16BE(at + 1), zone.ttl ?? 60, bytes));
    socket.send(Buffer.concat([header, query.subarray(12, at + 5), ...records]), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    questions,
    async close() {
      socket.close();
      await once(socket, 'close');
    },
  };
}

/** `::1`, the one IPv6 address that this server knows. */
const LOOPBACK6 = Buffer.concat([Buffer.alloc(15), Buffer.from([1])]);

function record(type: number, ttl: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0); // the question's name
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(ttl, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function service([priority, weight, port, target]: readonly [number, number, number, string]): Buffer {
  const numbers = Buffer.alloc(6);
  numbers.writeUInt16BE(priority, 0);
  numbers.writeUInt16BE(weight, 2);
  numbers.writeUInt16BE(port, 4);
  const labels = target.split('.').filter((label) => label !== '');
  const name = labels.map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1'));
  return Buffer.concat([numbers, ...name, Buffer.from([0])]);
}
