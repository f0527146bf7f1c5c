import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, type RestClient, RestShared } from '../../src/rest/index.ts';
import { answerOf, newClient, reasonOf, textOf } from '../rest/fixture.ts';
import { closeLater } from '../support/close-later.ts';
import { type HttpServer, startApache, startNghttpd, startNginx } from '../support/http-servers.ts';
import { respond, startService } from '../support/service.ts';
import { caFolder } from './ca-folder.ts';

/** HTTP versions on servers that nobody here wrote: what client and server say they spoke. */

const spoken = (outcome: Outcome): string =>
  outcome.rc === 1 ? `${outcome.connection?.protocol} ${outcome.header('X-Seen')}` : `rc ${outcome.rc}`;

const accessLog = (server: HttpServer): string[] =>
  readFileSync(join(server.folder, 'logs', 'access.log'), 'latin1')
    .split('\n')
    .slice(0, -1);

const seenHeader = 'add_header X-Seen $server_protocol;';

describe('nginx', () => {
  let server: HttpServer;
  beforeAll(async () => {
    server = await startNginx({ configuration: seenHeader });
  });
  afterAll(() => server.stop());

  it.each([
    ['auto', 'http/1.1 HTTP/1.1', 'h2 HTTP/2.0'],
    ['1.0', 'http/1.0 HTTP/1.0', 'http/1.0 HTTP/1.0'],
    ['1.1', 'http/1.1 HTTP/1.1', 'http/1.1 HTTP/1.1'],
    ['2', 'http/1.1 HTTP/1.1', 'h2 HTTP/2.0'],
    ['2-tls', 'http/1.1 HTTP/1.1', 'h2 HTTP/2.0'],
    ['2-prior-knowledge', 'rc -10', 'h2 HTTP/2.0'],
  ] as const)('%s is %s in clear text and %s over TLS', async (httpVersion, clear, secure) => {
    const client = newClient({ httpVersion, tls: { caPath: caFolder(server.authority) } });
    expect(spoken(await client.get(`${server.origin}/hello.txt`))).toBe(clear);
    expect(spoken(await client.get(`${server.secureOrigin}/hello.txt`))).toBe(secure);
  });

  it('is asked for clear-text HTTP/2 once with version 3, for all clients', async () => {
    const own = closeLater(await startNginx({ configuration: seenHeader }));
    const shared = new RestShared();
    for (let i = 0; i < 3; i++) {
      const client = newClient({ httpVersion: '2', shared });
      const outcomes = await Promise.all(
        ['a', 'b', 'c'].map((name) => client.post(`${own.origin}/${name}`, 'x')),
      );
      expect(outcomes.map((o) => `${o.rc} ${o.retcode} ${o.connection?.protocol}`)).toEqual(
        Array(3).fill('1 404 http/1.1'),
      );
    }
    const lines = accessLog(own);
    expect(lines.filter((line) => line.includes('PRI * HTTP/2.0'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('POST /'))).toHaveLength(9);
  });
});

describe('nginx without HTTP/2', () => {
  it.each(['auto', '2', '2-tls', '2-prior-knowledge'] as const)(
    'gets HTTP/1.1 over TLS from %s, by ALPN',
    async (httpVersion) => {
      const server = closeLater(await startNginx({ configuration: seenHeader, http2: false }));
      const client = newClient({ httpVersion, tls: { caPath: caFolder(server.authority) } });
      const outcomes = await Promise.all(
        Array.from({ length: 5 }, () => client.get(`${server.secureOrigin}/hello.txt`)),
      );
      expect(outcomes.map(spoken)).toEqual(Array(5).fill('http/1.1 HTTP/1.1'));
    },
  );
});

describe('Apache with mod_http2', () => {
  let server: HttpServer;
  beforeAll(async () => {
    server = await startApache({ configuration: 'Header always set X-Seen "expr=%{SERVER_PROTOCOL}"' });
  });
  afterAll(() => server.stop());

  it.each([
    ['auto', 'http/1.1 HTTP/1.1', 'h2 HTTP/2.0'],
    ['1.0', 'http/1.0 HTTP/1.0', 'http/1.0 HTTP/1.0'],
    ['1.1', 'http/1.1 HTTP/1.1', 'http/1.1 HTTP/1.1'],
    ['2', 'h2 HTTP/2.0', 'h2 HTTP/2.0'],
    ['2-tls', 'http/1.1 HTTP/1.1', 'h2 HTTP/2.0'],
    ['2-prior-knowledge', 'h2 HTTP/2.0', 'h2 HTTP/2.0'],
  ] as const)('%s is %s in clear text and %s over TLS', async (httpVersion, clear, secure) => {
    const client = newClient({ httpVersion, tls: { caPath: caFolder(server.authority) } });
    expect(spoken(await client.get(`${server.origin}/hello.txt`))).toBe(clear);
    expect(spoken(await client.get(`${server.secureOrigin}/hello.txt`))).toBe(secure);
  });
});

describe('nghttpd', () => {
  it.each(['2', '2-prior-knowledge'] as const)(
    'is spoken to in HTTP/2 in clear text by %s, on one connection',
    async (httpVersion) => {
      const server = closeLater(await startNghttpd());
      const client = newClient({ httpVersion });
      const outcomes = await Promise.all(
        Array.from({ length: 100 }, () => client.get(`${server.origin}/hello.txt`)),
      );
      expect(
        new Set(outcomes.map((o) => `${o.rc} ${o.retcode} ${o.connection?.protocol} ${textOf(o)}`)),
      ).toEqual(new Set(['1 200 h2 hello, world\n']));
      expect(new Set(outcomes.map((o) => o.connection?.id)).size).toBe(1);
    },
  );

  it('over TLS uses ALPN', async () => {
    const server = closeLater(await startNghttpd({ tls: true }));
    const client = newClient({ tls: { caPath: caFolder(server.authority) } });
    const outcome = await client.get(`${server.secureOrigin}/hello.txt`);
    expect([outcome.rc, outcome.retcode, outcome.connection?.protocol]).toEqual([1, 200, 'h2']);
  });

  it('is rejected by an HTTP/1-only client: its answer is not HTTP/1', async () => {
    const server = closeLater(await startNghttpd());
    const outcome = await newClient({ httpVersion: '1.1' }).get(`${server.origin}/hello.txt`);
    expect([outcome.rc, outcome.retcode]).toEqual([-10, 0]);
    expect(reasonOf(outcome)).not.toBe('');
  });

  it('sends trailers, which are not part of the body', async () => {
    const server = closeLater(await startNghttpd({ args: ['--trailer=x-checksum: 0'] }));
    const outcome = await newClient({ httpVersion: '2-prior-knowledge' }).get(`${server.origin}/hello.txt`);
    expect([outcome.rc, textOf(outcome)]).toEqual([1, 'hello, world\n']);
  });
});

describe('the connections of HTTP/2', () => {
  /** nginx before a service that takes its time, so that requests are in flight at the same time. */
  async function slowNginx(streams: number): Promise<HttpServer> {
    const answer = (_: unknown, response: ServerResponse) =>
      setTimeout(() => respond(response, 200, 'late'), 200);
    const service = closeLater(await startService(answer));
    return closeLater(
      await startNginx({
        http: `http2_max_concurrent_streams ${streams};`,
        configuration: `location / { proxy_pass ${service.origin}; add_header X-Connection $connection; }`,
      }),
    );
  }

  it('carry as many requests each as nginx allows streams', async () => {
    const server = await slowNginx(64);
    const client = newClient({ tls: { caPath: caFolder(server.authority) } });
    await client.get(server.secureOrigin); // its SETTINGS are known from here on
    const outcomes = await Promise.all(Array.from({ length: 64 }, () => client.get(server.secureOrigin)));
    expect(new Set(outcomes.map((o) => `${o.rc} ${o.retcode}`))).toEqual(new Set(['1 200']));
    expect(new Set(outcomes.map((o) => answerOf(o).header('X-Connection'))).size).toBe(1);
    expect(outcomes.every((o) => o.reused)).toBe(true);
  });

  it('are as many as the limit requires, and no stream is refused', async () => {
    const server = await slowNginx(8);
    const client = newClient({ tls: { caPath: caFolder(server.authority) } });
    await client.get(server.secureOrigin);
    const outcomes = await Promise.all(Array.from({ length: 40 }, () => client.get(server.secureOrigin)));
    expect(new Set(outcomes.map((o) => `${o.rc} ${o.retcode}`))).toEqual(new Set(['1 200']));
    const perConnection = new Map<string | undefined, number>();
    for (const outcome of outcomes) {
      const id = answerOf(outcome).header('X-Connection');
      perConnection.set(id, (perConnection.get(id) ?? 0) + 1);
    }
    expect(perConnection.size).toBe(5);
    expect(Math.max(...perConnection.values())).toBe(8);
  });

  it('start correctly with more requests than the unknown limit', async () => {
    const server = await slowNginx(8);
    const client = newClient({ tls: { caPath: caFolder(server.authority) } });
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, (_, i) => client.post(server.secureOrigin, `${i}`)),
    );
    expect(new Set(outcomes.map((o) => `${o.rc} ${o.retcode} ${reasonOf(o)}`))).toEqual(new Set(['1 200 ']));
  });

  it('are not shared between clients', async () => {
    const server = await slowNginx(64);
    const newOne = (): RestClient => newClient({ tls: { caPath: caFolder(server.authority) } });
    const [a, b] = [newOne(), newOne()];
    const outcomes = await Promise.all([a, b].map((client) => client.get(server.secureOrigin)));
    expect(new Set(outcomes.map((o) => answerOf(o).header('X-Connection'))).size).toBe(2);
  });
});
