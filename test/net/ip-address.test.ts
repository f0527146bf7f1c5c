import { isIP as nodeIsIP, isIPv6 as nodeIsIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isIP, isIPv6 } from '../../src/net/ip-address.ts';

const group = fc.stringMatching(/^[0-9a-fA-F]{0,5}$/);
const quad = fc.array(fc.oneof(fc.nat(300).map(String), fc.constantFrom('00', '01', '')), { maxLength: 5 });
const written = fc.oneof(
  fc.stringMatching(/^[0-9a-fA-F:.%xg]{0,24}$/),
  fc.array(group, { maxLength: 9 }).map((groups) => groups.join(':')),
  quad.map((parts) => parts.join('.')),
  fc
    .tuple(fc.array(group, { maxLength: 7 }), quad)
    .map(([groups, parts]) => [...groups, parts.join('.')].join(':')),
  fc.tuple(fc.ipV6(), fc.stringMatching(/^%?[\w.:~-]{0,5}$/)).map(([address, zone]) => address + zone),
  fc.ipV4(),
  fc.ipV6(),
);

describe('an IP address', () => {
  it('is recognized as Node does', () => {
    fc.assert(
      fc.property(written, (text) => {
        expect([text, isIP(text), isIPv6(text)]).toEqual([text, nodeIsIP(text), nodeIsIPv6(text)]);
      }),
      { numRuns: 20_000 },
    );
  });

  it.each([
    '',
    ':',
    '::',
    ':::',
    '::1',
    '1::',
    '1:2:3:4:5:6:7::',
    '::2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7:8',
    '1:2:3:4::5:6:7:8',
    '1:2:3:4:5:6:7:8:9',
    '::ffff:192.0.2.1',
    '1:2:3:4:5:6:192.0.2.1',
    '1:2:3:4:5:6:7:192.0.2.1',
    '::192.0.2.1:1',
    '::192.0.2',
    '192.0.2.1',
    '192.0.2.01',
    '192.0.2.256',
    '192.0.2.',
    '192.0.2.1.',
    '.192.0.2.1',
    'fe80::1%eth0',
    'fe80::1%',
    'fe80::1%a%b',
    '1::2::3',
    '12345::',
    '[::1]',
    ' ::1',
    '::1\n',
    '192.0.2.1\n',
    'a.b.c.d',
    '\u0101::1',
  ])('%j as well', (text) => {
    expect([isIP(text), isIPv6(text)]).toEqual([nodeIsIP(text), nodeIsIPv6(text)]);
  });
});
