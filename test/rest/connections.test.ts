import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { later, sleep } from '../support/steady-clock.ts';
import { until } from '../support/until.ts';
import { bodyOf, newClient, newServer, textOf } from './fixture.ts';
import { reply } from './raw-server.ts';

describe('connections', () => {
  it('serve a thousand consecutive requests each', async () => {
    const server = await newServer((socket) => socket.write(reply('plain body')));
    const client = newClient();
    for (let i = 0; i < 1000; i++) expect((await client.get(`${server.origin}/${i}`)).rc).toBe(1);
    expect(server.connections).toBe(1);
    expect(server.requests).toHaveLength(1000);
  });

  it('serve all methods, statuses and kinds of framing', async () => {
    const server = await newServer((socket, { target }) => {
      if (target === '/chunked')
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n');
      else if (target === '/204') socket.write('HTTP/1.1 204 No Content\r\n\r\n');
      else socket.write(reply('x', '', target === '/500' ? '500 Oops' : '200 OK'));
    });
    const client = newClient();
    await client.get(`${server.origin}/500`);
    await client.post(`${server.origin}/`, 'a');
    await client.put(`${server.origin}/`, 'b');
    await client.get(`${server.origin}/chunked`);
    await client.get(`${server.origin}/204`);
    await client.request('DELETE', `${server.origin}/`);
    expect(server.connections).toBe(1);
    expect(server.requests.map((r) => r.method)).toEqual(['GET', 'POST', 'PUT', 'GET', 'GET', 'DELETE']);
  });

  it('are reused most recently used first', async () => {
    const server = await newServer((socket, { target }) => {
      if (target === '/slow') later(() => socket.write(reply('slow')), 50);
      else socket.write(reply('quick'));
    });
    const client = newClient();
    const [slow, quick] = await Promise.all([
      client.get(`${server.origin}/slow`),
      client.get(`${server.origin}/`),
    ]);
    expect(slow.connection?.id).not.toBe(quick.connection?.id);
    for (let i = 0; i < 5; i++) {
      expect((await client.get(server.origin)).connection?.id).toBe(slow.connection?.id);
    }
  });

  it('are kept idle for keepAlive, and closed with 0', async () => {
    const server = await newServer((socket) => socket.write(reply('x')));
    const ids = async (keepAlive: number, wait: number) => {
      const client = newClient({ keepAlive });
      const first = await client.get(server.origin);
      await sleep(wait);
      return [first.connection?.id, (await client.get(server.origin)).connection?.id];
    };
    for (const [keepAlive, wait, reused] of [
      [0, 0, false],
      [20, 60, false],
      [60_000, 60, true],
    ] as const) {
      const [first, second] = await ids(keepAlive, wait);
      expect(first === second, `${keepAlive} ms`).toBe(reused);
    }
  });

  it('are separate for each client', async () => {
    const server = await newServer((socket) => socket.write(reply('x')));
    const [a, b] = [newClient(), newClient()];
    await a.get(server.origin);
    await b.get(server.origin);
    expect(server.connections).toBe(2);
  });

  it.each([
    ['says Connection: close', (s: Socket) => s.end(reply('x', 'Connection: close\r\n'))],
    ['says it without closing', (s: Socket) => s.write(reply('x', 'Connection: close\r\n'))],
    ['speaks HTTP/1.0', (s: Socket) => s.end('HTTP/1.0 200 OK\r\n\r\nx')],
    ['keeps it for less than a second', (s: Socket) => s.write(reply('x', 'Keep-Alive: timeout=1\r\n'))],
  ])('are not reused when the server %s', async (_name, answer) => {
    const server = await newServer((socket) => answer(socket));
    const client = newClient();
    for (let i = 0; i < 3; i++) expect(textOf(await client.get(server.origin))).toBe('x');
    expect(server.connections).toBe(3);
  });

  it('are not reused after a timeout, garbage or an excessive answer', async () => {
    const server = await newServer((socket, { target }) => {
      if (target === '/stall') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc');
      else if (target === '/big') socket.write(reply('x'.repeat(5000)));
      else if (target === '/garbage') socket.write('nonsense\r\n\r\n');
      else socket.write(reply(target));
    });
    const client = newClient({ maxBodySize: 4_096 });
    expect((await client.get(`${server.origin}/stall`, { timeout: 100 })).rc).toBe(-3);
    expect(textOf(await client.get(`${server.origin}/a`))).toBe('/a');
    expect((await client.get(`${server.origin}/big`)).rc).toBe(-10);
    expect(textOf(await client.get(`${server.origin}/b`))).toBe('/b');
    expect((await client.get(`${server.origin}/garbage`)).rc).toBe(-10);
    expect(textOf(await client.get(`${server.origin}/c`))).toBe('/c');
    expect(server.connections).toBe(4);
  });

  it('closed by the server while idle cause no failure', async () => {
    const server = await newServer((socket) => socket.write(reply('x')));
    const client = newClient();
    for (const method of ['GET', 'POST', 'PUT']) {
      await client.get(server.origin);
      for (const socket of server.sockets) socket.end();
      await until(() => server.sockets.size === 0);
      expect((await client.request(method, server.origin)).rc).toBe(1);
    }
  });
});

describe('a kept connection that is lost before a byte of the answer', () => {
  // The second request on the first connection meets a close; whatever comes on others is answered.
  const closing = (how: (socket: Socket) => void) =>
    newServer((socket, { connection, nth }) => {
      if (connection === 1 && nth === 2) how(socket);
      else socket.write(reply('x'));
    });

  it.each([
    ['GET', 'end', (s: Socket) => s.end()],
    ['GET', 'reset', (s: Socket) => s.resetAndDestroy()],
    ['PUT', 'end', (s: Socket) => s.end()],
    ['DELETE', 'reset', (s: Socket) => s.resetAndDestroy()],
  ] as const)('sends a %s once more on a fresh one (%s)', async (method, _how, how) => {
    const server = await closing(how);
    const client = newClient();
    await client.get(server.origin);
    const outcome = await client.request(method, `${server.origin}/again`, { body: 'b' });
    expect(outcome).toMatchObject({ rc: 1, retcode: 200, reused: false });
    expect(server.requests.filter((r) => r.target === '/again')).toHaveLength(2);
    expect(server.connections).toBe(2);
  });

  it('does not resend a POST that was written', async () => {
    const server = await closing((socket) => socket.end());
    const client = newClient();
    await client.get(server.origin);
    expect(await client.post(`${server.origin}/once`, 'b')).toMatchObject({ rc: -10, retcode: 0 });
    expect(server.requests.filter((r) => r.target === '/once')).toHaveLength(1);
  });

  it('sends nothing a third time', async () => {
    const server = await newServer((socket, { target }) => {
      if (target === '/lost') socket.end();
      else socket.write(reply('x'));
    });
    const client = newClient();
    await client.get(server.origin);
    expect((await client.get(`${server.origin}/lost`)).rc).toBe(-10);
    expect(server.requests.filter((r) => r.target === '/lost')).toHaveLength(2);
  });

  it('does not resend after half an answer, nor after loss on a fresh connection', async () => {
    const server = await newServer((socket, { target }) => {
      if (target === '/half') socket.end('HTTP/1.1 200 OK\r\nContent-Le');
      else if (target === '/fresh') socket.end();
      else socket.write(reply('x'));
    });
    const client = newClient();
    expect((await client.get(`${server.origin}/fresh`)).rc).toBe(-10);
    await client.get(server.origin);
    expect((await client.get(`${server.origin}/half`)).rc).toBe(-10);
    expect(server.requests.map((r) => r.target)).toEqual(['/fresh', '/', '/half']);
  });
});

describe('bytes that belong to no request', () => {
  it.each([
    ['after the end of an answer', `${reply('mine')}${reply('not yours')}`],
    ['after a 204', 'HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'],
    ['after a 304', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\npoison'],
  ])('%s never reach the next request', async (_name, bytes) => {
    const server = await newServer((socket, { target }) =>
      socket.write(target === '/bad' ? bytes : reply(target)),
    );
    const client = newClient();
    expect((await client.get(`${server.origin}/bad`)).rc).toBe(1);
    expect(textOf(await client.get(`${server.origin}/next`))).toBe('/next');
  });

  it('that arrive later, while idle, close the connection', async () => {
    const server = await newServer((socket, { target }) => socket.write(reply(target)));
    const client = newClient();
    await client.get(`${server.origin}/first`);
    for (const socket of server.sockets) socket.write(reply('poison'));
    await until(() => server.sockets.size === 0);
    expect(textOf(await client.get(`${server.origin}/next`))).toBe('/next');
  });

  it('a body of HEAD does not poison either', async () => {
    const server = await newServer((socket, { target }) => socket.write(reply(target)));
    const client = newClient();
    const head = await client.request('HEAD', `${server.origin}/head`);
    expect([head.rc, head.retcode, bodyOf(head).length]).toEqual([1, 200, 0]);
    expect(textOf(await client.get(`${server.origin}/next`))).toBe('/next');
  });
});

describe('an early answer to a large body', () => {
  it('is the outcome, and the rest of the body reaches no later request', async () => {
    const server = await newServer(() => {}, {
      onConnection: (socket) => {
        socket.pause();
        if (server.connections === 1) socket.write(reply('enough', '', '413 Too Large'));
        else socket.resume();
      },
    });
    const client = newClient();
    const outcome = await client.post(server.origin, Buffer.alloc(30_000_000));
    expect([outcome.retcode, textOf(outcome)]).toEqual([413, 'enough']);
    await sleep(20);
    expect((await client.get(server.origin, { timeout: 100 })).connection?.id).not.toBe(
      outcome.connection?.id,
    );
  });
});
