/** A collector of HEP3 packets, which it takes apart by the specification. */
import { createSocket } from 'node:dgram';

export interface HepPacket {
  readonly bytes: Buffer;
  /** By chunk type. */
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
    if (vendor !== 0 || type === undefined || length === undefined || length < 6)
      throw new Error('wrong chunk');
    chunks.set(type, bytes.subarray(at + 6, at + length));
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
