import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escape, unescape } from '../../src/rest/index.ts';

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array).toString('latin1'));

describe('escape', () => {
  it.each([
    ['call@example.com&safe=false', 'call%40example.com%26safe%3Dfalse'],
    ['AZaz09-._~', 'AZaz09-._~'],
    [":/?#[]@!'()*+,;= ", '%3A%2F%3F%23%5B%5D%40%21%27%28%29%2A%2B%2C%3B%3D%20'],
    ['a\tb\nc\rd"e\\f', 'a%09b%0Ac%0Dd%22e%5Cf'],
    [Buffer.from('grüße €').toString('latin1'), 'gr%C3%BC%C3%9Fe%20%E2%82%AC'],
    ['', ''],
    ['\0', '%00'],
  ])('%j', (plain, escaped) => {
    expect(escape(plain)).toBe(escaped);
  });

  it('takes characters above 255 as UTF-8', () => {
    expect(escape('世\u{1f600}')).toBe('%E4%B8%96%F0%9F%98%80');
  });

  it('leaves only unreserved characters and percent signs', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => /^[A-Za-z0-9\-._~%]*$/.test(escape(text))),
    );
  });
});

describe('unescape', () => {
  it.each([
    ['1%2B1%3D2%21', '1+1=2!'],
    ['a+b%20c', 'a+b c'],
    ['%c3%bc%2f', '\xc3\xbc/'],
    ['a%2Gb%41', 'a%2GbA'],
    ['%', '%'],
    ['%4', '%4'],
    ['%%41', '%A'],
    ['100%25', '100%'],
    ['%zz', '%zz'],
    ['a%00b', 'a\0b'],
  ])('%j', (escaped, plain) => {
    expect(unescape(escaped)).toBe(plain);
  });

  it('undoes escape for any bytes', () => {
    fc.assert(fc.property(bytes, (text) => unescape(escape(text)) === text));
  });

  it('never throws and never grows', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => unescape(text).length <= text.length));
  });
});
