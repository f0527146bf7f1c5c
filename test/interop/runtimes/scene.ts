/** The services for the cases, in this process. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import http2, { type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { createAuthority } from '../../support/certificates.ts';
import { freePort } from '../../support/ports.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import type { Scene } from './cases.ts';

type Request = IncomingMessage | Http2ServerRequest;
/** What the answers of both versions have in common. */
type Response = Pick<ServerResponse, 'end' | 'write'> & {
  writeHead(status: number, headers?: Record<string, string>): unknown;
};

const COMPRESSORS = { gzip: gzipSync, br: brotliCompressSync, deflate: deflateSync };
const asked = new Map<string, number>();

async function bodyOf(request: Request): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

async function answer(request: Request, response: Response): Promise<void> {
  const { pathname, search } = new URL(request.url ?? '/', 'http://x');
  const end = (text: string | Buffer, status = 200, headers: Record<string, string> = {}): void => {
    response.writeHead(status, headers);
    response.end(text);
  };
  switch (pathname) {
    case '/echo':
      return end(await bodyOf(request));
    case '/length':
      return end(String((await bodyOf(request)).length));
    case '/part':
      response.writeHead(200, { 'Content-Length': '100' });
      response.write('first ');
      return;
    case '/reset':
      request.socket.destroy();
      return;
    case '/chunks':
      response.writeHead(200);
      for (const piece of ['one ', 'two ']) response.write(piece);
      response.end('three');
      return;
    case '/large':
      return end(Buffer.alloc(Number(search.slice(1))));
    case '/fresh':
      return end(randomUUID(), 200, { 'Cache-Control': 'max-age=60' });
    case '/busy-twice': {
      const count = (asked.get(search) ?? 0) + 1;
      asked.set(search, count);
      return count > 2 ? end('well') : end('busy', 503);
    }
    case '/login':
      return end('', 302, { Location: '/cookie', 'Set-Cookie': 'session=1' });
    case '/cookie':
      return end(request.headers.cookie ?? 'none');
    case '/compressed': {
      const coding = String(request.headers['accept-encoding']) as keyof typeof COMPRESSORS;
      return end(COMPRESSORS[coding](`${coding} text`), 200, { 'Content-Encoding': coding });
    }
    case '/authorization':
      return end(request.headers.authorization ?? 'none');
    case '/digest': {
      const scheme = request.headers.authorization?.split(' ')[0];
      return scheme === undefined
        ? end('', 401, { 'WWW-Authenticate': 'Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256' })
        : end(scheme);
    }
    default:
      return end(request.method === 'HEAD' ? '' : (request.method ?? ''));
  }
}
const handle = (request: Request, response: ServerResponse | Http2ServerResponse): void =>
  void answer(request, response as Response);

/** With a body that goes on to the end of TLS. */
const answerUntilEnd = (socket: tls.TLSSocket): void => {
  socket.on('error', () => {});
  socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nbody'));
};

export interface StartedScene {
  readonly scene: Scene;
  close(): Promise<void>;
}

export async function startScene(): Promise<StartedScene> {
  const folder = temporaryFolder('runtimes');
  const authority = createAuthority();
  writeFileSync(join(folder, 'ca.pem'), authority.cert);
  const identity = authority.issue({ names: ['localhost'] });
  const socketPath = join(folder, 'socket');
  const servers: net.Server[] = [];
  const listening = async (server: net.Server, ...place: [number, string] | [string]): Promise<number> => {
    servers.push(server);
    await once(server.listen(...(place as [number, string])), 'listening');
    const address = server.address();
    return typeof address === 'object' && address !== null ? (address satisfies AddressInfo).port : 0;
  };
  const local = (server: net.Server): Promise<number> => listening(server, 0, '127.0.0.1');
  await listening(http.createServer(handle), socketPath);
  const scene: Scene = {
    plain: `http://127.0.0.1:${await local(http.createServer(handle))}`,
    tls: `https://localhost:${await local(https.createServer(identity, handle))}`,
    http2: `https://localhost:${await local(http2.createSecureServer(identity, handle))}`,
    http2Plain: `http://127.0.0.1:${await local(http2.createServer(handle))}`,
    silent: `http://127.0.0.1:${await local(net.createServer((socket) => socket.on('error', () => {})))}`,
    tlsClosed: `https://localhost:${await local(tls.createServer(identity, answerUntilEnd))}`,
    closed: `http://127.0.0.1:${await freePort()}`,
    caPath: folder,
    socketPath,
  };
  return {
    scene,
    async close() {
      for (const server of servers) server.close();
    },
  };
}
