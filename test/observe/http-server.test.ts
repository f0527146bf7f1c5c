/** The HTTP server holds its bounds whatever its clients do. */
import { connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { type HttpEndpoint, HttpServer, plain } from '../../src/observe/index.ts';
import { closeLater } from '../support/close-later.ts';
import { until } from '../support/until.ts';

const errors: string[] = [];

const endpoints: readonly HttpEndpoint[] = [
  { path: '/ok', methods: ['GET'], answer: () => plain(200, 'ok') },
  {
    path: '/mi',
    methods: ['POST'],
    longestBody: 8,
    answer: ({ body, query }) => plain(200, `${body.toString()} ${query.get('a')}`),
  },
  {
    path: '/broken',
    methods: ['GET'],
    answer: () => {
      throw new Error('it broke');
    },
  },
  {
    path: '/stream',
    methods: ['GET'],
    answer: () => ({ type: 'text/event-stream', open: (response) => void response.write('data: 1\n\n') }),
  },
];

async function start(host = '127.0.0.1') {
  errors.length = 0;
  const server = closeLater(
    await HttpServer.listen({ address: { host, port: 0 }, endpoints, onError: (text) => errors.push(text) }),
  );
  const { port } = server.address;
  return { server, port, origin: `http://127.0.0.1:${port}` };
}

/** The status line and body of a request that is written as it stands. */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(text);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

it('answers by path and method, and says what would be right', async () => {
  const { origin } = await start();
  const get = async (path: string, options: RequestInit = {}) => {
    const response = await fetch(`${origin}${path}`, options);
    return [response.status, await response.text()];
  };
  expect(await get('/ok')).toEqual([200, 'ok\n']);
  expect(await get('/ok', { method: 'HEAD' })).toEqual([200, '']);
  expect(await get('/mi?a=1', { method: 'POST', body: '12345678' })).toEqual([200, '12345678 1\n']);
  expect(await get('/mi', { method: 'POST', body: '123456789' })).toEqual([
    413,
    'the body is longer than 8 bytes\n',
  ]);
  expect(await get('/mi')).toEqual([405, '/mi takes POST\n']);
  expect(await get('/nothing')).toEqual([404, 'unknown path; use /ok, /mi, /broken, /stream\n']);
  expect(await get('/broken')).toEqual([500, 'the request failed; the log of the server says why\n']);
  expect(errors.join()).toContain('it broke');
});

it('refuses web pages of other sites, and names that lead to it', async () => {
  const { origin, port } = await start();
  const foreign = await fetch(`${origin}/ok`, { headers: { origin: 'http://evil.example' } });
  expect([foreign.status, await foreign.text()]).toEqual([403, 'requests of other web sites are refused\n']);
  const own = await fetch(`${origin}/ok`, { headers: { origin } });
  expect(own.status).toBe(200);
  const rebound = await raw(port, 'GET /ok HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n');
  expect(rebound).toMatch(/^HTTP\/1\.1 421 /);
  const local = await raw(port, 'GET /ok HTTP/1.1\r\nHost: localhost:1\r\nConnection: close\r\n\r\n');
  expect(local).toMatch(/^HTTP\/1\.1 200 /);
});

it('answers a further client while 1,000 idle ones are connected, and keeps at most 256', async () => {
  const { port, origin } = await start();
  const open = new Set<Socket>();
  let opened = 0;
  for (let i = 0; i < 1000; i++) {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      opened++;
      open.add(socket);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
    closeLater({ close: () => socket.destroy() });
  }
  await until(() => opened === 1000 && open.size <= 256);
  expect(open.size).toBe(256);
  expect(await (await fetch(`${origin}/ok`)).text()).toBe('ok\n');
});

/** What a stream sends first; then it is closed. */
async function firstChunk({ body }: Response): Promise<string> {
  for await (const chunk of body ?? []) return Buffer.from(chunk as Uint8Array).toString();
  return '';
}

it('keeps at most 32 streams, and requests in progress are not closed for new clients', async () => {
  const { port, origin } = await start();
  const streams = await Promise.all(Array.from({ length: 32 }, () => fetch(`${origin}/stream`)));
  expect(streams.map(({ status }) => status)).toEqual(Array.from({ length: 32 }, () => 200));
  const further = await fetch(`${origin}/stream`);
  expect([further.status, await further.text()]).toEqual([503, '32 streams are open already; close one\n']);
  for (let i = 0; i < 300; i++) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    closeLater({ close: () => socket.destroy() });
  }
  expect((await fetch(`${origin}/ok`)).status).toBe(200);
  const first = await Promise.all(streams.map(firstChunk));
  expect(first).toEqual(Array.from({ length: 32 }, () => 'data: 1\n\n'));
});
