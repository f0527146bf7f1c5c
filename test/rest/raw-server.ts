import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';

/** One request as it stood on the wire. */
export interface RawRequest {
  /** Request line and fields, without the empty line. */
  readonly head: string;
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly body: string;
  /** Number of the connection, from 1, and of the request on it. */
  readonly connection: number;
  readonly nth: number;
}

export interface RawServer {
  readonly port: number;
  readonly origin: string;
  readonly requests: readonly RawRequest[];
  readonly connections: number;
  readonly sockets: ReadonlySet<Socket>;
  close(): Promise<void>;
}

export type Behaviour = (socket: Socket, request: RawRequest) => unknown;

export const reply = (body: string, fields = '', status = '200 OK'): string =>
  `HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\n${fields}Content-Length: ${Buffer.byteLength(body, 'latin1')}\r\n\r\n${body}`;

/** Every field of that name, as it was sent. */
export function fieldValues(request: RawRequest | undefined, name: string): string[] {
  return (request?.head ?? '')
    .split('\r\n')
    .slice(1)
    .filter((line) => line.slice(0, line.indexOf(':')).toLowerCase() === name.toLowerCase())
    .map((line) => line.slice(line.indexOf(':') + 1).trim());
}

/** A server that says exactly what a test tells it to say, byte for byte. */
export async function startRawServer(
  behave: Behaviour,
  options: { readonly tls?: tls.TlsOptions; readonly onConnection?: (socket: Socket) => void } = {},
): Promise<RawServer> {
  const requests: RawRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const serve = (socket: Socket): void => {
    connections++;
    const connection = connections;
    let nth = 0;
    let pending = '';
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    options.onConnection?.(socket);
    socket.on('data', (data) => {
      pending += data.toString('latin1');
      for (;;) {
        const end = pending.indexOf('\r\n\r\n');
        if (end < 0) return;
        const head = pending.slice(0, end);
        const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
        if (pending.length < end + 4 + length) return;
        const [method = '', target = '', version = ''] = (head.split('\r\n')[0] ?? '').split(' ');
        const body = pending.slice(end + 4, end + 4 + length);
        pending = pending.slice(end + 4 + length);
        nth++;
        const request = { head, method, target, version, body, connection, nth };
        requests.push(request);
        behave(socket, request);
      }
    });
  };
  const server = options.tls === undefined ? net.createServer(serve) : tls.createServer(options.tls, serve);
  server.on('tlsClientError', () => {});
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: options.tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    requests,
    sockets,
    get connections() {
      return connections;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
