import dgram from 'node:dgram';
import { once } from 'node:events';

export interface Question {
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'other';
}

/** An answer: addresses with a TTL, no such name, or (null) none at all. */
export type Answer =
  | { readonly addresses: readonly string[]; readonly ttl: number }
  | 'no such name'
  | 'fail'
  | null;

export interface NameServer {
  readonly address: string;
  readonly questions: string[];
  close(): Promise<void>;
}

const TYPES: Record<number, Question['type']> = { 1: 'A', 28: 'AAAA' };
const CODES = { 'no such name': 3, fail: 2 } as const;

/** A name server on loopback that says what a test tells it to say (RFC 1035). */
export async function startNameServer(answer: (question: Question) => Answer): Promise<NameServer> {
  const socket = dgram.createSocket('udp4');
  const questions: string[] = [];
  socket.on('message', (query, from) => {
    const labels: string[] = [];
    let at = 12;
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
    const type = TYPES[query.readUInt16BE(at + 1)] ?? 'other';
    const question = { name: labels.join('.'), type };
    questions.push(`${type} ${question.name}`);
    const said = answer(question);
    if (said === null) return;
    const records = typeof said === 'string' ? [] : said.addresses.map((a) => record(a, said.ttl));
    const wanted = records.filter((r) => r.readUInt16BE(2) === (type === 'A' ? 1 : 28));
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8180 | (typeof said === 'string' ? CODES[said] : 0), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(wanted.length, 6);
    socket.send(Buffer.concat([header, query.subarray(12, at + 5), ...wanted]), from.port, from.address);
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

function record(address: string, ttl: number): Buffer {
  const bytes = address.includes(':')
    ? Buffer.from(expand(address), 'hex')
    : Buffer.from(address.split('.').map(Number));
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0); // the question's name
  head.writeUInt16BE(bytes.length === 4 ? 1 : 28, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(ttl, 6);
  head.writeUInt16BE(bytes.length, 10);
  return Buffer.concat([head, bytes]);
}

function expand(address: string): string {
  const [left = '', right = ''] = address.split('::');
  const groups = (text: string): string[] =>
    text === '' ? [] : text.split(':').map((g) => g.padStart(4, '0'));
  const [a, b] = [groups(left), groups(right)];
  return [...a, ...Array<string>(8 - a.length - b.length).fill('0000'), ...b].join('');
}
