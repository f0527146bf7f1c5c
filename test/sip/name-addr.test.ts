import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseNameAddr, parseNameAddrs } from '../../src/sip/name-addr.ts';

const read = (text: string) => {
  const address = parseNameAddr(text);
  return address && [address.display, address.uri, address.params];
};

describe('parseNameAddr', () => {
  it.each([
    ['"Bob" <sip:bob@x.example>;tag=12;q=1', '"Bob"', 'sip:bob@x.example', 'tag=12;q=1'],
    ['Token Name <sip:tn@x.example>;tag=9', 'Token Name', 'sip:tn@x.example', 'tag=9'],
    ['<sip:p@x.example;user=phone>;tag=8;x=y', null, 'sip:p@x.example;user=phone', 'tag=8;x=y'],
    ['sip:bob@x.example;tag=1', null, 'sip:bob@x.example', 'tag=1'],
    ['tel:+1-201-555-0123', null, 'tel:+1-201-555-0123', null],
    ['"A \\"B\\" <c>, \\\\" <sip:a@b> ; tag = t', '"A \\"B\\" <c>, \\\\"', 'sip:a@b', 'tag = t'],
    ['""<sip:a@b>', '""', 'sip:a@b', null],
    ['  < sip:a@b >  ', null, 'sip:a@b', null],
    ['J\xc3\xb6rg <sip:j@x>', 'J\xc3\xb6rg', 'sip:j@x', null],
    ['*', null, '*', null],
  ])('parses %s', (text, display, uri, params) => {
    expect(read(text)).toEqual([display, uri, params]);
  });

  it('returns tag, parameters, URI parts and the length of the address', () => {
    const address = parseNameAddr('"Bob" <sip:bob@x.example>;TAG=12;q="0,5"');
    expect(address?.tag).toBe('12');
    expect(address?.parameter('Q')).toBe('0,5');
    expect(address?.parameter('x')).toBeNull();
    expect(address?.uriParts?.user).toBe('bob');
    expect(address?.addressLength).toBe(25);
    expect(parseNameAddr('sip:bob@x;tag=')?.tag).toBeNull();
  });

  it.each([
    '',
    '   ',
    'bob',
    '"open <sip:a@b>',
    '<sip:a@b',
    '"x" y <sip:a@b>',
    '<sip:a@b>x',
    'a b@c',
    '<>',
    '<nouri>',
  ])('refuses %j', (text) => {
    expect(parseNameAddr(text)).toBeNull();
  });
});

describe('parseNameAddrs', () => {
  it('parses a list, whose first element parseNameAddr reads too', () => {
    const list = '"first, x" <sip:a@b>;q=1, <sip:c@d>,sip:e@f;x=y';
    expect(parseNameAddrs(list)?.map(({ uri, params }) => [uri, params])).toEqual([
      ['sip:a@b', 'q=1'],
      ['sip:c@d', null],
      ['sip:e@f', 'x=y'],
    ]);
    expect(read(list)).toEqual(['"first, x"', 'sip:a@b', 'q=1']);
    expect(parseNameAddrs('<sip:a@b>, bad')).toBeNull();
    expect(parseNameAddrs(' , ')).toBeNull();
  });

  it('never throws', () => {
    const text = fc.string({ unit: fc.constantFrom(...'sip:a@b<>",;= \\*\r\n\xff') });
    fc.assert(
      fc.property(text, (value) => {
        for (const address of parseNameAddrs(value) ?? []) {
          expect(value).toContain(address.text);
          expect(address.uri).not.toBe('');
          address.parameter('tag');
        }
        parseNameAddr(value);
      }),
      { numRuns: 3000 },
    );
  });
});
