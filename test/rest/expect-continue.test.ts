import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { later, steadyClock } from '../support/steady-clock.ts';
import { closeLater, newClient, newServer, textOf } from './fixture.ts';
import { reply } from './raw-server.ts';

/** Sees header and body apart, which the other server puts together. */
async function newExpectServer(
  onHeader: (socket: Socket, head: string) => void,
): Promise<{ origin: string; log: string[]; connections: () => number }> {
  const log: string[] = [];
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    let head = '';
    let body = '';
    let length = 0;
    socket.on('error', () => {});
    socket.on('data', (data) => {
      let text = data.toString('latin1');
      if (length === 0) {
        head += text;
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        text = head.slice(end + 4);
        head = head.slice(0, end);
        length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
        log.push(/^expect: 100-continue$/im.test(head) ? 'asked' : 'plain');
        onHeader(socket, head);
      }
      body += text;
      if (length > 0 && body.length >= length) {
        log.push(`body ${body.length}`);
        socket.write(reply('done'));
        [head, body, length] = ['', '', 0];
      }
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  closeLater({
    close: () => new Promise((resolve) => server.close(resolve)),
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    log,
    connections: () => connections,
  };
}

const LARGE = 'x'.repeat(1025);
const ASKS = { expect100: true };

describe('enable_expect_100', () => {
  it('is sent for bodies above 1,024 bytes, which wait for 100 Continue', async () => {
    const server = await newExpectServer((socket, head) => {
      if (/^expect:/im.test(head)) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
    });
    const client = newClient(ASKS);
    for (const body of ['x'.repeat(1024), LARGE, LARGE, '']) {
      expect((await client.post(server.origin, body, body === '' ? { timeout: 50 } : {})).retcode).toBe(
        body === '' ? 0 : 200,
      );
    }
    expect(server.log).toEqual(['plain', 'body 1024', 'asked', 'body 1025', 'asked', 'body 1025', 'plain']);
    expect(server.connections()).toBe(1);
  });

  it('waits for one second, then sends the body', async () => {
    const server = await newExpectServer(() => {});
    const started = steadyClock.now();
    expect((await newClient(ASKS).put(server.origin, LARGE)).retcode).toBe(200);
    const took = steadyClock.now() - started;
    expect(took).toBeGreaterThanOrEqual(998);
    expect(took).toBeLessThan(2000);
    expect(server.log).toEqual(['asked', 'body 1025']);
  });

  it('accepts a 100 in pieces, a late one, and other 1xx', async () => {
    const server = await newExpectServer((socket) => {
      // the end of the 100 comes with what follows it: the body, and with it the answer, comes after all of this
      const pieces = [
        ...'HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 100 Continue\r\nA: b\r\n\r',
        '\nHTTP/1.1 100 Again\r\n\r\n',
      ];
      const next = () => {
        const piece = pieces.shift();
        if (piece !== undefined) socket.write(piece, () => later(next, 1));
      };
      next();
    });
    const client = newClient(ASKS);
    expect(textOf(await client.put(server.origin, LARGE))).toBe('done');
  });

  it('repeats the request without Expect on 417, once', async () => {
    const server = await newExpectServer((socket, head) => {
      if (/^expect:/im.test(head)) socket.end(reply('no', '', '417 Expectation Failed'));
    });
    expect(textOf(await newClient(ASKS).put(server.origin, LARGE))).toBe('done');
    expect(server.log).toEqual(['asked', 'plain', 'body 1025']);
  });

  it('treats any other final status as the outcome, without sending the body', async () => {
    const server = await newExpectServer((socket, head) => {
      if (/^expect:/im.test(head)) socket.write(reply('who?', '', '401 Unauthorized'));
    });
    const client = newClient(ASKS);
    const outcome = await client.put(server.origin, LARGE);
    expect([outcome.rc, outcome.retcode, textOf(outcome)]).toEqual([1, 401, 'who?']);
    expect(textOf(await client.put(server.origin, 'small'))).toBe('done');
    expect(server.log).toEqual(['asked', 'plain', 'body 5']);
    expect(server.connections()).toBe(2); // the first is owed a body
  });

  it('is disabled by an empty Expect, and enabled by a non-empty one', async () => {
    const server = await newExpectServer((socket, head) => {
      if (/^expect:/im.test(head)) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
    });
    await newClient(ASKS).put(server.origin, LARGE, { headers: { Expect: '' } });
    await newClient().put(server.origin, 'small', { headers: { Expect: '100-continue' } });
    await newClient().put(server.origin, LARGE);
    expect(server.log).toEqual(['plain', 'body 1025', 'asked', 'body 5', 'plain', 'body 1025']);
  });

  it('is not part of HTTP/1.0', async () => {
    const server = await newServer((socket, { version, head }) =>
      socket.write(reply(`${version} ${/expect/i.test(head)}`)),
    );
    expect(textOf(await newClient({ ...ASKS, httpVersion: '1.0' }).put(server.origin, LARGE))).toBe(
      'HTTP/1.0 false',
    );
  });
});
