import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseUrl } from '../../src/rest/url.ts';
import { newClient, newServer, reasonOf } from './fixture.ts';
import { fieldValues, reply } from './raw-server.ts';

const parts = (url: string): unknown => {
  const parsed = parseUrl(url);
  if ('error' in parsed) return parsed.error;
  const { scheme, hostname, port, host } = parsed.authority;
  return [scheme, hostname, port, host, parsed.path];
};

describe('a URL', () => {
  it.each([
    ['http://a.example/x?y', ['http', 'a.example', 80, 'a.example', '/x?y']],
    ['https://a.example', ['https', 'a.example', 443, 'a.example', '/']],
    ['a.example:8080/x', ['http', 'a.example', 8080, 'a.example:8080', '/x']],
    ['localhost', ['http', 'localhost', 80, 'localhost', '/']],
    ['HTTP://A.Example:80/X', ['http', 'a.example', 80, 'A.Example', '/X']],
    ['http://a.example:/x', ['http', 'a.example', 80, 'a.example', '/x']],
    ['http:/a.example/x', ['http', 'a.example', 80, 'a.example', '/x']],
    ['http://a.example?q', ['http', 'a.example', 80, 'a.example', '/?q']],
    ['http://a.example#f', ['http', 'a.example', 80, 'a.example', '/']],
    ['http://a.example/x?q#f?g', ['http', 'a.example', 80, 'a.example', '/x?q']],
    ['http://a.example/x/../y?p=/a/../b', ['http', 'a.example', 80, 'a.example', '/y?p=/a/../b']],
    ['http://a.example/./../x/./y/..', ['http', 'a.example', 80, 'a.example', '/x/']],
    ['http://a.example//x//y', ['http', 'a.example', 80, 'a.example', '//x//y']],
    ['http://a.example/.well-known', ['http', 'a.example', 80, 'a.example', '/.well-known']],
    ['http://a.example/"<>|{}^`\\%zz', ['http', 'a.example', 80, 'a.example', '/"<>|{}^`\\%zz']],
    ['http://a.example/\xc3\xbc?\xff', ['http', 'a.example', 80, 'a.example', '/%c3%bc?\xff']],
    ['http://[::1]:8080/', ['http', '::1', 8080, '[::1]:8080', '/']],
    ['http://[FE80::1%25eth0]/', ['http', 'fe80::1%eth0', 80, '[fe80::1]', '/']],
    ['http://127.1/', ['http', '127.0.0.1', 80, '127.0.0.1', '/']],
    ['http://017700000001/', ['http', '127.0.0.1', 80, '127.0.0.1', '/']],
    ['http://00000000177.0x0.0.01/', ['http', '127.0.0.1', 80, '127.0.0.1', '/']],
    ['http://0x00000000007f000001/', ['http', '127.0.0.1', 80, '127.0.0.1', '/']],
    ['http://040000000000/', ['http', '040000000000', 80, '040000000000', '/']],
    ['http://127.0.65536/', ['http', '127.0.65536', 80, '127.0.65536', '/']],
    ['http://0x7f000001/', ['http', '127.0.0.1', 80, '127.0.0.1', '/']],
    ['http://0177.0.0.1/', ['http', '127.0.0.1', 80, '127.0.0.1', '/']],
    ['http://017700000001/', ['http', '127.0.0.1', 80, '127.0.0.1', '/']],
    ['http://2130706433/', ['http', '127.0.0.1', 80, '127.0.0.1', '/']],
    [
      'http://0x00000000000007f.0.00000000000000000x1/',
      ['http', '0x00000000000007f.0.00000000000000000x1', 80, '0x00000000000007f.0.00000000000000000x1', '/'],
    ],
    ['http://0x0000000000007f.00.000000000000000001/', ['http', '127.0.0.1', 80, '127.0.0.1', '/']],
    ['http://u\\:p\\@127.65535/', ['http', '127.0.255.255', 80, '127.0.255.255', '/']],
    ['http://127.0.0.08/', ['http', '127.0.0.08', 80, '127.0.0.08', '/']],
    ['http://0x.0.0.1/', ['http', '0x.0.0.1', 80, '0x.0.0.1', '/']],
    ['http://4294967296/', ['http', '4294967296', 80, '4294967296', '/']],
    ['http://0x7f00000001/', ['http', '0x7f00000001', 80, '0x7f00000001', '/']],
    ['http://1.2.3.4.5/', ['http', '1.2.3.4.5', 80, '1.2.3.4.5', '/']],
    ['http://\xc3\xbc.example/', ['http', 'xn--tda.example', 80, 'xn--tda.example', '/']],
    ['http://a_b.example/', ['http', 'a_b.example', 80, 'a_b.example', '/']],
    ['http://[0:0:0::1]/', ['http', '0:0:0::1', 80, '[::1]', '/']],
    ['http://%61.example/', ['http', 'a.example', 80, 'a.example', '/']],
  ])('%j is read as libcurl reads it', (url, expected) => {
    expect(parts(url)).toEqual(expected);
  });

  it.each([
    ['', 'empty'],
    ['http://', 'host name'],
    ['http:///', 'host name'],
    ['http:////a.example/', 'host name'],
    ['http://u:p@a@b.example/', 'host name'],
    ['gopherx://a.example/', 'scheme gopherx is not supported'],
    ['http://a b/', 'space'],
    ['http://a/\r\nX: y', 'control character'],
    ['http://a/\0', 'control character'],
    ['http://a/\x7f', 'control character'],
    ['http://a/\u4e16', 'above 255'],
    ['http://a:70000/', 'above 65535'],
    ['http://a:x/', 'not a number'],
    ['http://[::1/', 'IPv6'],
    ['http://[::zz]/', 'IPv6'],
    ['http://[::1]x/', 'after its IPv6'],
    ['http://a%00b/', 'host name'],
    ['http://a%20b/', 'host name'],
    ['http://a|b/', 'host name'],
    ['http://a\\/', 'host name'],
    ['http://a\\b.example/', 'host name'],
    ['http://127.0.0.1\\x:80/', 'host name'],
    ['http://u%0d:p@a/', 'control character'],
    ['http://a\\b/', 'host name'],
  ])('%j cannot be used', (url, reason) => {
    expect(parts(url)).toEqual(expect.stringContaining(reason));
  });

  it('never throws, and results are safe in a request line', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl({ withQueryParameters: true })),
        (url) => {
          const parsed = parseUrl(url);
          if ('error' in parsed) return;
          expect(parsed.path).toMatch(/^\/[\x21-\x7e\x80-\xff]*$/);
          expect(parsed.authority.host).toMatch(/^[\x21-\x7e]+$/);
        },
      ),
    );
  });

  it('that cannot be used is -10 with status 0, and sends nothing', async () => {
    const client = newClient();
    for (const url of ['', 'gopherx://127.0.0.1/x', 'http://127.0.0.1/a b', 'http://127.0.0.1/\r\nX-A: b']) {
      expect(await client.get(url)).toMatchObject({ rc: -10, retcode: 0 });
    }
  });

  it('without a host never reaches the host of another', async () => {
    const server = await newServer((socket) => socket.write(reply('x')));
    const client = newClient();
    expect((await client.get(`http:///127.0.0.1:${server.port}/x`)).rc).toBe(1); // libcurl forgives three slashes
    for (const url of ['http:///', 'http://', 'http://?x']) expect((await client.get(url)).rc).toBe(-10);
    expect(server.requests).toHaveLength(1);
  });

  it('is sent unchanged as a byte string, except for bytes above 127 in its path, with Host', async () => {
    const server = await newServer((socket) => socket.write(reply('x')));
    const client = newClient();
    const odd = '/"<>|{}^`/\xc3\xbc//x?a="b"&c=\xff#gone';
    for (const prefix of [server.origin, `127.0.0.1:${server.port}`, `http:/127.1:${server.port}`]) {
      await client.get(prefix + odd, { encoding: 'latin1' });
    }
    expect(server.requests.map((r) => r.target)).toEqual(Array(3).fill('/"<>|{}^`/%c3%bc//x?a="b"&c=\xff'));
    for (const request of server.requests) {
      expect(fieldValues(request, 'host')).toEqual([`127.0.0.1:${server.port}`]);
    }
    expect(server.connections).toBe(1);
  });

  it('with user and password becomes Basic, decoded, unless the caller authorizes', async () => {
    const server = await newServer((socket) => socket.write(reply('x')));
    const client = newClient();
    const url = `http://joe:s%40c%C3%BC:ret@127.0.0.1:${server.port}/`;
    await client.get(url);
    await client.get(url, { headers: { Authorization: 'Bearer t' } });
    await client.get(`http://joe@127.0.0.1:${server.port}/`);
    const sent = server.requests.map((r) => fieldValues(r, 'authorization'));
    expect(sent).toEqual([
      [`Basic ${Buffer.from('joe:s@cü:ret').toString('base64')}`],
      ['Bearer t'],
      [`Basic ${Buffer.from('joe:').toString('base64')}`],
    ]);
  });
});

describe('secrets', () => {
  it('of URL and header never reach the log, the reason or the diagnostics', async () => {
    const said: string[] = [];
    const client = newClient({
      timeout: 200,
      connectTimeout: 100,
      log: (level, message) => said.push(level + message),
    });
    const server = await newServer((socket) => socket.end('garbage'));
    const options = { headers: { Authorization: 'Bearer hush' } };
    for (const url of [
      `http://joe:s3cret@127.0.0.1:${server.port}/x?key=hush`,
      'http://joe:s3cret@no-such-host.invalid/x?key=hush',
      'http://joe:s3/cret@127.0.0.1/?hush',
      'http://joe:s3cret@127.0.0.1:port/hush',
      'http://joe:s3cret %@127.0.0.1/hush',
    ]) {
      said.push(reasonOf(await client.get(url, options)));
    }
    expect(said.length).toBeGreaterThanOrEqual(10);
    for (const line of said) expect(line).not.toMatch(/s3|cret|hush/);
  });
});
