import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatUri,
  parseHostPort,
  parseUri,
  type Uri,
  uriKind,
  uriParameter,
  withHost,
  withParams,
  withPort,
  withUser,
} from '../../src/sip/uri.ts';

const none = { user: null, password: null, host: null, port: null, params: null, headers: null };

const cases: [text: string, parts: Partial<Uri>][] = [
  ['sip:biloxi.com', { host: 'biloxi.com' }],
  ['sip:bob@biloxi.example.com', { user: 'bob', host: 'biloxi.example.com' }],
  [
    'sips:bob;day=tuesday@biloxi.example.com:5061;transport=tls?subject=x',
    {
      user: 'bob;day=tuesday',
      host: 'biloxi.example.com',
      port: 5061,
      params: 'transport=tls',
      headers: 'subject=x',
    },
  ],
  ['sip:bob@[2001:db8::1]:5070', { user: 'bob', host: '[2001:db8::1]', port: 5070 }],
  ['sip:[::ffff:192.0.2.10]', { host: '[::ffff:192.0.2.10]' }],
  ['sip:alice:secret@10.0.0.1', { user: 'alice', password: 'secret', host: '10.0.0.1' }],
  ['sip:alice:@10.0.0.1', { user: 'alice', password: '', host: '10.0.0.1' }],
  ['sip:1234?x@host', { user: '1234?x', host: 'host' }],
  [
    'SIP:+358-555-1234567;phone-context=a.b@gw.example;user=phone',
    { user: '+358-555-1234567;phone-context=a.b', host: 'gw.example', params: 'user=phone' },
  ],
  ['sip:%61lice%40x@host', { user: '%61lice%40x', host: 'host' }],
  ['sip:host;lr;maddr=239.255.255.1', { host: 'host', params: 'lr;maddr=239.255.255.1' }],
  ['sip:host;', { host: 'host', params: '' }],
  ['sip:host?a=1&b=2', { host: 'host', headers: 'a=1&b=2' }],
  ['sip:j\xe9r\xf4me@host', { user: 'j\xe9r\xf4me', host: 'host' }],
  [
    'tel:+358-555-1234567;phone-context=example.com',
    { user: '+358-555-1234567', params: 'phone-context=example.com' },
  ],
  ['tel:911', { user: '911' }],
];

describe('parseUri', () => {
  it.each(cases)('parses %s', (text, parts) => {
    const scheme = text.slice(0, text.indexOf(':'));
    expect(parseUri(text)).toEqual({ ...none, scheme, ...parts });
    expect(formatUri(parseUri(text) as Uri)).toBe(text);
  });

  it.each([
    '',
    'nonsense',
    'sip:',
    'sip:@',
    'sip:bob@',
    'tel:',
    'http://example.com/',
    'sip:bob@host:port',
    'sip:bob@host:70000',
    'sip:bob@host:',
    'sip:bob@ho st',
    'sip:bob@host\r\nEvil: 1',
    'sip:bob@<host>',
    'sip:a@b@c',
    'sip:bob@[2001:db8::zz]',
    'sip:bob@[::1',
    'sip:bob@2001:db8::1',
  ])('refuses %j', (text) => {
    expect(parseUri(text)).toBeNull();
  });

  it('never throws, and whatever it accepts survives formatting', () => {
    const part = fc.string({ unit: fc.constantFrom(...'ab1:;?@=&%[]. +-\x00\xff<>"') });
    fc.assert(
      fc.property(fc.constantFrom('sip:', 'sips:', 'tel:', 'SIP:', ''), part, (scheme, rest) => {
        const uri = parseUri(scheme + rest);
        if (uri !== null) expect(parseUri(formatUri(uri))).toEqual(uri);
      }),
      { numRuns: 3000 },
    );
  });
});

it('matches URI parameters case-insensitively', () => {
  const uri = parseUri('sip:host;Transport=TCP;lr;ttl=15') as Uri;
  expect([uriParameter(uri, 'transport'), uriParameter(uri, 'lr'), uriParameter(uri, 'maddr')]).toEqual([
    'TCP',
    '',
    null,
  ]);
  expect(uriKind(parseUri('SIPS:host') as Uri)).toBe('sips');
});

describe('changing a URI', () => {
  const uri = parseUri('sip:bob:pw@biloxi.example.com:5062;lr?a=b') as Uri;
  const text = (changed: Uri | null) => changed && formatUri(changed);

  it('replaces one part and leaves the rest unchanged', () => {
    expect(text(withUser(uri, 'carol'))).toBe('sip:carol:pw@biloxi.example.com:5062;lr?a=b');
    expect(text(withUser(uri, null))).toBe('sip:biloxi.example.com:5062;lr?a=b');
    expect(text(withHost(uri, '10.1.2.3'))).toBe('sip:bob:pw@10.1.2.3:5062;lr?a=b');
    expect(text(withHost(uri, '::1'))).toBe('sip:bob:pw@[::1]:5062;lr?a=b');
    expect(text(withPort(uri, null))).toBe('sip:bob:pw@biloxi.example.com;lr?a=b');
    expect(text(withParams(uri, 'transport=udp'))).toBe(
      'sip:bob:pw@biloxi.example.com:5062;transport=udp?a=b',
    );
  });

  it('rejects parts that would change the meaning of others', () => {
    expect(withUser(uri, 'a@evil.example')).toBeNull();
    expect(withUser(uri, 'a:b')).toBeNull();
    expect(withUser(uri, 'a b')).toBeNull();
    expect(withUser(uri, 'a\r\nX: y')).toBeNull();
    expect(withHost(uri, 'evil.example;lr')).toBeNull();
    expect(withHost(uri, '')).toBeNull();
    expect(withPort(uri, 65_536)).toBeNull();
    expect(withPort(uri, -1)).toBeNull();
    expect(withParams(uri, 'lr?x=y')).toBeNull();
  });
});

it('separates host and port', () => {
  expect(parseHostPort('example.com:5080')).toEqual({ host: 'example.com', port: 5080 });
  expect(parseHostPort('[::1]:5080')).toEqual({ host: '[::1]', port: 5080 });
  expect(parseHostPort('[::1]')).toEqual({ host: '[::1]', port: null });
  for (const bad of ['', ':5060', '::1', '[::1]x', 'a:b', 'a b']) expect(parseHostPort(bad)).toBeNull();
});
