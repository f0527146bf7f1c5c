/** Large bodies both ways, piece by piece, on real sockets of HTTP/1.1 and HTTP/2. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { Readable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { type RequestBody, type RestClient, StreamedBodyError } from '../../src/rest.ts';
import { until } from '../support/until.ts';
import { closeLater, newClient } from './fixture.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** An HTTP server of either version; http2's compatibility API has the parts of the other's that are used here. */
async function serve(version: '1.1' | '2', handler: Handler): Promise<string> {
  const sockets = new Set<Socket>();
  const server =
    version === '1.1'
      ? createServer((request, response) => void handler(request, response))
      : createHttp2Server((request, response) => void handler(request as never, response as never));
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closeLater({
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      return once(server, 'close');
    },
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const clientOf = (version: '1.1' | '2'): RestClient =>
  newClient({ httpVersion: version === '1.1' ? '1.1' : '2-prior-knowledge', timeout: 60_000 });

async function bytesOf(request: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function piecesOf(body: ReadableStream<Uint8Array>): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return pieces;
}

const MEGABYTE = 1_048_576;
const TOTAL = 64;
/** Far more than sockets buffer, far less than all. */
const FEW = 24 * MEGABYTE;

/** Resolves once a count has stopped growing. */
async function stalled(count: () => number): Promise<number> {
  for (let before = -1; ; ) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    const now = count();
    if (now === before && now > 0) return now;
    before = now;
  }
}

describe.each(['1.1', '2'] as const)('over HTTP/%s', (version) => {
  it('a body of unknown length is sent from a generator', async () => {
    const url = await serve(version, async (request, response) => {
      const body = await bytesOf(request);
      response.end(`${request.headers['content-length'] ?? 'none'} ${body.toString()}`);
    });
    async function* pieces() {
      yield 'grüße ';
      yield Buffer.alloc(0);
      yield new Uint8Array([0x61, 0x62]);
    }
    const outcome = await clientOf(version).post(url, pieces());
    expect(outcome).toMatchObject({ kind: 'response', text: 'none grüße ab' });
  });

  it('a body of known length says it', async () => {
    const url = await serve(version, async (request, response) => {
      const { length } = await bytesOf(request);
      response.end(`${request.headers['content-length']} ${length}`);
    });
    const outcome = await clientOf(version).put(url, {
      body: Readable.from([Buffer.alloc(70_000), Buffer.alloc(5)]),
      contentLength: 70_005,
    });
    expect(outcome).toMatchObject({ kind: 'response', text: '70005 70005' });
  });

  it('a source is read no faster than the server accepts it', async () => {
    let begin: () => void = () => {};
    const url = await serve(version, (request, response) => {
      request.pause();
      begin = () => {
        let length = 0;
        request.on('data', (piece: Buffer) => (length += piece.length));
        request.on('end', () => response.end(String(length)));
        request.resume();
      };
    });
    let read = 0;
    async function* pieces() {
      for (let i = 0; i < TOTAL; i++) {
        read += MEGABYTE;
        yield Buffer.alloc(MEGABYTE);
      }
    }
    const sending = clientOf(version).post(url, pieces());
    expect(await stalled(() => read)).toBeLessThan(FEW);
    begin();
    expect(await sending).toMatchObject({ kind: 'response', text: String(TOTAL * MEGABYTE) });
  });

  it('a source that fails ends the request with the code `body`', async () => {
    const url = await serve(version, (request) => request.resume());
    async function* pieces() {
      yield 'one';
      throw new Error('the disk is gone');
    }
    expect(await clientOf(version).post(url, pieces())).toMatchObject({
      kind: 'error',
      code: 'body',
      reason: 'its body cannot be read: the disk is gone',
    });
  });

  it.each([
    [5, 'its body has 3 bytes, not 5'],
    [2, 'its body has more than 2 bytes'],
  ])('a source with another length than %d bytes is an error', async (contentLength, reason) => {
    const url = await serve(version, (request) => request.resume());
    const outcome = await clientOf(version).post(url, { body: Readable.from(['one']), contentLength });
    expect(outcome).toMatchObject({ kind: 'error', code: 'body', reason });
  });

  it('a source that stalls ends with the time limit, and is closed', async () => {
    const url = await serve(version, (request) => request.resume());
    const closed = vi.fn<() => void>();
    const body: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: async () => {
          closed();
          return { done: true, value: undefined };
        },
      }),
    };
    const outcome = await clientOf(version).post(url, { body, timeout: 300 });
    expect(outcome.kind).toBe('timeout');
    await until(() => closed.mock.calls.length > 0);
    expect(closed).toHaveBeenCalledOnce();
  });

  it('an answer is streamed, and the connection reused', async () => {
    const url = await serve(version, (request, response) => {
      response.writeHead(200, { 'X-Name': 'big' });
      for (let i = 0; i < 20; i++) response.write(Buffer.alloc(50_000, i));
      response.end(request.url);
    });
    const client = clientOf(version);
    const ids: (number | undefined)[] = [];
    for (let i = 0; i < 2; i++) {
      const answer = await client.stream('GET', `${url}x`);
      if (answer.kind !== 'streaming') throw new Error(answer.kind);
      expect([answer.status, answer.header('x-name')]).toEqual([200, 'big']);
      const body = Buffer.concat(await piecesOf(answer.body));
      expect(body.length).toBe(1_000_002);
      expect(body.subarray(-2).toString()).toBe('/x');
      const outcome = await answer.outcome;
      expect(outcome).toMatchObject({ kind: 'response', status: 200 });
      ids.push(outcome.connection?.id);
    }
    expect(ids[0]).toBe(ids[1]);
  });

  it('an answer is read no faster than its reader consumes it', async () => {
    let written = 0;
    const url = await serve(version, (_, response) => {
      const next = (): void => {
        if (written === TOTAL * MEGABYTE) response.end();
        else {
          written += MEGABYTE;
          response.write(Buffer.alloc(MEGABYTE), next);
        }
      };
      next();
    });
    const answer = await clientOf(version).stream('GET', url);
    if (answer.kind !== 'streaming') throw new Error(answer.kind);
    const reader = answer.body.getReader();
    let length = (await reader.read()).value?.length ?? 0;
    expect(await stalled(() => written)).toBeLessThan(FEW);
    for (let next = await reader.read(); !next.done; next = await reader.read()) length += next.value.length;
    expect(length).toBe(TOTAL * MEGABYTE);
    expect(await answer.outcome).toMatchObject({ kind: 'response' });
  });

  it('a reader that cancels ends the request', async () => {
    let closed: Promise<unknown> = Promise.resolve();
    const url = await serve(version, (_, response) => {
      closed = once(response, 'close');
      response.write('first');
    });
    const answer = await clientOf(version).stream('GET', url);
    if (answer.kind !== 'streaming') throw new Error(answer.kind);
    for await (const piece of answer.body) {
      expect(Buffer.from(piece).toString()).toBe('first');
      break;
    }
    expect(await answer.outcome).toMatchObject({ kind: 'error', code: 'aborted' });
    await closed;
  });

  it('an answer that stalls ends at the time limit, with an error for its reader', async () => {
    const url = await serve(version, (_, response) => void response.write('first'));
    const answer = await clientOf(version).stream('GET', url, { timeout: 1_000 });
    if (answer.kind !== 'streaming') throw new Error(answer.kind);
    const error = await piecesOf(answer.body).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StreamedBodyError);
    expect((error as StreamedBodyError).outcome.kind).toBe('timeout');
    expect((await answer.outcome).kind).toBe('timeout');
  });

  it('an answer other than 2xx is an ordinary outcome, and so is a failure', async () => {
    const url = await serve(version, (_, response) => response.writeHead(404).end('not here'));
    const client = clientOf(version);
    expect(await client.stream('GET', url)).toMatchObject({
      kind: 'response',
      status: 404,
      text: 'not here',
    });
    expect(await client.stream('GET', 'http://127.0.0.1:1/')).toMatchObject({ kind: 'refused' });
    await expect(client.stream('GET', url, { timeout: -1 })).rejects.toThrow('timeout');
  });

  it('streams work in both directions at once', async () => {
    const url = await serve(version, (request, response) => void request.pipe(response));
    async function* pieces() {
      for (let i = 0; i < 40; i++) yield Buffer.alloc(100_000, i);
    }
    const answer = await clientOf(version).stream('POST', url, { body: pieces() });
    if (answer.kind !== 'streaming') throw new Error(answer.kind);
    let length = 0;
    for await (const piece of answer.body) length += piece.length;
    expect(length).toBe(4_000_000);
    expect(await answer.outcome).toMatchObject({ kind: 'response' });
  });

  it('forms and blobs have their own type and length', async () => {
    const url = await serve(version, async (request, response) => {
      const body = await bytesOf(request);
      response.end(
        JSON.stringify({
          type: request.headers['content-type'],
          length: Number(request.headers['content-length']),
          size: body.length,
          body: body.toString(),
        }),
      );
    });
    const client = clientOf(version);
    const sent = async (body: RequestBody) => {
      const outcome = await client.request('PATCH', url, { body });
      if (outcome.kind !== 'response') throw new Error(outcome.reason);
      return outcome.json() as Record<string, unknown>;
    };
    expect(await sent(new URLSearchParams({ a: '1 2', b: 'ü' }))).toMatchObject({
      type: 'application/x-www-form-urlencoded;charset=UTF-8',
      body: 'a=1+2&b=%C3%BC',
    });
    expect(await sent(new Blob(['{', '}'], { type: 'application/x-own' }))).toMatchObject({
      type: 'application/x-own',
      length: 2,
      body: '{}',
    });
    const form = new FormData();
    form.append('te"xt', 'a\nb');
    form.append('file', new Blob(['content'], { type: 'text/x' }), 'n.txt');
    const got = await sent(form);
    const boundary = /^multipart\/form-data; boundary=(.*)$/.exec(String(got['type']))?.[1] ?? '';
    expect(boundary).not.toBe('');
    expect(got['length']).toBe(got['size']);
    expect(String(got['body']).split(`--${boundary}`)).toEqual([
      '',
      '\r\nContent-Disposition: form-data; name="te%22xt"\r\n\r\na\r\nb\r\n',
      '\r\nContent-Disposition: form-data; name="file"; filename="n.txt"\r\nContent-Type: text/x\r\n\r\ncontent\r\n',
      '--\r\n',
    ]);
  });
});

describe('a streamed body', () => {
  it('is not resent if a kept connection turns out to be closed', async () => {
    let requests = 0;
    const server = createTcpServer((socket) => {
      socket.on('data', () => {
        requests++;
        if (requests === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
        else socket.destroy();
      });
      socket.on('error', () => {});
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closeLater({ close: async () => server.close() });
    const client = clientOf('1.1');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    expect(await client.get(url)).toMatchObject({ kind: 'response' });
    const outcome = await client.put(url, { body: Readable.from(['once']), contentLength: 4 });
    expect(outcome).toMatchObject({ kind: 'error', code: 'reset' });
    // a blob can be read again
    requests = 0;
    expect(await client.get(url)).toMatchObject({ kind: 'response' });
    expect(await client.put(url, { body: new Blob(['again']) })).toMatchObject({
      kind: 'error',
      code: 'reset',
    });
    expect(requests).toBeGreaterThan(2);
  });

  it('waits for 100 Continue, and is not read if the server declines it', async () => {
    const url = await serve('1.1', (_, response) => response.end());
    const read = vi.fn<() => void>();
    async function* pieces() {
      read();
      yield 'x';
    }
    const client = newClient({ expect100: true });
    const server = createServer();
    server.on('checkContinue', (_, response: ServerResponse) => response.writeHead(413).end('too large'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closeLater({ close: async () => server.close() });
    const refusing = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    expect(await client.post(refusing, pieces())).toMatchObject({ kind: 'response', status: 413 });
    expect(read).not.toHaveBeenCalled();
    expect(await client.post(url, pieces())).toMatchObject({ kind: 'response', status: 200 });
    expect(read).toHaveBeenCalledOnce();
  });

  it('needs its length for HTTP/1.0', async () => {
    const url = await serve('1.1', async (request, response) => response.end(String(await bytesOf(request))));
    const client = newClient({ httpVersion: '1.0' });
    expect(await client.post(url, Readable.from(['x']))).toMatchObject({ kind: 'error', code: 'body' });
    expect(await client.post(url, { body: Readable.from(['x']), contentLength: 1 })).toMatchObject({
      text: 'x',
    });
  });

  it('with pieces that are neither text nor bytes is an error', async () => {
    const url = await serve('1.1', (request) => request.resume());
    const outcome = await clientOf('1.1').post(url, Readable.from([{ a: 1 }]));
    expect(outcome).toMatchObject({ kind: 'error', code: 'body' });
  });
});
