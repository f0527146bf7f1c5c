import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatHostPort, parseVia } from '../../src/sip/via.ts';

describe('parseVia', () => {
  it('parses a value', () => {
    const via = parseVia('SIP/2.0/UDP 127.0.0.1:18086;branch=z9hG4bKx;received=10.0.0.1;rport');
    expect(via).toMatchObject({
      name: 'SIP',
      version: '2.0',
      transport: 'UDP',
      host: '127.0.0.1',
      port: 18086,
      params: 'branch=z9hG4bKx;received=10.0.0.1;rport',
      comment: null,
      branch: 'z9hG4bKx',
      received: '10.0.0.1',
      rport: '',
    });
  });

  it.each([
    [
      'SIP / 2.0 / TLS  first.example.com : 4000 ; ttl = 16 ; branch=b (a comment)',
      'TLS',
      'first.example.com',
      4000,
      'ttl = 16 ; branch=b',
      'a comment',
    ],
    ['SIP/2.0/UDP [2001:db8::9]:5070;branch=z', 'UDP', '[2001:db8::9]', 5070, 'branch=z', null],
    ['SIP/2.0/TCP host', 'TCP', 'host', null, null, null],
    ['SIP/2.0/UDP a.b.c, SIP/2.0/UDP d', 'UDP', 'a.b.c', null, null, null],
    ['SIP/2.0/UDP host;x="(;,"', 'UDP', 'host', null, 'x="(;,"', null],
    ['SIP/2.0/UDP under_score.example;branch=b', 'UDP', 'under_score.example', null, 'branch=b', null],
  ])('reads %s', (text, transport, host, port, params, comment) => {
    expect(parseVia(text)).toMatchObject({ transport, host, port, params, comment });
  });

  it.each([
    '',
    'nonsense',
    'SIP/2.0 host',
    'SIP/2.0/UDP',
    'SIP/2.0/UDP host:99999',
    'SIP/2.0/UDP host x',
    'SIP/2.0/UDP [::1;a',
    'SIP/2.0/UDP host;a="open',
    'SIP/2.0/UDP h:o;a',
  ])('refuses %j', (text) => {
    expect(parseVia(text)).toBeNull();
  });

  it('adds the default port of the sent-by and ignores its case', () => {
    expect(parseVia('SIP/2.0/UDP Host.Example')?.sentBy).toBe('host.example:5060');
    expect(parseVia('SIP/2.0/TLS Host.Example')?.sentBy).toBe('host.example:5061');
  });

  it('never throws, and takes linear time for long hostile values', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'SIP/2.0UD :;,=()[]"\\ar\r\n\xff') }), (rest) => {
        for (const text of [rest, `SIP/2.0/UDP ${rest}`, `SIP/2.0/UDP h;${rest}`])
          parseVia(text)?.stamped('10.0.0.1', 5060, true);
      }),
      { numRuns: 3000 },
    );
    for (const filler of [' ', 'a', ';', '(', '"', '\\"', ';rport', ' /'])
      for (const head of ['', 'SIP/2.0/UDP ', 'SIP/2.0/UDP h', 'SIP/2.0/UDP h;'])
        parseVia(head + filler.repeat(60_000 / filler.length))?.stamped('10.0.0.1', 1, false);
  });
});

describe('stamped', () => {
  const stamped = (text: string, force = false) => parseVia(text)?.stamped('192.0.2.9', 40_000, force);

  it('adds received, and the port if requested', () => {
    expect(stamped('SIP/2.0/UDP h:1;branch=b')).toBe('SIP/2.0/UDP h:1;received=192.0.2.9;branch=b');
    expect(stamped('SIP/2.0/UDP h')).toBe('SIP/2.0/UDP h;received=192.0.2.9');
    expect(stamped('SIP/2.0/UDP h;rport;branch=b')).toBe(
      'SIP/2.0/UDP h;received=192.0.2.9;rport=40000;branch=b',
    );
    expect(stamped('SIP/2.0/UDP h;branch=b', true)).toBe(
      'SIP/2.0/UDP h;received=192.0.2.9;branch=b;rport=40000',
    );
  });

  it('adds nothing if the sender is where it says, unless the port is wanted', () => {
    expect(stamped('SIP/2.0/UDP 192.0.2.9:1;branch=b')).toBe('SIP/2.0/UDP 192.0.2.9:1;branch=b');
    expect(stamped('SIP/2.0/UDP 192.0.2.9;rport')).toBe(
      'SIP/2.0/UDP 192.0.2.9;received=192.0.2.9;rport=40000',
    );
  });

  it('puts rport before the other parameters if asked', () => {
    const via = parseVia('SIP/2.0/UDP h;branch=b;rport;x');
    expect(via?.stamped('192.0.2.9', 40_000, false, { rportFirst: true })).toBe(
      'SIP/2.0/UDP h;received=192.0.2.9;rport=40000;branch=b;x',
    );
  });

  it('replaces what the sender claims, and keeps comments at the end', () => {
    expect(stamped('SIP/2.0/UDP h;received=6.6.6.6;rport=7;RPORT=8 (c)')).toBe(
      'SIP/2.0/UDP h;received=192.0.2.9;rport=40000 (c)',
    );
  });

  it('writes an IPv6 address without brackets or zone (25.1, via-received)', () => {
    expect(parseVia('SIP/2.0/UDP [fe80::2]')?.stamped('fe80::1%eth0', 5060, false)).toBe(
      'SIP/2.0/UDP [fe80::2];received=fe80::1',
    );
    expect(parseVia('SIP/2.0/UDP [fe80::1]')?.stamped('fe80::1%eth0', 5060, false)).toBe(
      'SIP/2.0/UDP [fe80::1]',
    );
  });
});

it('formats host and port', () => {
  expect([formatHostPort('::1', 5060), formatHostPort('10.0.0.1', 5060), formatHostPort('h', null)]).toEqual([
    '[::1]:5060',
    '10.0.0.1:5060',
    'h',
  ]);
});
