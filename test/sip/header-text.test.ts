import { describe, expect, it } from 'vitest';
import { canonicalHeaderName, headerKey, isToken } from '../../src/sip/header-names.ts';
import { headerText, headerTextKeys, NO_HEADERS, oneLine } from '../../src/sip/header-text.ts';

describe('headerText', () => {
  it('accepts header lines and ends each with CRLF', () => {
    expect(headerText('X-A: 1')).toBe('X-A: 1\r\n');
    expect(headerText('X-A: 1\r\nX-B : two\n')).toBe('X-A: 1\r\nX-B : two\r\n');
    expect(headerText('X-A: 1,\r\n  2\r\n')).toBe('X-A: 1,\r\n  2\r\n');
    expect(headerText('')).toBe(NO_HEADERS);
  });

  it.each([
    'X-A',
    ': 1',
    'X A: 1',
    'X-A: 1\r\n\r\nbody',
    '\r\nX-A: 1',
    'X-A: 1\rX-B: 2',
    'X-A: \0',
    ' folded: first',
    'X-A: 1\r\n \r\n',
    'Content-Length: 9',
    'l: 9',
  ])('refuses %j', (text) => {
    expect(headerText(text)).toBeNull();
  });

  it('knows which headers it has', () => {
    const text = headerText('m: <sip:a@b>\r\n X: no\r\nUser-Agent: x');
    expect([...headerTextKeys(text ?? NO_HEADERS)]).toEqual(['contact', 'user-agent']);
  });
});

it('compares header names by their full form', () => {
  expect(['v', 'V', 'VIA', 'Via', 'call-ID', 'I', 'X-Own'].map(headerKey)).toEqual([
    'via',
    'via',
    'via',
    'via',
    'call-id',
    'call-id',
    'x-own',
  ]);
  expect(['cseq', 'i', 'www-authenticate', 'X-own'].map(canonicalHeaderName)).toEqual([
    'CSeq',
    'Call-ID',
    'WWW-Authenticate',
    'X-own',
  ]);
  expect(["a-z.!%*_+`'~", '', 'a b', 'a:b', 'a\xe9'].map(isToken)).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
});

it('keeps text on one line', () => {
  expect(oneLine('a\r\n\0b\tc')).toBe('a b c');
  expect(oneLine('plain \xff')).toBe('plain \xff');
});
