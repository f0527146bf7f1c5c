import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findParameter, parseParameters, splitList } from '../../src/sip/parameters.ts';

describe('parseParameters', () => {
  it('lists names and values in order', () => {
    expect(parseParameters('a=1;b=two;c')).toEqual([
      { name: 'a', value: '1' },
      { name: 'b', value: 'two' },
      { name: 'c', value: null },
    ]);
  });

  it('accepts a leading semicolon, white space, empty values and quotes', () => {
    expect(parseParameters(';a = 1 ; b= ;;\tc="x;y=\\"z" ')).toEqual([
      { name: 'a', value: '1' },
      { name: 'b', value: '' },
      { name: 'c', value: 'x;y=\\"z' },
    ]);
    expect(parseParameters('')).toEqual([]);
  });

  it('rejects an unclosed quote and a value without a name', () => {
    expect(parseParameters('a="x')).toBeNull();
    expect(parseParameters('a=1;=2')).toBeNull();
  });
});

describe('findParameter', () => {
  it('distinguishes a missing parameter from one without a value', () => {
    expect(findParameter('lr;Q=0.7;x="a;q=1"', 'q')).toBe('0.7');
    expect(findParameter('lr;q=0.7', 'lr')).toBe('');
    expect(findParameter('lr;q=0.7', 'l')).toBeNull();
    expect(findParameter('x="a;q=1"', 'q')).toBeNull();
    expect(findParameter('rport2=1;rport', 'rport')).toBe('');
  });

  it('finds what parseParameters lists', () => {
    const text = fc.string({ unit: fc.constantFrom(...'aAb=; "\\1') });
    fc.assert(
      fc.property(text, (list) => {
        const parameters = parseParameters(list);
        findParameter(list, 'a');
        for (const { name } of parameters ?? []) {
          const first = parameters?.find((one) => one.name.toLowerCase() === name.toLowerCase());
          expect(findParameter(list, name)).toBe(first?.value ?? '');
        }
      }),
      { numRuns: 3000 },
    );
  });
});

it('splits lists at commas outside quotes and angle brackets', () => {
  expect(splitList('"a, b" <sip:a,b@c;x="1,2">;q=1 , <sip:d>,, e')).toEqual([
    '"a, b" <sip:a,b@c;x="1,2">;q=1',
    '<sip:d>',
    'e',
  ]);
  expect(splitList(' ')).toEqual([]);
  expect(splitList('"open, quote')).toEqual(['"open, quote']);
});
