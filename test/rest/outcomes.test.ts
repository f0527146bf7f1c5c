import { describe, expect, it } from 'vitest';
import { type ErrorCode, type Outcome, type RequestOptions } from '../../src/rest/index.ts';
import { ByteBudget } from '../../src/timers/memory-budget.ts';
import { freePort } from '../support/ports.ts';
import { sleep, steadyClock } from '../support/steady-clock.ts';
import {
  answerOf,
  bodyOf,
  closeLater,
  newClient,
  newServer,
  newShared,
  reasonOf,
  textOf,
} from './fixture.ts';
import { type Behaviour, reply } from './raw-server.ts';

describe('an answer', () => {
  it('is rc 1 whatever its status, with status, body and content type', async () => {
    const server = await newServer((socket) => socket.write(reply('no money', '', '402 Payment Required')));
    const outcome = await newClient().get(`${server.origin}/credit`);
    expect(outcome).toMatchObject({
      rc: 1,
      retcode: 402,
      kind: 'response',
      status: 402,
      contentType: 'text/plain',
    });
    expect(bodyOf(outcome).toString()).toBe('no money');
    expect(outcome.ok).toBe(false);
  });

  it('preserves its bytes, NULs included, in both directions', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const server = await newServer((socket, { body }) => socket.write(Buffer.from(reply(body), 'latin1')));
    const outcome = await newClient().post(`${server.origin}/`, bytes);
    expect(bodyOf(outcome).equals(bytes)).toBe(true);
  });

  it.each([
    ['with a length', reply('x'.repeat(200_000))],
    ['up to the close', `HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${'x'.repeat(200_000)}`],
  ])('%s is -10 if pending answers have reached their memory limit', async (how, text) => {
    const server = await newServer((socket) => {
      socket.write(text);
      if (how === 'up to the close') socket.end();
    });
    const bodies = new ByteBudget(150_000);
    const client = newClient({ shared: newShared({ bodies }) });
    expect(await client.get(server.origin)).toMatchObject({
      rc: -10,
      reason: 'the bodies of all pending answers have reached their memory limit',
    });
    expect([bodies.used, bodies.refused]).toEqual([0, 1]);
  });

  it('sends text as UTF-8', async () => {
    const server = await newServer((socket, { body }) => socket.write(Buffer.from(reply(body), 'latin1')));
    expect(textOf(await newClient().post(`${server.origin}/`, 'grüße, 世界'))).toBe('grüße, 世界');
  });

  it.each([
    ['chunked', 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n'],
    [
      'chunked with a trailer',
      'Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n7\r\nabcdefg\r\n0\r\nX-Sum: 1\r\n\r\n',
    ],
    ['up to the close', '\r\nabcdefg'],
  ])('is read %s', async (name, rest) => {
    const server = await newServer((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\n${rest}`);
      if (name === 'up to the close') socket.end();
    });
    const outcome = await newClient().get(server.origin);
    expect([outcome.rc, textOf(outcome)]).toEqual([1, 'abcdefg']);
  });

  it.each([
    ['103 Early Hints', 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'],
    ['100 Continue that nobody asked for', 'HTTP/1.1 100 Continue\r\n\r\n'],
    [
      'several of them',
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nA: b\r\n\r\nHTTP/1.1 100 Go\r\n\r\n',
    ],
  ])('may follow %s, in pieces of any size', async (_name, interim) => {
    const bytes = interim + reply('after');
    for (const size of [1, 7, 25, bytes.length]) {
      const server = await newServer(async (socket) => {
        for (let i = 0; i < bytes.length; i += size) {
          socket.write(bytes.slice(i, i + size));
          await new Promise(setImmediate);
        }
      });
      const client = newClient();
      expect(textOf(await client.get(server.origin))).toBe('after');
      expect(textOf(await client.get(server.origin))).toBe('after');
      expect(server.connections).toBe(1);
    }
  });

  it('gives its header fields in order, its phase times and its connection', async () => {
    const server = await newServer((socket) =>
      socket.write(reply('x', 'Set-Cookie: a=1\r\nset-cookie: b=2\r\n')),
    );
    const client = newClient();
    const first = await client.get(server.origin);
    const second = await client.get(server.origin);
    expect(answerOf(first).headers).toEqual([
      ['Content-Type', 'text/plain'],
      ['Set-Cookie', 'a=1'],
      ['set-cookie', 'b=2'],
      ['Content-Length', '1'],
    ]);
    expect(answerOf(first).header('SET-COOKIE')).toBe('a=1');
    expect(answerOf(first).header('x-none')).toBeUndefined();
    expect(first.connection).toMatchObject({
      protocol: 'http/1.1',
      remoteAddress: '127.0.0.1',
      remotePort: server.port,
    });
    expect([first.reused, second.reused]).toEqual([false, true]);
    expect(second.connection).toBe(first.connection);
    const { connect, firstByte, total } = first.times;
    expect(connect).toBeGreaterThan(0);
    expect(firstByte).toBeGreaterThanOrEqual(connect);
    expect(total).toBeGreaterThanOrEqual(firstByte);
    expect(second.times.connect).toBe(0);
  });

  it('of the last Content-Type counts, and none is empty', async () => {
    const server = await newServer((socket, { target }) =>
      socket.write(
        target === '/two'
          ? 'HTTP/1.1 200 OK\r\nContent-Type: text/first\r\ncontent-type: text/second\r\nContent-Length: 0\r\n\r\n'
          : 'HTTP/1.1 204 No Content\r\n\r\n',
      ),
    );
    const client = newClient();
    expect(answerOf(await client.get(`${server.origin}/two`)).contentType).toBe('text/second');
    expect(await client.get(`${server.origin}/none`)).toMatchObject({ rc: 1, retcode: 204, contentType: '' });
  });

  it('that redirects is not followed', async () => {
    const server = await newServer((socket) =>
      socket.write(reply('moved', 'Location: /other\r\n', '302 Found')),
    );
    expect((await newClient().get(server.origin)).retcode).toBe(302);
    expect(server.requests).toHaveLength(1);
  });
});

describe('without an answer', () => {
  it('a refused connection is -1', async () => {
    const outcome = await newClient().get(`http://127.0.0.1:${await freePort()}/`);
    expect(outcome).toMatchObject({ kind: 'refused', rc: -1, retcode: 0, connection: null });
    expect(outcome).not.toHaveProperty('status');
    expect(reasonOf(outcome)).toContain('ECONNREFUSED');
  });

  it('no connection within connection_timeout is -2, and not early', async () => {
    // 192.0.2.0/24 is for documentation (RFC 5737); a full backlog on loopback is what never answers here.
    const hole = await fullBacklog();
    const started = steadyClock.now();
    const outcome = await newClient({ connectTimeout: 250 }).get(`http://127.0.0.1:${hole.port}/`);
    expect(outcome).toMatchObject({ rc: -2, retcode: 0 });
    expect(steadyClock.now() - started).toBeGreaterThanOrEqual(250);
  });

  it('a TLS handshake that stalls is -2', async () => {
    const server = await newServer(() => {});
    const outcome = await newClient({ connectTimeout: 200 }).get(`https://127.0.0.1:${server.port}/`);
    expect(outcome).toMatchObject({ rc: -2, retcode: 0 });
    await expect.poll(() => server.sockets.size).toBe(0);
  });

  it('silence after connecting is -3 with status 0, and not early', async () => {
    const server = await newServer(() => {});
    const started = steadyClock.now();
    const outcome = await newClient({ timeout: 250 }).get(server.origin);
    expect(outcome).toMatchObject({ rc: -3, retcode: 0, contentType: '' });
    expect(bodyOf(outcome)).toHaveLength(0);
    expect(steadyClock.now() - started).toBeGreaterThanOrEqual(250);
  });

  it('half an answer is -3 with the status and the part that arrived', async () => {
    const server = await newServer((socket) =>
      socket.write('HTTP/1.1 503 Busy\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\npartial'),
    );
    const outcome = await newClient({ timeout: 250 }).get(server.origin);
    expect(outcome).toMatchObject({ rc: -3, retcode: 503, contentType: 'text/plain' });
    expect(textOf(outcome)).toBe('partial');
  });

  it('a timeout of the call overrides curl_timeout', async () => {
    const server = await newServer(() => {});
    const outcome = await newClient({ timeout: 60_000 }).get(server.origin, { timeout: 100 });
    expect(outcome.rc).toBe(-3);
  });

  it.each([
    ['garbage', 'this is not http\r\n\r\n', 0],
    ['half a status line', 'HTTP/1.1 20', 0],
    ['nothing', '', 0],
    ['a short body', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort', 200],
    ['half a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab', 200],
  ])('%s and the end is -10, with the status if there was one', async (_name, bytes, retcode) => {
    const server = await newServer((socket) => socket.end(bytes));
    const outcome = await newClient().get(server.origin);
    expect(outcome).toMatchObject({ kind: 'error', rc: -10, retcode });
    expect(outcome).not.toHaveProperty('body');
    expect(bodyOf(outcome)).toHaveLength(0);
    expect(reasonOf(outcome)).not.toBe('');
  });

  it('a reset is -10', async () => {
    const server = await newServer((socket) => socket.resetAndDestroy());
    expect(await newClient().get(server.origin)).toMatchObject({ rc: -10, retcode: 0 });
  });

  it('a name that does not resolve is -10 with its reason', async () => {
    const outcome = await newClient().get('http://no-such-name.invalid/');
    expect(outcome.rc).toBe(-10);
    expect(reasonOf(outcome)).toContain('no-such-name.invalid');
  });
});

describe('max_transfer_size', () => {
  const big = (bytes: number, chunked: boolean): string => {
    const body = 'x'.repeat(bytes);
    return chunked
      ? `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${bytes.toString(16)}\r\n${body}\r\n0\r\n\r\n`
      : reply(body);
  };

  it.each([
    [4096, false, 1],
    [4097, false, -10],
    [4096, true, 1],
    [4097, true, -10],
  ])('of 4 KB: %i bytes, chunked %s, are rc %i', async (bytes, chunked, rc) => {
    const server = await newServer((socket) => socket.write(big(bytes, chunked)));
    const outcome = await newClient({ maxBodySize: 4_096 }).get(server.origin);
    expect([outcome.rc, outcome.retcode]).toEqual([rc, 200]);
    expect(bodyOf(outcome)).toHaveLength(rc === 1 ? bytes : 0);
  });

  it('of 0 means unlimited, and pieces are joined', async () => {
    const piece = Buffer.alloc(1024 * 1024, 'p');
    const server = await newServer(async (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${12 * piece.length}\r\n\r\n`);
      for (let i = 0; i < 12; i++) socket.write(piece);
    });
    const outcome = await newClient({ maxBodySize: Number.POSITIVE_INFINITY }).get(server.origin);
    expect(bodyOf(outcome)).toHaveLength(12 * piece.length);
    expect(bodyOf(outcome).every((byte) => byte === 112)).toBe(true);
  });

  it('stops an endless body at once', async () => {
    const server = await newServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const flood = (): void => {
        while (!socket.destroyed && socket.write(Buffer.alloc(65_536))) {
          // as fast as it takes it
        }
      };
      socket.on('drain', flood);
      flood();
    });
    expect(await newClient({ maxBodySize: 65_536 }).get(server.origin)).toMatchObject({
      rc: -10,
      retcode: 200,
    });
    await expect.poll(() => server.sockets.size).toBe(0);
  });
});

/** A port of loopback whose queue of connections is full: further SYNs are dropped. */
async function fullBacklog(): Promise<{ port: number }> {
  const { Worker } = await import('node:worker_threads');
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
     const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
       parentPort.postMessage(server.address().port);
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10_000);
     });`,
    { eval: true },
  );
  const port = await new Promise<number>((resolve) => worker.once('message', resolve));
  const { connect } = await import('node:net');
  const fillers = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}));
  await sleep(50);
  closeLater({
    async close() {
      for (const filler of fillers) filler.destroy();
      await worker.terminate();
    },
  });
  return { port };
}

describe('kind and code', () => {
  const behave: Behaviour = (socket, { target }) => {
    if (target === '/garbage') socket.end('garbage');
    else if (target === '/short') socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort');
    else if (target === '/reset') socket.resetAndDestroy();
    else if (target === '/large') socket.write(reply('x'.repeat(1025)));
    else if (target === '/header') socket.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`);
    else if (target !== '/silent') socket.write(reply('x'));
  };

  interface Case {
    readonly path: string;
    readonly kind: Outcome['kind'];
    readonly code?: ErrorCode;
    readonly options?: RequestOptions;
  }

  it.each<Case>([
    { path: '/', kind: 'response' },
    { path: '/silent', kind: 'timeout', options: { timeout: 50 } },
    { path: '/garbage', kind: 'error', code: 'protocol' },
    { path: '/short', kind: 'error', code: 'reset' },
    { path: '/reset', kind: 'error', code: 'reset' },
    { path: '/large', kind: 'error', code: 'too-large' },
    { path: '/header', kind: 'error', code: 'too-large' },
    { path: '/silent', kind: 'error', code: 'aborted', options: { signal: AbortSignal.timeout(20) } },
    { path: '/', kind: 'error', code: 'header', options: { contentType: 'a\r\nb' } },
    { path: 'ftp://127.0.0.1/', kind: 'error', code: 'url' },
    { path: 'http://no-such-name.invalid/', kind: 'error', code: 'dns' },
    { path: 'http://127.0.0.1:1/', kind: 'refused' },
  ])('of $path: $kind $code', async ({ path, kind, code, options }) => {
    const server = await newServer(behave);
    const client = newClient({ maxBodySize: 1_024 });
    const outcome = await client.get(path.startsWith('/') ? server.origin + path : path, options);
    expect([outcome.kind, 'code' in outcome ? outcome.code : undefined]).toEqual([kind, code]);
    const parts = ['status', 'body', 'text', 'headers', 'contentType'];
    const hasAnswer = kind === 'response' || kind === 'timeout';
    expect(parts.filter((part) => part in outcome)).toEqual(hasAnswer ? parts : []);
    expect('reason' in outcome).toBe(kind !== 'response');
  });
});
