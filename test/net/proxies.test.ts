import { describe, expect, it } from 'vitest';
import { type Environment, Proxies } from '../../src/net/proxies.ts';

const chosen = (environment: Environment, scheme: 'http' | 'https', host: string): string => {
  const proxy = new Proxies(environment).of(scheme, host);
  if (proxy === null) return 'direct';
  return 'error' in proxy ? proxy.error : proxy.shown;
};

describe('the proxy of a request', () => {
  it.each<[Environment, string, string]>([
    [{}, 'direct', 'direct'],
    [{ http_proxy: 'http://p:1' }, 'p:1', 'direct'],
    [{ HTTP_PROXY: 'http://p:1' }, 'direct', 'direct'],
    [{ https_proxy: 'http://p:1' }, 'direct', 'p:1'],
    [{ HTTPS_PROXY: 'http://p:1' }, 'direct', 'p:1'],
    [{ https_proxy: 'http://p:1', HTTPS_PROXY: 'http://q:1' }, 'direct', 'p:1'],
    [{ all_proxy: 'p:1' }, 'p:1', 'p:1'],
    [{ ALL_PROXY: 'p:1', https_proxy: 'q:2' }, 'p:1', 'q:2'],
    [{ http_proxy: '', all_proxy: 'p:1' }, 'p:1', 'p:1'],
    [{ http_proxy: 'P' }, 'P:1080', 'direct'],
    [{ http_proxy: 'http://[::1]:3128/' }, '[::1]:3128', 'direct'],
    [{ http_proxy: 'http://u:s%40cret@p:3128' }, 'p:3128', 'direct'],
    [
      { http_proxy: 'socks5://u:secret@p:1' },
      'http_proxy has the unsupported scheme socks5, use an http:// proxy instead',
      'direct',
    ],
    [
      { https_proxy: 'u:secret@p:x' },
      'direct',
      'invalid https_proxy: use http://host:port or http://user:password@host:port',
    ],
    [
      { all_proxy: 'http://u:secret%0a@p:1' },
      ...both('invalid all_proxy: its user or password contains a control character'),
    ],
  ])('of %j is %s for http, %s for https', (environment, http, https) => {
    expect([chosen(environment, 'http', 'a.test'), chosen(environment, 'https', 'a.test')]).toEqual([
      http,
      https,
    ]);
  });

  it('gets its user and password', () => {
    const proxy = new Proxies({ http_proxy: 'http://us%40er:p%c3%a4ss@p:1' }).of('http', 'a.test');
    const expected = Buffer.from('us@er:päss').toString('base64');
    expect(proxy).toMatchObject({ hostname: 'p', port: 1, authorization: `Basic ${expected}` });
  });
});

function both(text: string): [string, string] {
  return [text, text];
}

describe('no_proxy', () => {
  it.each<[string, string[], string[]]>([
    ['*', ['a.test', '192.0.2.1'], []],
    ['a.test', ['a.test', 'x.a.test', 'a.test.'], ['ba.test', 'test', 'a.test.b']],
    ['.a.test', ['a.test', 'x.a.test'], ['ba.test']],
    ['A.TEST., b.test c.test', ['a.test', 'b.test', 'c.test'], ['d.test']],
    ['192.0.2.1', ['192.0.2.1'], ['192.0.2.10', 'x.192.0.2.1']],
    ['10.0.0.0/8,2001:db8::/32', ['10.255.0.1', '2001:db8::7'], ['11.0.0.1', '2001:db9::1', '10.a.test']],
    ['[::1]', ['::1'], ['::2']],
    ['10.0.0.0/99, *.a.test', [], ['10.0.0.1', 'x.a.test', '*']],
    ['', [], ['a.test']],
  ])('%s', (list, direct, proxied) => {
    const proxies = new Proxies({ http_proxy: 'p:1', no_proxy: list });
    for (const host of direct) expect([host, proxies.of('http', host)]).toEqual([host, null]);
    for (const host of proxied) expect([host, proxies.of('http', host)]).toEqual([host, expect.anything()]);
  });

  it('is read in lower case first', () => {
    expect(chosen({ http_proxy: 'p:1', NO_PROXY: 'a.test' }, 'http', 'a.test')).toBe('direct');
    expect(chosen({ http_proxy: 'p:1', no_proxy: 'b.test', NO_PROXY: 'a.test' }, 'http', 'a.test')).toBe(
      'p:1',
    );
  });
});
