/** A name server on loopback that says what a test tells it to say (RFC 1035, RFC 2782, RFC 3403), to questions over UDP, and over TCP when an answer is above 512 bytes. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { freePort } from './ports.ts';

export interface Question {
  /** In small letters. */
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'SRV' | 'NAPTR' | 'other';
}

/** Priority, weight, port and target of an SRV record. */
export type Service = readonly [number, number, number, string];

/** Order, preference, flags, service, regular expression and replacement of a NAPTR record. */
export type Pointer = readonly [number, number, string, string, string, string];

/** Records, of which those of the question's type are sent; no such name; or (null) no answer at all. */
export type Answer =
  | {
      readonly addresses?: readonly string[];
      readonly services?: readonly Service[];
      readonly pointers?: readonly Pointer[];
      /** In seconds. Default 60. */
      readonly ttl?: number;
    }
  | 'no such name'
  | 'fail'
  | null;

/** What it says of each name. Of others it says that there are none. */
export interface Zone {
  readonly a?: Readonly<Record<string, readonly string[]>>;
  readonly srv?: Readonly<Record<string, readonly Service[]>>;
  readonly naptr?: Readonly<Record<string, readonly Pointer[]>>;
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

const types = { 1: 'A', 28: 'AAAA', 33: 'SRV', 35: 'NAPTR' } as const;
const codes = { 'no such name': 3, fail: 2 } as const;

const LONGEST_DATAGRAM = 512;

export async function startNameServer(
  says: Zone | ((question: Question) => Answer | Promise<Answer>),
): Promise<NameServer> {
  const answer = typeof says === 'function' ? says : answerOf(says);
  const socket = createSocket('udp4');
  const questions: string[] = [];
  const answerTo = async (query: Buffer, longest: number): Promise<Buffer | null> => {
    const labels: string[] = [];
    let at = 12;
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
    const name = labels.join('.').toLowerCase();
    const number = query.readUInt16BE(at + 1);
    const type = (types as Record<number, Question['type']>)[number] ?? 'other';
    questions.push(`${type} ${name}`);
    const said = await answer({ name, type });
    if (said === null) return null;
    const data = typeof said === 'string' ? [] : dataOf(type, said);
    const ttl = typeof said === 'string' ? 0 : (said.ttl ?? 60);
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8180 | (typeof said === 'string' ? codes[said] : 0), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(data.length, 6);
    const records = data.map((bytes) => record(number, ttl, bytes));
    const whole = Buffer.concat([header, query.subarray(12, at + 5), ...records]);
    if (whole.length <= longest) return whole;
    header.writeUInt16BE(0x8380, 2);
    header.writeUInt16BE(0, 6);
    return Buffer.concat([header, query.subarray(12, at + 5)]);
  };
  socket.on('message', (query, from) => {
    void answerTo(query, LONGEST_DATAGRAM).then((bytes) => {
      if (bytes !== null) socket.send(bytes, from.port, from.address, () => {});
    });
  });
  const port = await freePort();
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  const server = createServer((connection) => {
    connection.on('error', () => {});
    connection.on('data', (query) => {
      void answerTo(query.subarray(2), 65_535).then((bytes) => {
        if (bytes === null) return;
        const length = Buffer.alloc(2);
        length.writeUInt16BE(bytes.length);
        // in two pieces, as a network may deliver them
        connection.write(Buffer.concat([length, bytes.subarray(0, 100)]));
        connection.write(bytes.subarray(100));
      });
    });
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return {
    address: `127.0.0.1:${port}`,
    questions,
    async close() {
      server.close();
      socket.close();
      await once(socket, 'close');
    },
  };
}

const answerOf =
  ({ a, srv, naptr, silent, ttl = 60 }: Zone) =>
  ({ name }: Question): Answer => {
    if (silent?.includes(name)) return null;
    const [addresses, services, pointers] = [a?.[name], srv?.[name], naptr?.[name]];
    if (addresses === undefined && services === undefined && pointers === undefined) return 'no such name';
    return { addresses: addresses ?? [], services: services ?? [], pointers: pointers ?? [], ttl };
  };

function dataOf(type: Question['type'], said: Exclude<Answer, string | null>): readonly Buffer[] {
  if (type === 'SRV') return (said.services ?? []).map(service);
  if (type === 'NAPTR') return (said.pointers ?? []).map(pointer);
  return (said.addresses ?? [])
    .filter((address) => type === (address.includes(':') ? 'AAAA' : 'A'))
    .map((address) => (type === 'A' ? Buffer.from(address.split('.').map(Number)) : ipv6(address)));
}

function record(type: number, ttl: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0); // the question's name
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(ttl, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function service([priority, weight, port, target]: Service): Buffer {
  const numbers = Buffer.alloc(6);
  numbers.writeUInt16BE(priority, 0);
  numbers.writeUInt16BE(weight, 2);
  numbers.writeUInt16BE(port, 4);
  return Buffer.concat([numbers, nameBytes(target)]);
}

function pointer([order, preference, flags, wanted, regexp, replacement]: Pointer): Buffer {
  const numbers = Buffer.alloc(4);
  numbers.writeUInt16BE(order, 0);
  numbers.writeUInt16BE(preference, 2);
  return Buffer.concat([numbers, ...[flags, wanted, regexp].map(counted), nameBytes(replacement)]);
}

const counted = (text: string): Buffer => Buffer.from(`${String.fromCharCode(text.length)}${text}`, 'latin1');

function nameBytes(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.concat([...labels.map(counted), Buffer.from([0])]);
}

function ipv6(address: string): Buffer {
  const [left = '', right = ''] = address.split('::');
  const groups = (text: string): string[] =>
    text === '' ? [] : text.split(':').map((group) => group.padStart(4, '0'));
  const [before, after] = [groups(left), groups(right)];
  const between = Array<string>(8 - before.length - after.length).fill('0000');
  return Buffer.from([...before, ...between, ...after].join(''), 'hex');
}
