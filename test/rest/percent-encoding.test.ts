import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { percentDecode, percentEncode, RestOptionError, url } from '../../src/rest/index.ts';
import { newClient, newServer } from './fixture.ts';
import { reply } from './raw-server.ts';

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array).toString('latin1'));

describe('percentEncode', () => {
  it.each([
    ['call@example.com&safe=false', 'call%40example.com%26safe%3Dfalse'],
    ['AZaz09-._~', 'AZaz09-._~'],
    [":/?#[]@!'()*+,;= ", '%3A%2F%3F%23%5B%5D%40%21%27%28%29%2A%2B%2C%3B%3D%20'],
    ['a\tb\nc\rd"e\\f', 'a%09b%0Ac%0Dd%22e%5Cf'],
    ['grüße €', 'gr%C3%BC%C3%9Fe%20%E2%82%AC'],
    ['', ''],
    ['\0', '%00'],
    ['世\u{1f600}', '%E4%B8%96%F0%9F%98%80'],
    ['\ud800', '%EF%BF%BD'],
  ])('%j', (plain, encoded) => {
    expect(percentEncode(plain)).toBe(encoded);
  });

  it.each([
    [Buffer.from('grüße €').toString('latin1'), 'gr%C3%BC%C3%9Fe%20%E2%82%AC'],
    ['\xff', '%FF'],
    ['世\u{1f600}', '%E4%B8%96%F0%9F%98%80'],
  ])('%j as a byte string', (plain, encoded) => {
    expect(percentEncode(plain, 'latin1')).toBe(encoded);
  });

  it('leaves only unreserved characters and percent signs', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) =>
        /^[A-Za-z0-9\-._~%]*$/.test(percentEncode(text) + percentEncode(text, 'latin1')),
      ),
    );
  });
});

describe('percentDecode', () => {
  it.each([
    ['1%2B1%3D2%21', '1+1=2!'],
    ['a+b%20c', 'a+b c'],
    ['%c3%bc%2f', 'ü/'],
    ['ü%c3%bc€', 'üü€'],
    ['a%2Gb%41', 'a%2GbA'],
    ['%', '%'],
    ['%4', '%4'],
    ['%%41', '%A'],
    ['100%25', '100%'],
    ['%zz', '%zz'],
    ['a%00b', 'a\0b'],
    ['%ff', '\ufffd'],
  ])('%j', (encoded, plain) => {
    expect(percentDecode(encoded)).toBe(plain);
  });

  it('gives a byte string where it is asked to', () => {
    expect(percentDecode('%c3%bc%2f%ff', 'latin1')).toBe('\xc3\xbc/\xff');
  });

  it('undoes percentEncode for any text and any bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => percentDecode(percentEncode(text)) === text),
    );
    fc.assert(fc.property(bytes, (text) => percentDecode(percentEncode(text, 'latin1'), 'latin1') === text));
  });

  it('never throws and never grows', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => percentDecode(text).length <= text.length),
    );
  });
});

describe('the tag url', () => {
  it('encodes what is interpolated, and nothing else', () => {
    const user = 'alice & bob/../x?#é世';
    expect(url`http://127.0.0.1:8080/a%20b/${user}?n=${7}&on=${true}&big=${9n}&e=${''}#x`).toBe(
      'http://127.0.0.1:8080/a%20b/alice%20%26%20bob%2F..%2Fx%3F%23%C3%A9%E4%B8%96?n=7&on=true&big=9&e=#x',
    );
    expect(url`https://a.example/?back=${'https://b.example/'}`).toBe(
      'https://a.example/?back=https%3A%2F%2Fb.example%2F',
    );
    expect(`http://a.example${url`/${'x y'}`}`).toBe('http://a.example/x%20y');
  });

  it.each([null, undefined, {}, [], Symbol('x')])('refuses %s', (value) => {
    const call = () => url`http://a.example/${'x'}/${value as string}`;
    expect(call).toThrow(RestOptionError);
    expect(call).toThrow('invalid value 2 of the URL');
  });

  it.each([
    ['..', () => url`http://a.example/accounts/${'..'}/delete`],
    ['.', () => url`http://a.example/${'.'}`],
    ['of two values', () => url`/accounts/${'.'}${'.'}?x=1`],
  ])('refuses a whole segment %s', (_, call) => {
    expect(call).toThrow('would be a whole segment of the path');
  });

  it('takes dots within a segment, and in the query', () => {
    expect(url`http://a.example/${'..'}x/${'a.b'}?y=${'..'}`).toBe('http://a.example/..x/a.b?y=..');
  });

  it('refuses a URL as its first value, which it would encode as a whole', () => {
    expect(() => url`${'http://a.example'}/x`).toThrow('put it in front');
  });

  it('makes URLs that the client takes', async () => {
    const server = await newServer((socket) => socket.write(reply('x')));
    const outcome = await newClient().get(server.origin + url`/credit/${'a b/c'}?of=${'ü'}`);
    expect(outcome.rc).toBe(1);
    expect(server.requests[0]?.target).toBe('/credit/a%20b%2Fc?of=%C3%BC');
  });
});
