import { describe, expect, it } from 'vitest';
import {
  blacklistMatcher,
  formatBlacklistRule,
  parseBlacklist,
  parseBlacklistRule,
} from '../../src/sip/blacklist-rules.ts';

const list = (text: string) => {
  const read = parseBlacklist(text);
  return 'invalid' in read
    ? read.invalid
    : [read.name, [...read.flags].join(), ...read.rules.map(formatBlacklistRule)];
};

describe('a definition', () => {
  it.each([
    [
      'gw:{( tcp , 192.0.2.100 , 5060 , "" ),( any , 192.0.2.101 , 0 , "" )}',
      ['gw', 'readonly', 'tcp,192.0.2.100,5060,""', 'any,192.0.2.101,0,""'],
    ],
    ['net/default, expire', ['net', 'default,expire']],
    ['net : !192.0.2.0/24', ['net', 'readonly', '!any,192.0.2.0/24,0,""']],
    ['net:{!(any,192.0.2.0/255.255.255.0)}', ['net', 'readonly', '!any,192.0.2.0/24,0,""']],
    ['six:{([2001:db8::]/32, 5060)}', ['six', 'readonly', 'any,2001:db8::/32,5060,""']],
    [
      'words:{(192.0.2.1,0,"MESSAGE*(a), \\"b\\"*")}',
      ['words', 'readonly', 'any,192.0.2.1,0,"MESSAGE*(a), \\"b\\"*"'],
    ],
    ['net/often', 'unknown flag "often": use expire, default, readonly'],
    ['net:{(udp)}', 'invalid rule "udp": use [!][transport,]network[,port[,pattern]]'],
    [
      'net:{(smoke,192.0.2.1)}',
      'invalid rule "smoke,192.0.2.1": use [!][transport,]network[,port[,pattern]]',
    ],
    [
      'net:{(any,192.0.2.1/33)}',
      'invalid rule "any,192.0.2.1/33": use [!][transport,]network[,port[,pattern]]',
    ],
    [
      'net:{(any,192.0.2.1,70000)}',
      'invalid rule "any,192.0.2.1,70000": use [!][transport,]network[,port[,pattern]]',
    ],
    ['net:{192.0.2.1}', 'invalid rule "192.0.2.1"'],
    ['', 'use NAME:{(transport, network, port, "pattern")}'],
  ])('%s is %j', (text, expected) => {
    expect(list(text)).toEqual(expected);
  });
});

it.each([
  ['any,192.0.2.0/24', 'udp', '192.0.2.9', 5060, true],
  ['any,192.0.2.0/24', 'udp', '192.0.3.9', 5060, false],
  ['any,192.0.2.0/24', 'udp', '2001:db8::1', 5060, false],
  ['!any,192.0.2.0/24', 'udp', '192.0.3.9', 5060, true],
  ['tcp,192.0.2.1', 'udp', '192.0.2.1', 5060, false],
  ['tcp,192.0.2.1', 'any', '192.0.2.1', 0, false],
  ['192.0.2.1,5061', 'tls', '192.0.2.1', 5061, true],
  ['192.0.2.1,5061', 'tls', '192.0.2.1', 0, false],
  ['192.0.2.1,0,"INVITE*"', 'udp', '192.0.2.1', 5060, true],
  ['192.0.2.1,0,"MESSAGE*"', 'udp', '192.0.2.1', 5060, false],
  ['!192.0.2.1,0,"MESSAGE*"', 'udp', '192.0.2.1', 5060, true],
])('the rule %s and %s:%s:%i: %s', (text, transport, address, port, matches) => {
  const rule = parseBlacklistRule(text);
  if ('invalid' in rule) throw new Error(rule.invalid);
  const has = (pattern: string) => pattern === 'INVITE*';
  expect(blacklistMatcher(rule)({ transport, address, port }, has)).toBe(matches);
});
