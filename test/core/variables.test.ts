import { describe, expect, test } from 'vitest';
import { coreVariables } from '../../src/core/tables.ts';
import { variableExamples } from '../../src/core/variables/examples.ts';
import { printed, runScript } from '../support/run-script.ts';
import { sampleRequest } from '../support/sample-request.ts';

/** What a clock, a process or a terminal decides. */
const changing = ['mb', 'ml', 'mi', 'pp', 'Ts', 'Tsm', 'TS', 'Tf', 'time', 'cfg_line', 'cfg_file', 'C'];

describe('the examples of the reference', () => {
  for (const { name, example } of coreVariables) {
    if (example === undefined) continue;
    test(`$${name}: ${example.text}`, async () => {
      const { prints, log } = await runScript(`${example.script ?? ''}\nxlog("${example.text}");`);
      expect(prints, log.join('\n')).toEqual([example.prints]);
    });
  }

  test('cover every variable, and no other', () => {
    const names = coreVariables.map(({ name }) => name);
    expect(names.filter((name) => variableExamples[name] === undefined)).toEqual(changing);
    expect(Object.keys(variableExamples).filter((name) => !names.includes(name))).toEqual([]);
  });
});

test('no name stands twice', () => {
  const names = coreVariables.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

describe('of the message', () => {
  const multipart = sampleRequest
    .replace('Content-Type: application/sdp', 'Content-Type: multipart/mixed;boundary="b 1"')
    .replace(
      /\n\nv=0[\s\S]*$/,
      '\n\npreamble\n--b 1\nContent-Type: application/sdp\n\nv=0\n--b 1\nContent-Type: text/plain;charset=utf-8\nX: 1\n\nhello\n\n--b 1\n\nbare\n--b 1--\nepilogue',
    );

  test.each([
    ['$(cT[0])|$(cT[-2])|$(cT[-1])|$(cT[7])', 'application/sdp|text/plain|text/plain|<null>'],
    ['$(cT[*])', 'multipart/mixed;boundary="b 1", application/sdp, text/plain, text/plain'],
    ['$(rb[0])|$(rb[-1])|$(rb[3])', 'v=0|bare|<null>'],
    ['$rb(text/plain)|$(rb(application/sdp)[-1])|$rb(x/y)', 'hello\r\n|v=0|<null>'],
  ])('%s of a multipart body', async (text, expected) => {
    expect(await printed(text, { request: multipart })).toBe(expected);
  });

  test('a plain body is its only part', async () => {
    const request = sampleRequest.replace('application/sdp', 'Application/SDP ;charset=utf-8');
    expect(await printed('$(cT[0])|$(cT[-1])|$(cT[1])|$(rb[0]{s.substr,0,3})', { request })).toBe(
      'application/sdp|application/sdp|<null>|v=0',
    );
    expect(await printed('$cT|$(cT[*])')).toBe('application/sdp|application/sdp');
  });

  test('without a body, only the header has a type', async () => {
    const request = sampleRequest.replace(/\n\n[\s\S]*$/, '\n\n');
    expect(await printed('$cT|$(cT[0])|$(rb[0])', { request })).toBe('application/sdp|<null>|<null>');
  });

  test('a body without Content-Type has no media type', async () => {
    const request = sampleRequest.replace('Content-Type: application/sdp\n', '');
    expect(await printed('$cT|$(cT[0])', { request })).toBe('<null>|<null>');
  });

  test.each([
    ['$hdr(f)|$hdr(t)|$hdr(i)', '$hdr(From)|$hdr(To)|$hdr(Call-ID)'],
    ['$hdr(V)|$hdrcnt(v)|$(hdr(v)[-1])', '$hdr(Via)|$hdrcnt(Via)|$(hdr(Via)[-1])'],
    ['$hdr(m)|$hdr(c)|$hdr(l)', '$hdr(Contact)|$hdr(Content-Type)|$hdr(Content-Length)'],
  ])('a compact name finds what the full one does: %s', async (compact, full) => {
    const values = await printed(full);
    expect(values).not.toContain('<null>');
    expect(await printed(compact)).toBe(values);
    const request = sampleRequest.replace('From:', 'f:').replace('Call-ID:', 'i:').replace('Contact:', 'm:');
    expect(await printed(full, { request })).toBe(values);
  });

  test('the destination is set in parts, if any', async () => {
    const { prints } = await runScript(`
      $dd = "x.example"; xlog("$rc $du");
      $du = "sip:a@gw.example:5070"; $dp = "none"; xlog("$rc $du");
      $dp = NULL; $dd = "2001:db8::1"; xlog("$rc $du $dp");`);
    expect(prints).toEqual(['-1 <null>', '-1 sip:a@gw.example:5070', '1 sip:a@[2001:db8::1] 5060']);
  });

  test('credentials may be for a proxy, with escapes and commas', async () => {
    const request = sampleRequest.replace(
      /^Authorization:.*$/m,
      'Proxy-Authorization: Digest realm="a, \\"b\\"", username="bob",\n uri="sip:x", qop = auth',
    );
    expect(await printed('$ar|$au|$ad|$adu|$auth.qop|$an', { request })).toBe(
      'a, "b"|bob|<null>|sip:x|auth|<null>',
    );
    const none = sampleRequest.replace(/^Authorization:.*\n/m, '');
    expect(await printed('$au|$Au', { request: none })).toBe('<null>|alice@atlanta.example');
  });

  test('a challenge is parsed', async () => {
    const request = sampleRequest.replace(
      /^Path:.*$/m,
      'WWW-Authenticate: Digest realm="r", nonce="n", algorithm=AKAv1-MD5, ik="11", ck="22"',
    );
    expect(
      await printed('$challenge.realm $challenge.algorithm $challenge.ik $challenge.ck', { request }),
    ).toBe('r AKAv1-MD5 11 22');
  });
});

describe('{s.eval}', () => {
  test.each([
    ['Hello, $var(in)!', 'Hello, client!'],
    ['$(var(in){s.toupper}) $rU', 'CLIENT +15551234;day=mon'],
    ['$nothing(x)', '<null>'],
    ['$(var(in){s.nothing})', '<null>'],
    ['$(var(in', '<null>'],
    ['100 $$', '100 $'],
    ['100 $', '<null>'],
  ])('of %s', async (text, expected) => {
    const { prints } = await runScript(`
      $var(in) = "client";
      $var(format) = '${text}';
      xlog("$(var(format){s.eval})");`);
    expect(prints).toEqual([expected]);
  });
});
