import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type HostsOption } from '../../../src/rest/index.ts';
import { CookieJar } from '../../../src/rest/policies/cookie-jar.ts';
import { ByteBudget } from '../../../src/timers/index.ts';
import { createAuthority } from '../../support/certificates.ts';
import { later } from '../../support/steady-clock.ts';
import { answerOf, bodyOf, newClient, newServer, newShared, textOf } from '../fixture.ts';
import { fieldValues, reply } from '../raw-server.ts';

const MiB = 1_048_576;

/** A server that answers with these bytes. */
const bytes = (body: Buffer, fields: string) =>
  newServer((socket) =>
    socket.write(
      Buffer.concat([
        Buffer.from(`HTTP/1.1 200 OK\r\n${fields}Content-Length: ${body.length}\r\n\r\n`, 'latin1'),
        body,
      ]),
    ),
  );
const coded = (body: Buffer, coding: string, fields = '') =>
  bytes(body, `${fields}Content-Encoding: ${coding}\r\n`);
const hosts: HostsOption = { '*': { decode: {} } };

describe('compressed answers', () => {
  const text = 'grüße '.repeat(5_000);

  it.each([
    ['gzip', gzipSync(text)],
    ['x-gzip', gzipSync(text)],
    ['GZIP', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['deflate', deflateRawSync(text)],
    ['br', brotliCompressSync(text)],
    ['gzip, br', brotliCompressSync(gzipSync(text))],
    ['identity, gzip', gzipSync(text)],
  ])('of %s are decompressed', async (coding, body) => {
    const server = await coded(body, coding, 'Content-Type: text/plain\r\nX-Kept: yes\r\n');
    const answer = answerOf(await newClient({ hosts }).get(server.origin));
    expect([answer.text, answer.contentType, answer.header('x-kept')]).toEqual([text, 'text/plain', 'yes']);
    expect([answer.header('content-encoding'), answer.header('content-length')]).toEqual([
      undefined,
      undefined,
    ]);
    expect(answer.connection?.remotePort).toBe(server.port);
    expect(answer.times.total).toBeGreaterThan(0);
    const accepted = fieldValues(server.requests[0], 'accept-encoding').join();
    expect(accepted).toContain('gzip, deflate, br');
    expect(accepted.includes('zstd')).toBe('createZstdDecompress' in process.getBuiltinModule('node:zlib'));
  });

  it('of zstd are decompressed where Node has it', async ({ skip }) => {
    const { zstdCompressSync } = process.getBuiltinModule('node:zlib') as {
      readonly zstdCompressSync?: (bytes: Buffer) => Buffer;
    };
    if (zstdCompressSync === undefined) return skip();
    const body = zstdCompressSync(Buffer.from(text));
    const server = await coded(body, 'zstd');
    expect(textOf(await newClient({ hosts }).get(server.origin))).toBe(text);
  });

  it('are left alone if the caller requested a coding, or if the coding is unknown', async () => {
    const body = gzipSync(text);
    const server = await coded(body, 'gzip');
    const client = newClient({ hosts });
    const own = answerOf(await client.get(server.origin, { headers: { 'Accept-Encoding': 'gzip' } }));
    expect([own.body.equals(body), own.header('content-encoding')]).toEqual([true, 'gzip']);
    const unknown = await coded(body, 'compress, gzip');
    expect(answerOf(await client.get(unknown.origin))).toMatchObject({ text });
    expect(answerOf(await client.get(unknown.origin)).header('content-encoding')).toBe('compress');
    const off = newClient();
    expect(bodyOf(await off.get(server.origin)).equals(body)).toBe(true);
    expect(fieldValues(server.requests.at(-1), 'accept-encoding')).toEqual([]);
    expect(answerOf(await client.head(server.origin)).header('content-encoding')).toBe('gzip');
  });

  it.each([
    ['garbage', Buffer.from('no gzip'), 'gzip', 'protocol'],
    ['cut', gzipSync(text).subarray(0, 60), 'gzip', 'protocol'],
    ['garbage in br', Buffer.from('no brotli, really'), 'br', 'protocol'],
    ['a bomb', gzipSync(Buffer.alloc(2 * MiB)), 'gzip', 'too-large'],
    ['a bomb in a bomb', gzipSync(gzipSync(Buffer.alloc(64 * MiB))), 'gzip, gzip', 'too-large'],
    ['a bomb in br', brotliCompressSync(Buffer.alloc(2 * MiB)), 'br', 'too-large'],
  ])('that are %s are an error', async (_, body, coding, code) => {
    const server = await coded(body, coding);
    const client = newClient({ hosts, maxBodySize: MiB });
    expect(await client.get(server.origin)).toMatchObject({ kind: 'error', code });
    const ok = await coded(gzipSync(Buffer.alloc(MiB)), 'gzip');
    expect(bodyOf(await client.get(ok.origin))).toHaveLength(MiB);
  });

  it('that are bombs just below the limit stay within the memory limit of all bodies together', async () => {
    const server = await coded(gzipSync(Buffer.alloc(MiB)), 'gzip');
    const bodies = new ByteBudget(4 * MiB);
    const client = newClient({ hosts, maxBodySize: MiB, shared: newShared({ bodies }) });
    const outcomes = await Promise.all(Array.from({ length: 40 }, () => client.get(server.origin)));
    const kinds = new Set(
      outcomes.map((outcome) => (outcome.kind === 'error' ? outcome.code : outcome.kind)),
    );
    expect([...kinds].every((kind) => kind === 'response' || kind === 'busy')).toBe(true);
    expect(bodies.used).toBe(0);
    expect(bodyOf(await client.get(server.origin))).toHaveLength(MiB);
  });

  it('in another character set are converted to UTF-8', async () => {
    const client = newClient({ hosts });
    for (const [type, body, there] of [
      ['text/plain; charset=ISO-8859-1', Buffer.from('grüße', 'latin1'), 'grüße'],
      ['text/plain; charset="windows-1252"; x=y', Buffer.from([0x80, 0x81, 0x9f, 0xe4]), '€\u0081Ÿä'],
      ['application/json;charset=utf-16le', Buffer.from('"ü"', 'utf16le'), '"ü"'],
      ['text/plain; charset=nonsense', Buffer.from('ü', 'latin1'), '\ufffd'],
      ['text/plain; charset=utf-8', Buffer.from('ü'), 'ü'],
    ] as const) {
      const server = await bytes(body, `Content-Type: ${type}\r\n`);
      expect([type, textOf(await client.get(server.origin))]).toEqual([type, there]);
    }
    const latin = await bytes(
      Buffer.from('ü', 'latin1'),
      'Content-Type: text/plain; charset="latin1"; x=y\r\n',
    );
    expect(answerOf(await client.get(latin.origin)).contentType).toBe('text/plain; charset=utf-8; x=y');
  });

  it('are cached decompressed', async () => {
    const server = await coded(
      gzipSync(text),
      'gzip',
      'Cache-Control: max-age=60\r\nVary: Accept-Encoding\r\n',
    );
    const client = newClient({ hosts: { '*': { decode: {}, cache: {} } } });
    for (let i = 0; i < 3; i++) expect(textOf(await client.get(server.origin))).toBe(text);
    expect(server.requests).toHaveLength(1);
  });
});

describe('redirects', () => {
  const redirect = (to: string, status = '302 Found') =>
    `HTTP/1.1 ${status}\r\nLocation: ${to}\r\nContent-Length: 0\r\n\r\n`;
  const follow: HostsOption = { '*': { redirects: {} } };

  it('are ordinary answers without this policy, and followed with it', async () => {
    const server = await newServer((socket, { target }) =>
      socket.write(target === '/a' ? redirect('b?x#y') : reply(target)),
    );
    expect((await newClient().get(`${server.origin}/a`)).retcode).toBe(302);
    expect(textOf(await newClient({ hosts: follow }).get(`${server.origin}/a`))).toBe('/b?x');
  });

  it.each([
    ['301 Moved', 'POST', 'GET'],
    ['302 Found', 'POST', 'GET'],
    ['302 Found', 'PUT', 'PUT'],
    ['303 See', 'PUT', 'GET'],
    ['303 See', 'HEAD', 'HEAD'],
    ['307 Temporary', 'POST', 'POST'],
    ['308 Permanent', 'POST', 'POST'],
  ])('of %s turn %s into %s', async (status, method, next) => {
    const server = await newServer((socket, { target, method: sent }) =>
      socket.write(
        target === '/a' ? redirect('/b', status) : sent === 'HEAD' ? 'HTTP/1.1 200 OK\r\n\r\n' : reply('x'),
      ),
    );
    const options = method === 'HEAD' ? {} : { body: 'body', contentType: 'a/b' };
    await newClient({ hosts: follow }).request(method, `${server.origin}/a`, options);
    const hop = server.requests[1];
    expect([hop?.method, hop?.body]).toEqual([next, next === method && method !== 'HEAD' ? 'body' : '']);
    expect(fieldValues(hop, 'content-type')).toEqual(next === method && method !== 'HEAD' ? ['a/b'] : []);
  });

  it('send credentials to the same origin only', async () => {
    const other = await newServer((socket, { target }) => socket.write(reply(target)));
    const server = await newServer((socket, { target }) =>
      socket.write(
        target === '/away'
          ? redirect(`http://user:pass@127.0.0.1:${other.port}/there`)
          : target === '/here'
            ? redirect('/there')
            : reply(target),
      ),
    );
    const client = newClient({ hosts: follow });
    const headers = { Authorization: 'Bearer secret', Cookie: 'a=1', 'X-Other': 'yes', Host: 'own.test' };
    expect(textOf(await client.get(`${server.origin}/away`, { headers }))).toBe('/there');
    expect(textOf(await client.get(`${server.origin}/here`, { headers }))).toBe('/there');
    const [away, here] = [other.requests[0], server.requests[2]];
    expect(['authorization', 'cookie', 'x-other', 'host'].map((name) => fieldValues(away, name))).toEqual([
      [],
      [],
      ['yes'],
      [`127.0.0.1:${other.port}`],
    ]);
    expect(['authorization', 'cookie', 'host'].map((name) => fieldValues(here, name))).toEqual([
      ['Bearer secret'],
      ['a=1'],
      ['own.test'],
    ]);
    const stays = newClient({ hosts: { '*': { redirects: { to: 'same-origin' } } } });
    expect((await stays.get(`${server.origin}/away`)).retcode).toBe(302);
  });

  it('never leave TLS, and end at their limit, at an invalid location, and at the time limit of the call', async () => {
    const { key, cert } = createAuthority().issue({ names: ['localhost'] });
    const secure = await newServer((socket) => socket.write(redirect('http://127.0.0.1:1/')), {
      tls: { key, cert },
    });
    const trusting = newClient({ hosts: follow, tls: { verifyPeer: false } });
    expect((await trusting.get(secure.origin)).retcode).toBe(302);
    const loop = await newServer((socket) => socket.write(redirect('/')));
    const client = newClient({ hosts: { '*': { redirects: { max: 7 } } } });
    expect((await client.get(loop.origin)).retcode).toBe(302);
    expect(loop.requests).toHaveLength(8);
    for (const to of ['ftp://x/', 'http://[/', 'javascript:x', 'http://a b/']) {
      const nonsense = await newServer((socket) => socket.write(redirect(to)));
      expect((await client.get(nonsense.origin)).retcode).toBe(302);
    }
    const slow = await newServer((socket) => later(() => socket.write(redirect('/')), 30));
    const outcome = await newClient({ hosts: { '*': { redirects: { max: 20 } } } }).get(slow.origin, {
      timeout: 200,
    });
    expect(['timeout', 'response']).toContain(outcome.kind);
    expect(slow.requests.length).toBeLessThan(10);
  });
});

describe('cookies', () => {
  it('are returned to the origin that set them, across redirects too', async () => {
    const server = await newServer((socket, { target }) =>
      socket.write(
        target === '/login'
          ? 'HTTP/1.1 302 Found\r\nSet-Cookie: session=7; HttpOnly\r\nSet-Cookie: b=2; Path=/deep\r\nLocation: /home\r\nContent-Length: 0\r\n\r\n'
          : reply('x'),
      ),
    );
    const other = await newServer((socket) => socket.write(reply('x')));
    const client = newClient({ hosts: { '*': { cookies: {}, redirects: {} } } });
    await client.get(`${server.origin}/login`);
    await client.get(`${server.origin}/deep/er`);
    await client.get(`${server.origin}/`, { headers: { Cookie: 'own=1' } });
    await client.get(other.origin);
    expect(server.requests.slice(1).map((request) => fieldValues(request, 'cookie'))).toEqual([
      ['session=7'],
      ['b=2; session=7'],
      ['own=1'],
    ]);
    expect(fieldValues(other.requests[0], 'cookie')).toEqual([]);
  });

  it.each<[set: string, sent: string]>([
    ['a=1', 'a=1'],
    ['a="x y"', ''],
    ['a="xy"', 'a="xy"'],
    ['a=', 'a='],
    ['=1', ''],
    ['a', ''],
    ['a b=1', ''],
    ['a=1\u0007', ''],
    [`a=${'x'.repeat(5_000)}`, ''],
    ['a=1; Path=/x', 'a=1'],
    ['a=1; Path=/x/y', 'a=1'],
    ['a=1; Path=/other', ''],
    ['a=1; Path=/x/', 'a=1'],
    ['a=1; Domain=a.test', 'a=1'],
    ['a=1; Domain=.A.test', 'a=1'],
    ['a=1; Domain=test', ''],
    ['a=1; Domain=b.a.test', ''],
    ['a=1; Max-Age=0', ''],
    ['a=1; Max-Age=-1', ''],
    ['a=1; Max-Age=1', 'a=1'],
    ['a=1; Max-Age=soon', 'a=1'],
    ['a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT', ''],
    ['a=1; Expires=Wed, 01-Jan-2031 00:00:00 GMT', 'a=1'],
    ['a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=9', 'a=1'],
    ['a=1; Secure', ''],
    ['a=1; HttpOnly; SameSite=None', 'a=1'],
  ])('set by %s are sent as %s', (set, sent) => {
    const jar = new CookieJar('a.test', false);
    jar.set(set, '/x/y?z', 1_700_000_000_000);
    expect(jar.header('/x/y', 1_700_000_000_500)).toBe(sent);
  });

  it('are replaced, expire, and are limited', () => {
    const jar = new CookieJar('a.test', true);
    jar.set('a=1; Secure', '/', 0);
    jar.set('a=2', '/', 0);
    expect(jar.header('/', 0)).toBe('a=2');
    jar.set('a=; Max-Age=0', '/', 0);
    expect(jar.size).toBe(0);
    for (let i = 0; i < 1_000; i++) jar.set(`c${i}=1`, '/', 0);
    expect([jar.size, jar.header('/', 0).includes('c999')]).toEqual([50, true]);
  });
});
