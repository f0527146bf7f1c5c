import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { answerOf, bodyOf, newClient, reasonOf, textOf } from '../rest/fixture.ts';
import { closeLater } from '../support/close-later.ts';
import { type HttpServer, startNghttpd, startNginx } from '../support/http-servers.ts';
import { startTap } from '../support/tap.ts';
import { startApacheWithCgi } from './apache-cgi.ts';

/** Bodies as real servers frame them: by length, in chunks, by the end of the connection, in HTTP/2. */

const TEN_MEGABYTES = 10 * 1024 * 1024;
const anything = randomBytes(TEN_MEGABYTES);

/** nginx before a service. */
async function before(service: Server): Promise<HttpServer> {
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  closeLater({
    close: () => {
      service.closeAllConnections();
      service.close();
    },
  });
  const { port } = service.address() as AddressInfo;
  return closeLater(
    await startNginx({
      configuration: `
        client_max_body_size 0;
        location / {
          proxy_pass http://127.0.0.1:${port};
          proxy_http_version 1.1;
        }`,
    }),
  );
}

/** Gives back each body, in chunks. */
const echoing = (): Promise<HttpServer> =>
  before(
    createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        response.setHeader('Content-Type', 'application/octet-stream');
        for (const piece of pieces) response.write(piece);
        response.end();
      });
    }),
  );

describe('10 MB to nginx and back', () => {
  it.each([
    ['HTTP/1.1', '1.1', 'origin'],
    ['HTTP/1.1 over TLS', '1.1', 'secureOrigin'],
    ['HTTP/2 over TLS', 'auto', 'secureOrigin'],
  ] as const)('are the same bytes over %s', async (_name, httpVersion, origin) => {
    const server = await echoing();
    const client = newClient({ httpVersion, tls: { verifyPeer: false }, timeout: 30_000 });
    for (let i = 0; i < 2; i++) {
      const outcome = await client.post(server[origin], anything);
      expect([outcome.rc, outcome.retcode, bodyOf(outcome).length]).toEqual([1, 200, TEN_MEGABYTES]);
      expect(bodyOf(outcome).equals(anything)).toBe(true);
      expect(answerOf(outcome).contentType).toBe('application/octet-stream');
    }
  });

  it('are the default max_transfer_size: one byte more is -10', async () => {
    const server = await echoing();
    const more = Buffer.alloc(TEN_MEGABYTES + 1, 'x');
    for (const origin of [server.origin, server.secureOrigin]) {
      const client = newClient({ tls: { verifyPeer: false }, timeout: 30_000 });
      const outcome = await client.post(origin, more);
      expect([outcome.rc, outcome.retcode, bodyOf(outcome).length]).toEqual([-10, 200, 0]);
      const unlimited = newClient({
        tls: { verifyPeer: false },
        timeout: 30_000,
        maxBodySize: Number.POSITIVE_INFINITY,
      });
      expect(bodyOf(await unlimited.post(origin, more)).length).toBe(TEN_MEGABYTES + 1);
    }
  });

  it('come back from nghttpd, in clear-text HTTP/2', async () => {
    const server = closeLater(await startNghttpd({ args: ['--echo-upload'] }));
    const client = newClient({ httpVersion: '2-prior-knowledge', timeout: 30_000 });
    const outcome = await client.post(`${server.origin}/echo`, anything);
    expect([outcome.rc, outcome.retcode]).toEqual([1, 200]);
    expect(bodyOf(outcome).equals(anything)).toBe(true);
  });
});

describe('bodies of nginx', () => {
  const text = 'a line that is worth to be compressed\n'.repeat(1_000);
  const compressing = () =>
    startNginx({ files: { 'text.txt': text }, configuration: 'gzip on; gzip_types text/plain;' });

  it('are compressed only on request, and then not decompressed', async () => {
    const server = closeLater(await compressing());
    for (const origin of [server.origin, server.secureOrigin]) {
      const client = newClient({ tls: { verifyPeer: false } });
      expect(textOf(await client.get(`${origin}/text.txt`))).toBe(text);
      const asked = await client.get(`${origin}/text.txt`, { headers: { 'Accept-Encoding': 'gzip' } });
      expect(answerOf(asked).header('Content-Encoding')).toBe('gzip');
      expect(bodyOf(asked).subarray(0, 2)).toEqual(Buffer.of(0x1f, 0x8b));
      expect(gunzipSync(bodyOf(asked)).toString()).toBe(text);
    }
  });

  it('in chunks are joined, and the connection is reused', async () => {
    const server = closeLater(await compressing());
    const tap = closeLater(await startTap(server.origin));
    const client = newClient();
    for (let i = 0; i < 3; i++) {
      const outcome = await client.get(`${tap.origin}/text.txt`, { headers: { 'Accept-Encoding': 'gzip' } });
      expect(gunzipSync(bodyOf(outcome)).toString()).toBe(text);
      expect(outcome.reused).toBe(i > 0);
    }
    expect(tap.pieces.at(-1)?.text).toContain('Transfer-Encoding: chunked');
  });

  it('are empty for HEAD and 304', async () => {
    const server = closeLater(await startNginx());
    for (const origin of [server.origin, server.secureOrigin]) {
      const client = newClient({ tls: { verifyPeer: false } });
      const url = `${origin}/hello.txt`;
      const head = await client.request('HEAD', url);
      expect([head.rc, head.retcode, bodyOf(head).length, answerOf(head).header('Content-Length')]).toEqual([
        1,
        200,
        0,
        '13',
      ]);
      const tag = answerOf(head).header('ETag') ?? '';
      const same = await client.get(url, { headers: { 'If-None-Match': tag } });
      expect([same.rc, same.retcode, bodyOf(same).length]).toEqual([1, 304, 0]);
      const part = await client.get(url, { headers: { Range: 'bytes=0-4' } });
      expect([part.rc, part.retcode, textOf(part)]).toEqual([1, 206, 'hello']);
    }
  });

  it.each([
    ['with a length', { 'Content-Length': '100000' }],
    ['in chunks', {}],
  ])('%s that break off are -10, with the status, in any version', async (_name, headers) => {
    const service = createServer((_request, response) => {
      response.writeHead(200, headers);
      response.write('the first half');
      setTimeout(() => response.destroy(), 50);
    });
    const server = await before(service);
    for (const [origin, httpVersion] of [
      [server.origin, '1.1'],
      [server.secureOrigin, '1.1'],
      [server.secureOrigin, 'auto'],
    ] as const) {
      const client = newClient({ tls: { verifyPeer: false }, httpVersion });
      const outcome = await client.get(origin);
      expect([outcome.rc, outcome.retcode, bodyOf(outcome).length]).toEqual([-10, 200, 0]);
      expect(reasonOf(outcome)).not.toBe('');
    }
  });
});

describe('a body that ends with its connection, from Apache', () => {
  it('is complete', async () => {
    const server = await startApacheWithCgi({
      long: 'printf "Content-Type: text/plain\\r\\n\\r\\n"; seq 1 20000',
    });
    const tap = closeLater(await startTap(server.origin));
    const client = newClient({ httpVersion: '1.0' }); // in HTTP/1.0 there are no chunks
    const expected = Array.from({ length: 20_000 }, (_, i) => `${i + 1}\n`).join('');
    for (let i = 0; i < 2; i++) {
      const outcome = await client.get(`${tap.origin}/cgi/long`);
      expect([outcome.rc, outcome.retcode, outcome.reused]).toEqual([1, 200, false]);
      expect(textOf(outcome)).toBe(expected);
    }
    expect(tap.pieces.map(({ from }) => from)).toEqual(['client', 'server', 'client', 'server']);
    expect(tap.pieces[1]?.text).not.toMatch(/^(?:content-length|transfer-encoding):/im);
  });

  it('comes in chunks over HTTP/1.1', async () => {
    const server = await startApacheWithCgi({
      slow: 'printf "Content-Type: text/plain\\r\\n\\r\\n"; echo one; sleep 0.1; echo two',
    });
    const tap = closeLater(await startTap(server.origin));
    const outcome = await newClient().get(`${tap.origin}/cgi/slow`);
    expect(textOf(outcome)).toBe('one\ntwo\n');
    expect(tap.pieces[1]?.text).toMatch(/^transfer-encoding: chunked/im);
  });
});
