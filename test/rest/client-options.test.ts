/** Defaults of a client, variants of it, Unix sockets, commands of curl, and the mock of services. */
import { execFile, spawnSync } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { RestClient, RestMock } from '../../src/rest.ts';
import { startService } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { closeLater, newClient } from './fixture.ts';

const echo = async () =>
  closeLater(
    await startService(({ method, target, headers, body }, response) =>
      response.end(JSON.stringify({ method, target, headers, body })),
    ),
  );

interface Echoed {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

async function echoed(sent: ReturnType<RestClient['get']>): Promise<Echoed> {
  const outcome = await sent;
  if (outcome.kind !== 'response') throw new Error(outcome.reason);
  return outcome.json() as Echoed;
}

describe('default headers and baseUrl', () => {
  it('resolve URLs, and fields of a request replace those of the client', async () => {
    const { origin } = await echo();
    const client = newClient({
      baseUrl: `${origin}/api/`,
      headers: { 'X-A': 'client', 'X-B': 'client', Accept: 'a/b' },
    });
    for (const [url, target] of [
      ['/credit', '/api/credit'],
      ['credit?x=1', '/api/credit?x=1'],
      ['?x=1', '/api?x=1'],
      ['', '/api'],
      [`${origin}/other`, '/other'],
    ] as const)
      expect((await echoed(client.get(url))).target).toBe(target);
    const { headers } = await echoed(client.get('/x', { headers: { 'x-a': 'own', 'X-B': '' } }));
    expect([headers['x-a'], headers['x-b'], headers.accept]).toEqual(['own', undefined, 'a/b']);
  });

  it('send the fields to the origin of the base only', async () => {
    const [own, other] = [await echo(), await echo()];
    const client = newClient({ baseUrl: own.origin, headers: { Authorization: 'Bearer secret' } });
    expect((await echoed(client.get('/'))).headers.authorization).toBe('Bearer secret');
    expect((await echoed(client.get(other.origin))).headers.authorization).toBeUndefined();
    expect((await echoed(client.get(`${own.origin}/x`))).headers.authorization).toBe('Bearer secret');
  });

  it.each([
    [{ baseUrl: 'h/api' }, 'baseUrl'],
    [{ baseUrl: 'ftp://h/' }, 'baseUrl'],
    [{ baseUrl: 'http://h/?a=1' }, 'baseUrl'],
    [{ headers: { 'Content-Length': '1' } }, 'Content-Length'],
    [{ socketPath: '' }, 'socketPath'],
  ])('%j is an error that names it', (options, named) => {
    expect(() => new RestClient(options)).toThrow(named);
  });
});

describe('with()', () => {
  it('shares connections, and adds to headers', async () => {
    const service = await echo();
    const client = newClient({ headers: { 'X-A': '1' } });
    const tenant = client.with({ headers: { 'X-B': '2' }, baseUrl: service.origin, timeout: 20_000 });
    await echoed(client.get(service.origin));
    const { headers, target } = await echoed(tenant.with({ headers: { 'x-a': '3' } }).get('/t'));
    expect([headers['x-a'], headers['x-b'], target]).toEqual(['3', '2', '/t']);
    expect(service.connections).toBe(1);
    expect(tenant.connections).toEqual(client.connections);
  });

  it('does not close the connections, but is closed with the first client', async () => {
    const { origin } = await echo();
    const client = newClient();
    const variant = client.with({});
    await variant.close();
    expect(await variant.get(origin)).toMatchObject({ code: 'closed' });
    expect(await client.get(origin)).toMatchObject({ kind: 'response' });
    const other = client.with({});
    await client.close();
    expect(await other.get(origin)).toMatchObject({ code: 'closed' });
  });

  it('accepts only options of requests', () => {
    // @ts-expect-error the pool is shared
    expect(() => newClient().with({ keepAlive: 1 })).toThrow('unknown option "keepAlive" of with()');
    expect(() => newClient().with({ timeout: 0 })).toThrow('timeout');
  });
});

it('a Unix socket replaces the host', async () => {
  const path = `${temporaryFolder('socket')}/s`;
  const server = createServer((request, response) => response.end(request.headers.host));
  server.listen(path);
  await once(server, 'listening');
  const client = newClient({ socketPath: path });
  const [first, second] = [await client.get('http://docker/a'), await client.get('http://docker/b')];
  expect([first, second]).toMatchObject([{ text: 'docker' }, { text: 'docker', reused: true }]);
  server.closeAllConnections();
  server.close();
  expect(await newClient({ socketPath: `${path}-none` }).get('http://docker/')).toMatchObject({
    kind: 'error',
  });
});

const hasCurl = spawnSync('curl', ['--version']).error === undefined;

describe('toCurl()', () => {
  it.runIf(hasCurl).each([
    ['GET', {}],
    ['POST', { body: 'it\'s $HOME `x` \\ "q"\n@file ü' }],
    ['PUT', { body: new Uint8Array([0, 1, 37, 92, 255]) }],
    ['DELETE', { headers: { 'X-Quote': "a'b$c" } }],
    ['PATCH', { json: { a: 1 } }],
  ] as const)('%s %j makes the same request in a shell', async (method, options) => {
    const { origin } = await echo();
    const client = newClient({ timeout: 20_000 });
    const url = `${origin}/a%20b?x={1}&y='`;
    const command = client.toCurl(method, url, { ...options, showSecrets: true });
    const byCurl = JSON.parse(
      await new Promise<string>((resolve, reject) => {
        execFile('sh', ['-c', `${command} -s --noproxy '*'`], (error, out) =>
          error === null ? resolve(out) : reject(new Error(error.message)),
        );
      }),
    ) as Echoed;
    const own = await echoed(client.request(method, url, options));
    expect([byCurl.method, byCurl.target, byCurl.body]).toEqual([own.method, own.target, own.body]);
    for (const name of ['content-type', 'x-quote'] as const)
      expect(byCurl.headers[name]).toBe(own.headers[name]);
  });

  it('hides secrets unless asked', () => {
    const client = newClient();
    const options = { headers: { Cookie: 'sid=hush', 'X-Api-Key': 'hush' } };
    const url = 'http://bob:hush@h/?access_token=hush&a=1';
    expect(client.toCurl('GET', url, options)).not.toContain('hush');
    expect(client.toCurl('GET', url, options)).not.toContain(Buffer.from('bob:hush').toString('base64'));
    expect(client.toCurl('GET', url, { ...options, showSecrets: true })).toContain('access_token=hush');
  });

  it('an invalid URL is an error', () => {
    expect(() => newClient().toCurl('GET', 'ftp://h/')).toThrow('ftp');
  });
});

describe('RestMock', () => {
  it('answers expected requests, and names unexpected ones', async () => {
    const services = new RestMock()
      .on('GET', 'http://credit.example/alice', { json: { allowed: true } })
      .on('POST', /^http:\/\/log\.example\//, ({ text, headers }) => ({
        status: 201,
        body: `${headers.get('content-type')} ${text}`,
      }))
      .on('GET', 'http://down.example/', { fails: 'refused' });
    const client = newClient({ send: services.send });
    expect(await client.get('http://credit.example/alice')).toMatchObject({
      status: 200,
      text: '{"allowed":true}',
    });
    expect(await client.post('http://log.example/1', { json: 1 })).toMatchObject({
      status: 201,
      text: 'application/json 1',
    });
    expect(await client.get('http://down.example')).toMatchObject({ kind: 'refused', rc: -1 });
    await expect(client.get('http://credit.example/bob')).rejects.toThrow(
      'unexpected request: GET http://credit.example/bob; expected: GET http://credit.example/alice, POST /^http:\\/\\/log\\.example\\//, GET http://down.example/',
    );
    expect(services.requests.map(({ url }) => url.hostname)).toEqual([
      'credit.example',
      'log.example',
      'down.example',
      'credit.example',
    ]);
  });

  it('is called behind the policies of hosts', async () => {
    let asked = 0;
    const services = new RestMock().on('GET', 'http://flaky.example/', () =>
      ++asked < 2 ? { status: 503 } : {},
    );
    const client = newClient({
      send: services.send,
      hosts: { 'flaky.example': { retry: { count: 2, backoff: 1 } } },
    });
    expect(await client.get('http://flaky.example/')).toMatchObject({ status: 200 });
    expect(asked).toBe(2);
    const answer = await client.stream('GET', 'http://flaky.example/');
    expect(answer.kind).toBe('streaming');
  });
});

it('requests have ids on the diagnostics channels', async () => {
  const { origin } = await echo();
  const heard: unknown[] = [];
  const hear = (message: unknown) => heard.push((message as { readonly id: number }).id);
  subscribe('siprest:rest:request', hear);
  subscribe('siprest:rest:outcome', hear);
  const client = newClient();
  await client.get(origin);
  await client.get(origin);
  unsubscribe('siprest:rest:request', hear);
  unsubscribe('siprest:rest:outcome', hear);
  const [a, b, c, d] = heard;
  expect([a === b, c === d, a === c, typeof a]).toEqual([true, true, false, 'number']);
});
