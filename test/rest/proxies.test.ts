import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RestClientOptions } from '../../src/rest/index.ts';
import { createAuthority } from '../support/certificates.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { closeLater, newClient, newServer, reasonOf, textOf } from './fixture.ts';
import { type ProxyServer, type Refusal, startProxy } from './proxy-server.ts';
import { reply } from './raw-server.ts';

const authority = createAuthority();
const caPath = temporaryFolder('proxy-ca');
writeFileSync(join(caPath, 'ca.pem'), authority.cert);
const certificate = authority.issue({ names: ['localhost'] });

for (const name of ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'])
  for (const one of [name, name.toUpperCase()]) delete process.env[one];

afterEach(() => vi.unstubAllEnvs());

/** A proxy that both kinds of URLs go through, and a client made while it was named. */
async function setUp(
  refuse?: (head: string) => Refusal,
  { user = '', ...options }: RestClientOptions & { user?: string } = {},
): Promise<{ proxy: ProxyServer; client: ReturnType<typeof newClient> }> {
  const proxy = closeLater(await startProxy(refuse));
  vi.stubEnv('http_proxy', `http://${user}${proxy.address}`);
  vi.stubEnv('https_proxy', `http://${user}${proxy.address}`);
  return { proxy, client: newClient({ tls: { caPath }, ...options }) };
}

const newTlsServer = async (more = {}) =>
  newServer((socket) => socket.write(reply('secure')), {
    tls: { key: certificate.key, cert: certificate.cert, ...more },
  });

const plain = async () => newServer((socket) => socket.write(reply('plain')));
const status = (code: number): string => `HTTP/1.1 ${code} Text\r\nContent-Length: 2\r\n\r\nno`;

describe('an http: URL', () => {
  it('is sent to the proxy in absolute form, with user and password in fields', async () => {
    const server = await plain();
    const { proxy, client } = await setUp(undefined, { user: 'me:p%40ss@' });
    const outcome = await client.get(`http://u:p@127.0.0.1:${server.port}/x?y=1#z`);
    expect([outcome.rc, textOf(outcome)]).toEqual([1, 'plain']);
    expect(proxy.heads[0]?.split('\r\n')).toEqual([
      `GET http://127.0.0.1:${server.port}/x?y=1 HTTP/1.1`,
      `Host: 127.0.0.1:${server.port}`,
      `Proxy-Authorization: Basic ${btoa('me:p@ss')}`,
      'Proxy-Connection: Keep-Alive',
      `Authorization: Basic ${btoa('u:p')}`,
      'Accept: */*',
      '',
      '',
    ]);
  });

  it('needs no name server, and keeps the connection to the proxy', async () => {
    const { proxy, client } = await setUp(() => undefined);
    const server = await plain();
    const url = `http://127.0.0.1:${server.port}/`;
    await client.get(url);
    expect((await client.get(url)).reused).toBe(true);
    expect((await client.get('http://nowhere.invalid:1/')).retcode).toBe(502);
    expect(proxy.heads).toHaveLength(2); // the second request went through the open way
  });

  it.each([407, 502])('that the proxy answers with %i has that status', async (code) => {
    const { client } = await setUp(() => status(code));
    const outcome = await client.get('http://a.test/');
    expect([outcome.rc, outcome.retcode, textOf(outcome)]).toEqual([1, code, 'no']);
  });

  it('is -3 if the proxy is silent', async () => {
    const { client } = await setUp(() => null, { timeout: 200 });
    expect((await client.get('http://a.test/')).rc).toBe(-3);
  });

  it('uses HTTP/1 whatever httpVersion says', async () => {
    const server = await plain();
    const { client } = await setUp(undefined, { httpVersion: '2-prior-knowledge' });
    expect((await client.get(`http://127.0.0.1:${server.port}/`)).rc).toBe(1);
  });
});

describe('an https: URL', () => {
  it('goes through a tunnel, and reveals nothing else to the proxy', async () => {
    const server = await newTlsServer();
    const { proxy, client } = await setUp(undefined, { user: 'me:secret@' });
    const outcome = await client.get(`https://u:p@localhost:${server.port}/x`);
    expect([outcome.rc, textOf(outcome)]).toEqual([1, 'secure']);
    expect((await client.get(`https://u:p@localhost:${server.port}/x`)).reused).toBe(true);
    expect(proxy.heads).toEqual([
      `CONNECT localhost:${server.port} HTTP/1.1\r\nHost: localhost:${server.port}\r\nProxy-Authorization: Basic ${btoa('me:secret')}\r\nProxy-Connection: Keep-Alive\r\n\r\n`,
    ]);
  });

  it('is verified through it as without it', async () => {
    const server = await newTlsServer();
    const { client } = await setUp();
    const outcome = await client.get(`https://127.0.0.1:${server.port}/`);
    expect([outcome.rc, reasonOf(outcome)]).toEqual([
      -10,
      "the server's certificate is not for 127.0.0.1, it is for DNS:localhost",
    ]);
  });

  it.each<[string, string | null, RestClientOptions, number, string]>([
    ['407', status(407), {}, -10, 'refused a tunnel to a.test:443: 407 Text'],
    ['502', status(502), {}, -10, 'refused a tunnel to a.test:443: 502 Text'],
    ['garbage', 'garbage\r\n\r\n', {}, -10, 'did not answer in HTTP/1'],
    ['a close', '', {}, -10, 'closed the connection'],
    ['a head without end', 'x'.repeat(70_000), {}, -10, 'sent a header without an end'],
    ['silence', null, { connectTimeout: 200 }, -2, ''],
  ])('is %s of the proxy: %#', async (_, refusal, options, rc, reason) => {
    const { proxy, client } = await setUp(() => refusal, { user: 'me:secret@', ...options });
    const outcome = await client.get('https://a.test/');
    expect([outcome.rc, outcome.retcode]).toEqual([rc, 0]);
    expect(reasonOf(outcome)).toContain(rc === -2 ? 'no connection' : `the proxy ${proxy.address} ${reason}`);
    expect(reasonOf(outcome)).not.toContain('secret');
  });
});

describe('a proxy', () => {
  it('that refuses is -1, one without an address -10, and the reason names it', async () => {
    vi.stubEnv('http_proxy', 'http://me:secret@127.0.0.1:1');
    const refused = await newClient().get('http://a.test/');
    expect([refused.rc, reasonOf(refused)]).toEqual([
      -1,
      'the proxy 127.0.0.1:1: cannot connect to 127.0.0.1:1: ECONNREFUSED',
    ]);
    vi.stubEnv('http_proxy', 'http://me:secret@nowhere.invalid:1');
    const unknown = await newClient().get('http://a.test/');
    expect([unknown.rc, reasonOf(unknown)]).toEqual([
      -10,
      expect.stringMatching(/^the proxy nowhere\.invalid:1: the name nowhere\.invalid does not resolve/),
    ]);
    vi.stubEnv('http_proxy', 'socks5://me:secret@127.0.0.1:1');
    const kind = await newClient().get('http://a.test/');
    expect([kind.rc, reasonOf(kind)]).toEqual([
      -10,
      'http_proxy has the unsupported scheme socks5, use an http:// proxy instead',
    ]);
  });

  it("is ignored with proxy: 'none', and for the names of no_proxy", async () => {
    const server = await plain();
    const { proxy, client } = await setUp(() => status(502), { proxy: 'none' });
    expect(textOf(await client.get(`http://127.0.0.1:${server.port}/`))).toBe('plain');
    vi.stubEnv('no_proxy', 'example.org,127.0.0.0/8');
    expect(textOf(await newClient().get(`http://127.0.0.1:${server.port}/`))).toBe('plain');
    expect(proxy.heads).toEqual([]);
  });
});
