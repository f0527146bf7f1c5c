import { once } from 'node:events';
import http2, { type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, connect, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createAuthority } from '../support/certificates.ts';
import { later, sleep } from '../support/steady-clock.ts';
import { until } from '../support/until.ts';
import { answerOf, closeLater, newClient, newServer, newShared, textOf } from './fixture.ts';
import { reply } from './raw-server.ts';

type OnStream = (stream: ServerHttp2Stream, headers: http2.IncomingHttpHeaders, nth: number) => void;

interface Http2Server {
  readonly origin: string;
  readonly sessions: ServerHttp2Session[];
  readonly seen: string[];
}

const leaf = createAuthority().issue({ names: ['localhost'] });

async function newHttp2Server(onStream: OnStream, options: http2.ServerOptions = {}): Promise<Http2Server> {
  const server = http2.createServer(options);
  const sessions: ServerHttp2Session[] = [];
  const seen: string[] = [];
  server.on('session', (session) => {
    sessions.push(session);
    session.on('error', () => {});
  });
  server.on('sessionError', () => {});
  server.on('stream', (stream, headers) => {
    seen.push(`${String(headers[':method'])} ${String(headers[':path'])}`);
    stream.on('error', () => {});
    onStream(stream, headers, seen.length);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  closeLater({
    close: () =>
      new Promise((resolve) => {
        for (const session of sessions) session.destroy();
        server.close(resolve);
      }),
  });
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, sessions, seen };
}

const answer = (stream: ServerHttp2Stream, text: string): void => {
  stream.respond({ ':status': 200, 'content-type': 'text/plain' });
  stream.end(text);
};

const PRIOR = { httpVersion: '2-prior-knowledge' } as const;

describe('HTTP version 1.0', () => {
  it('sends HTTP/1.0, with a body too, and keeps the connection if the server does', async () => {
    const server = await newServer((socket, { body }) => socket.write(reply(`<${body}>`)));
    const client = newClient({ httpVersion: '1.0' });
    expect(textOf(await client.get(server.origin))).toBe('<>');
    const outcome = await client.post(server.origin, 'b=1');
    expect([textOf(outcome), outcome.connection?.protocol]).toEqual(['<b=1>', 'http/1.0']);
    expect(server.requests.map((r) => r.version)).toEqual(['HTTP/1.0', 'HTTP/1.0']);
    expect(server.connections).toBe(1);
  });
});

describe('HTTP version', () => {
  it.each([
    ['auto', 'h2'],
    ['1.0', 'http/1.0'],
    ['1.1', 'http/1.1'],
    ['2', 'h2'],
    ['2-tls', 'h2'],
    ['2-prior-knowledge', 'h2'],
  ] as const)('%s speaks %s over TLS with a server that takes both', async (version, protocol) => {
    const both = http2.createSecureServer({ ...leaf, allowHTTP1: true }, (_request, response) =>
      response.end('x'),
    );
    await once(both.listen(0, '127.0.0.1'), 'listening');
    closeLater({ close: () => new Promise((resolve) => both.close(resolve)) });
    const { port } = both.address() as AddressInfo;
    const client = newClient({ httpVersion: version, tls: { verifyPeer: false } });
    const outcome = await client.get(`https://localhost:${port}/`);
    expect([outcome.rc, outcome.connection?.protocol]).toEqual([1, protocol]);
  });

  it.each(['auto', '1.1', '2-tls'] as const)('%s speaks HTTP/1.1 in clear text', async (httpVersion) => {
    const server = await newServer((socket, { version }) => socket.write(reply(version)));
    expect(textOf(await newClient({ httpVersion }).get(server.origin))).toBe('HTTP/1.1');
  });

  it('2-prior-knowledge on a server of HTTP/1 is -10 with status 0', async () => {
    const server = await newServer((socket) =>
      socket.end(reply('', 'Connection: close\r\n', '400 Bad Request')),
    );
    expect(await newClient(PRIOR).get(server.origin)).toMatchObject({ rc: -10, retcode: 0 });
  });
});

describe('keepAlive', () => {
  it('of 0 closes an HTTP/2 connection after its last request', async () => {
    const server = await newHttp2Server((stream) => later(() => answer(stream, 'x'), 30));
    const client = newClient({ ...PRIOR, keepAlive: 0 });
    const both = await Promise.all([client.get(server.origin), client.get(server.origin)]);
    expect(both.map((outcome) => outcome.rc)).toEqual([1, 1]);
    await until(() => client.connections.idle === 0);
    const next = await client.get(server.origin);
    expect(both.map(({ connection }) => connection?.id)).not.toContain(next.connection?.id);
  });
});

describe('HTTP version 2 in clear text', () => {
  it('finds HTTP/2', async () => {
    const server = await newHttp2Server((stream) => answer(stream, 'two'));
    const outcome = await newClient({ httpVersion: '2' }).get(server.origin);
    expect([textOf(outcome), outcome.connection?.protocol]).toEqual(['two', 'h2']);
  });

  it('falls back to HTTP/1.1 transparently, and remembers that for all clients', async () => {
    let prefaces = 0;
    const server = await newServer((socket, { method }) => {
      if (method !== 'PRI') return socket.write(reply('one'));
      prefaces++;
      return socket.end(reply('', '', '400 Bad Request'));
    });
    const shared = newShared();
    const client = newClient({ httpVersion: '2', shared });
    const outcomes = await Promise.all([
      client.get(server.origin),
      client.get(server.origin),
      client.post(server.origin, 'b'),
    ]);
    expect(outcomes.map((o) => [o.rc, textOf(o), o.connection?.protocol])).toEqual(
      [0, 1, 2].map(() => [1, 'one', 'http/1.1']),
    );
    expect(textOf(await newClient({ httpVersion: '2', shared }).get(server.origin))).toBe('one');
    expect(prefaces).toBe(1);
  });

  it('treats a server that is silent for a second as HTTP/1.1', async () => {
    const server = await newServer((socket, { method }) => {
      if (method !== 'PRI') socket.write(reply('one'));
    });
    const outcome = await newClient({ httpVersion: '2' }).get(server.origin);
    expect([outcome.rc, textOf(outcome)]).toEqual([1, 'one']);
  });
});

describe('HTTP/2', () => {
  it('carries method, path, fields and body, and returns status, fields and body', async () => {
    let got: http2.IncomingHttpHeaders = {};
    const server = await newHttp2Server((stream, headers) => {
      got = headers;
      let body = '';
      stream.setEncoding('latin1').on('data', (d: string) => (body += d));
      stream.on('end', () => {
        stream.respond({ ':status': 201, 'content-type': 'a/b', 'set-cookie': ['a=1', 'b=2'] });
        stream.end(`<${body}>`);
      });
    });
    const headers = { 'X-A': '\xfc', Connection: 'close', Host: 'other.example' };
    const outcome = await newClient(PRIOR).post(`${server.origin}/p?q="`, Buffer.from('b\0d'), { headers });
    expect(outcome).toMatchObject({ rc: 1, retcode: 201, contentType: 'a/b' });
    expect(textOf(outcome)).toBe('<b\0d>');
    expect(answerOf(outcome).headers).toContainEqual(['set-cookie', 'b=2']);
    expect(got).toMatchObject({
      ':method': 'POST',
      ':path': '/p?q="',
      ':authority': 'other.example',
      'x-a': '\xfc',
      accept: '*/*',
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': '3',
    });
    expect(got).not.toHaveProperty('connection');
  });

  it('shares a connection between requests, and opens more beyond the stream limit', async () => {
    const server = await newHttp2Server((stream) => later(() => answer(stream, 'x'), 30), {
      settings: { maxConcurrentStreams: 10 },
    });
    const client = newClient(PRIOR);
    await client.get(server.origin);
    const ten = await Promise.all(Array.from({ length: 10 }, () => client.get(server.origin)));
    expect(ten.every((o) => o.rc === 1)).toBe(true);
    expect(server.sessions).toHaveLength(1);
    const thirty = await Promise.all(Array.from({ length: 30 }, () => client.get(server.origin)));
    expect(thirty.every((o) => o.rc === 1)).toBe(true);
    expect(server.sessions).toHaveLength(3);
  });

  it('survives a cold start with many more requests than streams', async () => {
    const server = await newHttp2Server((stream) => later(() => answer(stream, 'x'), 5), {
      settings: { maxConcurrentStreams: 5 },
    });
    const client = newClient(PRIOR);
    const all = await Promise.all(Array.from({ length: 150 }, () => client.post(server.origin, 'b')));
    expect(all.filter((o) => o.rc !== 1)).toEqual([]);
    expect(server.seen).toHaveLength(150);
  });

  it('resends refused requests, whatever the method', async () => {
    const server = await newHttp2Server((stream, _headers, nth) => {
      if (nth === 1) stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
      else answer(stream, 'x');
    });
    expect((await newClient(PRIOR).post(server.origin, 'b')).rc).toBe(1);
    expect(server.seen).toHaveLength(2);
  });

  it('resends only requests above the last stream of a GOAWAY', async () => {
    let first: ServerHttp2Stream | null = null;
    const server = await newHttp2Server((stream, _headers, nth) => {
      if (nth === 1) first = stream;
      else if (nth === 2) {
        stream.session?.goaway(http2.constants.NGHTTP2_NO_ERROR, first?.id);
        later(() => answer(first as ServerHttp2Stream, 'first'), 20);
      } else answer(stream, 'again');
    });
    const client = newClient(PRIOR);
    const one = client.post(`${server.origin}/1`, 'b');
    await until(() => server.seen.length === 1);
    const two = client.post(`${server.origin}/2`, 'b');
    expect([textOf(await one), textOf(await two)]).toEqual(['first', 'again']);
    expect(server.seen).toEqual(['POST /1', 'POST /2', 'POST /2']);
    expect(server.sessions).toHaveLength(2);
  });

  it('a reset stream is -10 with its reason, and leaves the others alone', async () => {
    const server = await newHttp2Server((stream, headers) => {
      if (headers[':path'] === '/cancel') stream.close(http2.constants.NGHTTP2_CANCEL);
      else if (headers[':path'] === '/half') {
        stream.respond({ ':status': 200 });
        stream.write('half');
        later(() => stream.destroy(new Error('gave up')), 10);
      } else later(() => answer(stream, 'fine'), 40);
    });
    const client = newClient(PRIOR);
    const [fine, cancel, half] = await Promise.all(
      ['/', '/cancel', '/half'].map((p) => client.get(server.origin + p)),
    );
    expect(fine).toMatchObject({ text: 'fine' });
    expect(cancel).toMatchObject({ rc: -10, retcode: 0, reason: expect.stringContaining('CANCEL') });
    expect(half).toMatchObject({ rc: -10, retcode: 200, reason: expect.stringContaining('INTERNAL_ERROR') });
    expect(server.sessions).toHaveLength(1);
  });

  it('a lost connection is -10 on a fresh one, and one more try for a GET on a kept one', async () => {
    const server = await newHttp2Server((stream, headers, nth) => {
      if (headers[':path'] === '/lost' && nth <= 3) stream.session?.destroy();
      else answer(stream, 'x');
    });
    const client = newClient(PRIOR);
    expect(await client.get(`${server.origin}/lost`)).toMatchObject({ rc: -10, retcode: 0 });
    expect((await client.get(server.origin)).rc).toBe(1);
    expect((await client.get(`${server.origin}/lost`)).rc).toBe(1);
    expect(server.seen).toEqual(['GET /lost', 'GET /', 'GET /lost', 'GET /lost']);
  });

  it('a timeout delivers the bytes so far, ends the stream, and the connection goes on', async () => {
    const server = await newHttp2Server((stream, headers) => {
      if (headers[':path'] === '/') return answer(stream, 'x');
      stream.respond({ ':status': 200, 'content-type': 'a/b' });
      return stream.write('part');
    });
    const client = newClient(PRIOR);
    await client.get(server.origin);
    const outcome = await client.get(`${server.origin}/stall`, { timeout: 100 });
    expect(outcome).toMatchObject({ rc: -3, retcode: 200, contentType: 'a/b' });
    expect(textOf(outcome)).toBe('part');
    // Until its PING is answered the connection is in doubt.
    expect((await client.get(server.origin)).connection).not.toBe(outcome.connection);
    await sleep(50);
    expect((await client.get(server.origin)).connection).toBe(outcome.connection);
  });

  it('a connection that went silent is not reused', async () => {
    const server = await newHttp2Server((stream) => answer(stream, 'x'));
    // Between the two stands somebody who forwards nothing any more on the first connection.
    let frozen = false;
    let connections = 0;
    const middle = createServer((socket) => {
      connections++;
      const first = connections === 1;
      const onward = connect(Number(new URL(server.origin).port), '127.0.0.1');
      for (const [from, to] of [
        [socket, onward],
        [onward, socket],
      ] as const) {
        from.on('error', () => {});
        from.on('close', () => to.destroy());
        from.on('data', (data) => (first && frozen ? undefined : to.write(data)));
      }
    });
    await once(middle.listen(0, '127.0.0.1'), 'listening');
    closeLater({ close: () => new Promise((resolve) => middle.close(resolve)) });
    const origin = `http://127.0.0.1:${(middle.address() as AddressInfo).port}`;
    const client = newClient(PRIOR);
    await client.get(origin);
    await sleep(20);
    frozen = true;
    expect((await client.get(origin, { timeout: 100 })).rc).toBe(-3);
    expect((await client.get(origin)).rc).toBe(1);
    expect(connections).toBe(2);
  });

  it.each(['end', 'destroy', 'resetAndDestroy'] as const)(
    'half a body and the end of the connection (%s) is -10',
    async (how) => {
      const server = await newHttp2Server((stream) => {
        stream.respond({ ':status': 200 });
        stream.write('half');
      });
      const middle = createServer((socket) => {
        const onward = connect(Number(new URL(server.origin).port), '127.0.0.1');
        for (const s of [socket, onward]) s.on('error', () => {});
        socket.on('data', (data) => onward.write(data));
        onward.on('data', (data) => {
          socket.write(data);
          if (data.includes('half')) later(() => socket[how](), 20);
        });
        socket.on('close', () => onward.destroy());
      });
      await once(middle.listen(0, '127.0.0.1'), 'listening');
      closeLater({ close: () => new Promise((resolve) => middle.close(resolve)) });
      const outcome = await newClient(PRIOR).get(
        `http://127.0.0.1:${(middle.address() as AddressInfo).port}`,
      );
      expect(outcome).toMatchObject({ rc: -10, retcode: 200 });
    },
  );

  it('max_transfer_size ends the stream', async () => {
    const server = await newHttp2Server((stream) => {
      stream.respond({ ':status': 200 });
      stream.end(Buffer.alloc(100_000));
    });
    const client = newClient({ ...PRIOR, maxBodySize: 4_096 });
    expect(await client.get(server.origin)).toMatchObject({ rc: -10, retcode: 200 });
    expect(await client.get(server.origin)).toMatchObject({ rc: -10, retcode: 200 });
  });

  it('tolerates interim answers', async () => {
    const server = await newHttp2Server((stream) => {
      stream.additionalHeaders({ ':status': 103, link: '</x>' });
      answer(stream, 'after');
    });
    expect(textOf(await newClient(PRIOR).get(server.origin))).toBe('after');
  });
});
