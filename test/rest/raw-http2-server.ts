import type { Socket } from 'node:net';
import { closeLater, newServer } from './fixture.ts';

/** Frame types (RFC 9113, section 6). */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const END_STREAM = 1;
export const END_HEADERS = 4;

/** One frame. `length` lies about the payload where it is given. */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array | string = '',
  length?: number,
): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : Buffer.from(payload);
  const head = Buffer.alloc(9);
  head.writeUIntBE(length ?? body.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

export const number32 = (value: number): Buffer => {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(value);
  return out;
};

/** A field without indexing and without Huffman (RFC 7541, section 6.2.2), both parts below 127 bytes. */
export const field = (name: string, value: string): string =>
  `\x00${String.fromCharCode(name.length)}${name}${String.fromCharCode(value.length)}${value}`;

/** `:status: 200` of the static table. */
export const STATUS_200 = '\x88';

export const settings = (): Buffer => frame(FRAME.settings, 0, 0);
export const goaway = (lastStream: number, code = 0): Buffer =>
  frame(FRAME.goaway, 0, 0, Buffer.concat([number32(lastStream), number32(code)]));

/** An answer as its frames. */
export const answerFrames = (stream: number, text: string): Buffer[] => [
  frame(FRAME.headers, END_HEADERS, stream, STATUS_200 + field('content-type', 'text/plain')),
  frame(FRAME.data, 0, stream, text.slice(0, 2)),
  frame(FRAME.data, END_STREAM, stream, text.slice(2)),
];

export interface Http2Request {
  /** Of the connection, from 1. */
  readonly connection: number;
  readonly stream: number;
}

export interface RawHttp2Server {
  readonly origin: string;
  readonly requests: readonly Http2Request[];
  readonly connections: number;
  readonly sockets: ReadonlySet<Socket>;
}

/**
 * A server of HTTP/2 in clear text that writes what a test tells it to. It answers SETTINGS and PINGs
 * only in that it sends its own SETTINGS when `hello` does not say otherwise.
 */
export async function newRawHttp2Server(
  onRequest: (socket: Socket, request: Http2Request) => void,
  hello: (socket: Socket, connection: number) => void = (socket) => void socket.write(settings()),
): Promise<RawHttp2Server> {
  const requests: Http2Request[] = [];
  let connections = 0;
  const server = await newServer(() => {}, {
    onConnection: (socket) => {
      connections++;
      const connection = connections;
      socket.removeAllListeners('data');
      let pending: Buffer = Buffer.alloc(0);
      let preface = false;
      process.nextTick(() => {
        socket.removeAllListeners('data');
        socket.on('data', (piece) => {
          pending = Buffer.concat([pending, piece]);
          if (!preface) {
            if (pending.length < 24) return;
            pending = pending.subarray(24);
            preface = true;
          }
          while (pending.length >= 9) {
            const length = pending.readUIntBE(0, 3);
            if (pending.length < 9 + length) return;
            const type = pending[3];
            const stream = pending.readUInt32BE(5);
            pending = pending.subarray(9 + length);
            if (type !== FRAME.headers) continue;
            requests.push({ connection, stream });
            onRequest(socket, { connection, stream });
          }
        });
      });
      hello(socket, connection);
    },
  });
  closeLater({ close: async () => {} });
  return {
    origin: server.origin,
    requests,
    sockets: server.sockets,
    get connections() {
      return connections;
    },
  };
}
