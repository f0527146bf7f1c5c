/** A collector of HEP3 packets, which it takes apart by the specification. */
import { createSocket } from 'node:dgram';
import { type AddressInfo, createServer, type Socket } from 'node:net';

export interface HepPacket {
  readonly bytes: Buffer;
  /** By chunk type; those of a vendor by 0x10000 times its number as well. */
  readonly chunks: ReadonlyMap<number, Buffer>;
  readonly from: string;
  readonly to: string;
  /** The first line of the message. */
  readonly line: string;
}

function decode(bytes: Buffer): HepPacket {
  if (bytes.toString('latin1', 0, 4) !== 'HEP3') throw new Error('no HEP3');
  if (bytes.readUInt16BE(4) !== bytes.length) throw new Error('wrong length of the packet');
  const chunks = new Map<number, Buffer>();
  let at = 6;
  while (at < bytes.length) {
    const [vendor, type, length] = [0, 2, 4].map((offset) => bytes.readUInt16BE(at + offset));
    if (vendor === undefined || type === undefined || length === undefined || length < 6)
      throw new Error('wrong chunk');
    chunks.set(vendor * 0x10000 + type, bytes.subarray(at + 6, at + length));
    at += length;
  }
  if (at !== bytes.length) throw new Error('the last chunk is cut off');
  const end = (address: number, port: number) =>
    `${[...(chunks.get(address) ?? [])].join('.')}:${chunks.get(port)?.readUInt16BE(0)}`;
  const [line = ''] = (chunks.get(0x0f)?.toString('latin1') ?? '').split('\r\n');
  return { bytes, chunks, from: end(3, 7), to: end(4, 8), line };
}

const lineOf = ({ line }: HepPacket) => line.replace(/ ?SIP\/2\.0 ?/, '');
const keyOf = ({ from, to, chunks }: HepPacket) => `${from} ${to} ${chunks.get(0x0f)?.toString('latin1')}`;

/** The same over TCP, where packets follow each other in a stream; `port`: default a free one of 127.0.0.1. */
export async function startStreamCollector(port = 0) {
  const packets: HepPacket[] = [];
  const errors: unknown[] = [];
  const connections = new Set<Socket>();
  let accepted = 0;
  const server = createServer((socket) => {
    accepted++;
    connections.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => connections.delete(socket));
    let rest = Buffer.alloc(0);
    socket.on('data', (data) => {
      rest = Buffer.concat([rest, data]);
      try {
        for (let length = lengthOf(rest); length !== null; length = lengthOf(rest)) {
          packets.push(decode(rest.subarray(0, length)));
          rest = rest.subarray(length);
        }
      } catch (error) {
        errors.push(error);
      }
    });
  });
  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
  return {
    port: (server.address() as AddressInfo).port,
    packets,
    errors,
    /** Connections so far. */
    get accepted() {
      return accepted;
    },
    lines: () => packets.map(lineOf),
    close: async () => {
      await new Promise<void>((closed) => {
        server.close(() => closed());
        for (const socket of connections) socket.destroy();
      });
    },
  };
}

/** Null: the packet is not there whole. */
function lengthOf(bytes: Buffer): number | null {
  if (bytes.length < 6) return null;
  const length = bytes.readUInt16BE(4);
  return bytes.length < length ? null : length;
}

/** On a free port of 127.0.0.1. */
export async function startCollector() {
  const packets: HepPacket[] = [];
  const errors: unknown[] = [];
  const socket = createSocket('udp4', (bytes) => {
    try {
      packets.push(decode(bytes));
    } catch (error) {
      errors.push(error);
    }
  });
  await new Promise<void>((bound) => {
    socket.bind(0, '127.0.0.1', bound);
  });
  return {
    port: socket.address().port,
    packets,
    errors,
    /** First lines of the messages, without the version. */
    lines: () => packets.map(lineOf),
    /** The same without retransmissions. */
    distinct: () => [...new Map(packets.map((packet) => [keyOf(packet), packet])).values()].map(lineOf),
    close: async () => {
      await new Promise<void>((closed) => {
        socket.close(closed);
      });
    },
  };
}
