/** What the manual and the conformance vectors show, and the edges around it. */
import { describe, expect, test } from 'vitest';
import type { Run } from '../../../src/runtime/run.ts';
import { InvalidUse } from '../../../src/script/invalid-use.ts';
import type { Value } from '../../../src/script/values.ts';
import { applyNamed, transform } from './transform.ts';

const run = {} as Run;

type Case = readonly [input: Value, transformation: string, output: Value];

const sdp =
  'v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 0 8\r\na=sendrecv\r\nm=Video 4002 RTP/AVP 96\r\nm=audio 4004 RTP/AVP 9\r\n';

const cases: Readonly<Record<string, readonly Case[]>> = {
  's.len and s.int': [
    ['', '{s.len}', 0],
    [Buffer.from('grüße, 世界').toString('latin1'), '{s.len}', 15],
    ['42abc', '{s.int}', 42],
    ['-7', '{s.int}', -7],
    [' -7', '{s.int}', 0],
    ['none', '{s.int}', 0],
    [12, '{s.int}', 12],
  ],
  'sdp.line and sdp.stream': [
    [sdp, '{sdp.line,m}', 'm=audio 4000 RTP/AVP 0 8'],
    [sdp, '{sdp.line, m, 2}', 'm=audio 4004 RTP/AVP 9'],
    [sdp, '{sdp.line,a,1}', null],
    [sdp, '{sdp.line,z}', null],
    ['a=one\na=two', '{sdp.line,a,1}', 'a=two'],
    [sdp, '{sdp.stream,0}', 'm=audio 4000 RTP/AVP 0 8\r\na=sendrecv\r\n'],
    [sdp, '{sdp.stream,video}', 'm=Video 4002 RTP/AVP 96\r\n'],
    [sdp, '{sdp.stream,-1}', 'm=audio 4004 RTP/AVP 9\r\n'],
    [sdp, '{sdp.stream,3}', null],
    [sdp, '{sdp.stream,-4}', null],
    [sdp, '{sdp.stream,image}', null],
    ['v=0\r\n', '{sdp.stream,0}', null],
    [sdp, '{sdp.stream-delete,audio}', 'v=0\r\nc=IN IP4 10.0.0.1\r\nm=Video 4002 RTP/AVP 96\r\n'],
    [sdp, '{sdp.stream-delete,-1}{sdp.stream-delete,0}{sdp.line,m}', 'm=Video 4002 RTP/AVP 96'],
    [sdp, '{sdp.stream-delete,image}', null],
    [sdp, '{sdp.stream-delete,3}', null],
  ],
  's.substr': [
    ['alice', '{s.substr,1,3}', 'lic'],
    ['alice', '{s.substr,-3,2}', 'ic'],
    ['alice', '{s.substr,2,0}', 'ice'],
    ['alice', '{s.substr,9,2}', null],
    ['alice', '{s.substr,-9,2}', null],
    ['alice', '{s.substr,3,9}', 'ce'],
    ['alice', '{s.substr,1,-1}', 'lic'],
    ['alice', '{s.substr,3,-4}', null],
    [12345, '{s.substr,0,2}', '12'],
  ],
  's.select': [
    ['12,34,56', '{s.select,1,,}', '34'],
    ['12,34,56', '{s.select,-1,,}', '56'],
    ['12,34,56', '{s.select,7,,}', null],
    ['12,34,56', '{s.select,-4,,}', null],
    ['a:b:c', '{s.select,0,:}', 'a'],
    ['a:b:c', '{s.select,2,:}', 'c'],
    ['a::c', '{s.select,1,:}', ''],
    ['a b', '{s.select,1, }', 'b'],
  ],
  's.index and s.rindex': [
    ['onetwothreeone', '{s.index, one}', 0],
    ['onetwothreeone', '{s.index, two}', 3],
    ['onetwothreeone', '{s.index, one, 1}', 11],
    ['onetwothreeone', '{s.index, one, -11}', 11],
    ['onetwothreeone', '{s.index, one, -25}', 11],
    ['onetwothreeone', '{s.index, zzz}', null],
    ['onetwothreeone', '{s.index, one, 99}', null],
    ['', '{s.index, one, -3}', null],
    ['onetwothreeone', '{s.rindex, one}', 11],
    ['onetwothreeone', '{s.rindex, one, -3}', 11],
    ['onetwothreeone', '{s.rindex, one, 11}', 11],
    ['onetwothreeone', '{s.rindex, one, -4}', 0],
  ],
  's.fill and s.width': [
    ['485', '{s.fill.left, 0, 3}', '485'],
    ['485', '{s.fill.left, 0, 6}', '000485'],
    [485, '{s.fill.right, 0, 6}', '485000'],
    ['485', '{s.fill.left, 0, 2000000000}', null],
    ['485', '{s.fill.right, 0, 2000000000}', null],
    ['trailing', '{s.width, 14}', 'trailing      '],
    ['trailing', '{s.width, 4}', 'trai'],
    ['trailing', '{s.width, 2000000000}', null],
  ],
  'case, order, white space': [
    ['MiXed \xc9', '{s.tolower}', 'mixed \xc9'],
    ['MiXed \xe9', '{s.toupper}', 'MIXED \xe9'],
    ['alice', '{s.reverse}', 'ecila'],
    [' \t\r\n', '{s.trim}', ''],
  ],
  encodings: [
    ['alice', '{s.b64encode}', 'YWxpY2U='],
    ['YWxpY2U=', '{s.b64decode}', 'alice'],
    ['YWxp!!!!', '{s.b64decode}', 'ali'],
    ['ff', '{s.hex2dec}', 255],
    ['ffffffff', '{s.hex2dec}', -1],
    ['xyz', '{s.hex2dec}', null],
    [-1, '{s.dec2hex}', 'ffffffff'],
    ['616', '{s.decode.hexa}', 'a'],
    ['zz', '{s.decode.hexa}', null],
    ['a%2', '{s.unescape.user}', null],
    ['\xfc+', '{s.escape.user}', null],
    ['a+', '{s.escape.param}', 'a+'],
    ['a;b', '{s.escape.param}', 'a%3bb'],
    ['a%0d%0aInjected: yes', '{s.unescape.param}', null],
    ['a%c3%BC', '{s.unescape.user}', null],
    ['\xc3\xa4%41', '{s.unescape.user}', '\xc3\xa4A'],
    ['a%', '{s.unescape.user}', null],
    ['a\0b', '{s.escape.common}', 'a\\0b'],
    ['ab', '{s.xor,k}{s.encode.hexa}', '0a09'],
    ['aaaa', '{s.xor,xy}{s.encode.hexa}', '19181918'],
  ],
  's.date2unix': [
    ['Sat, 13 Nov 2010 23:29:00 GMT', '{s.date2unix}', 1289690940],
    ['Thu, 31 Feb 2024 12:48:00 GMT', '{s.date2unix}', null],
    ['tomorrow', '{s.date2unix}', null],
    ['Thu, 01 Jan 2099 00:00:00 GMT', '{s.date2unix}', '4070908800'],
  ],
  uri: [
    ['sip:bob@host.example', '{uri.port}', null],
    ['sip:bob@host.example', '{uri.params}', null],
    ['sip:bob@host.example', '{uri.transport}', null],
    ['sip:host.example', '{uri.user}', null],
    ['nonsense', '{uri.host}', null],
    ['sip:bob@[2001:db8::1]:5080;lr', '{uri.domain}', '[2001:db8::1]'],
    ['sip:bob@host;LR=on', '{uri.param,lr}', 'on'],
    ['sip:bob@host', '{uri.param,lr}', null],
    ['tel:+15551234;phone-context=x', '{uri.user}', '+15551234'],
  ],
  via: [
    ['SIP/2.0/TLS a.example', '{via.port}', null],
    ['SIP/2.0/TLS a.example', '{via.params}', null],
    ['SIP/2.0/TLS a.example', '{via.transport}{s.tolower}', 'tls'],
    ['nonsense', '{via.host}', null],
    ['', '{via.host}', null],
  ],
  param: [
    ['a=1;b=two;c', '{param.value,b}', 'two'],
    ['a=1;b=two;c', '{param.value,c}', ''],
    ['a=1;b=two;c', '{param.value,z}', null],
    ['a=1;b=two;c', '{param.exist,c}', 1],
    ['a=1;b=two;c', '{param.exist,z}', 0],
    ['a=1;b=two;c', '{param.valueat,0}', '1'],
    ['a=1;b=two;c', '{param.valueat,3}', null],
    ['a=1;b=two;c', '{param.name,1}', 'b'],
    ['a=1;b=two;c', '{param.name,-1}', 'c'],
  ],
  nameaddr: [
    ['"Bob" <sip:bob@x.example>;tag=12;q=1', '{nameaddr.uri}{uri.user}', 'bob'],
    ['<sip:bob@x.example>', '{nameaddr.name}', null],
    ['<sip:bob@x.example>', '{nameaddr.params}', null],
    ['<sip:bob@x.example>', '{nameaddr.param,tag}', null],
    ['"first" <sip:a@x>, "second" <sip:b@x>', '{nameaddr.0.name}', '"first"'],
    ['"first" <sip:a@x>, "second" <sip:b@x>', '{nameaddr.1.uri}', 'sip:b@x'],
    ['"first" <sip:a@x>, "second" <sip:b@x>;q=1', '{nameaddr.-1.param,q}', '1'],
    ['"first" <sip:a@x>, "second" <sip:b@x>', '{nameaddr.2.name}', null],
  ],
  ip: [
    ['192.168.1.7', '{ip.isip}', 1],
    ['192.168.1.7', '{ip.isip4}', 1],
    ['192.168.1.7', '{ip.isip6}', 0],
    ['192.168.1.7', '{ip.family}', null],
    ['192.168.1.7', '{ip.pton}{ip.family}', 'INET'],
    ['2001:db8:0:0:1::1', '{ip.pton}{ip.ntop}', '2001:DB8:0:0:1:0:0:1'],
    ['192.168.1.7', '{ip.matches,192.168.0.0/16}', 1],
    ['10.10.0.200', '{ip.matches,10.10.0.1/24}', 1],
    ['10.10.1.1', '{ip.matches,10.10.0.1/24}', 0],
    ['2001:db8::1', '{ip.matches,10.10.0.1/24}', null],
    ['2001:db8::1', '{ip.matches,2001:db8::/32}', 1],
    ['nope', '{ip.matches,10.10.0.1/24}', null],
    ['nope', '{ip.isip}', 0],
    ['nope', '{ip.isprivate}', 0],
    ['nope', '{ip.pton}', null],
    ['127.0.0.1', '{ip.isprivate}', 1],
    ['172.32.0.1', '{ip.isprivate}', 0],
    ['10.1', '{ip.isip}', 0],
  ],
  csv: [
    ['one, two ,"th,ree"', '{csv.count}', 3],
    ['one, two ,"th,ree"', '{csv.value,0}', 'one'],
    ['one, two ,"th,ree"', '{csv.value,1}', ' two '],
    ['one, two ,"th,ree"', '{csv.value,2}', 'th,ree'],
    ['one, two ,"th,ree"', '{csv.value,3}', null],
    ['"a ""b""",', '{csv.value,0}', 'a "b"'],
    ['"a ""b""",', '{csv.value,-1}', ''],
    ['"open', '{csv.value,0}', null],
    ['"a"b', '{csv.count}', null],
    ['', '{csv.count}', null],
  ],
  're.subst': [
    ['sip:alice@atlanta.example.com', '{re.subst,/^sip:(.*)@(.*)$/\\2-\\1/}', 'atlanta.example.com-alice'],
    ['alice', '{re.subst,/ALICE/bob/i}', 'bob'],
    ['alice', '{re.subst,/zzz/y/}', 'alice'],
    ['abcabc', '{re.subst,/a/A/g}', 'AbcAbc'],
    ['abcabc', '{re.subst,/a/A/}', 'Abcabc'],
    ['a/b', '{re.subst,/\\//-/}', 'a-b'],
    ['a/b', '{re.subst,#/#-#}', 'a-b'],
    ['abc', '{re.subst,/b/[\\0]/}', 'a[b]c'],
    ['abc', '{re.subst,/b//}', 'ac'],
    ['abc', '{re.subst,/x*/-/g}', '-a-b-c-'],
    ['a\nb', '{re.subst,/^b$/X/}', 'a\nX'],
    ['a\nb', '{re.subst,/^b$/X/s}', 'a\nb'],
    ['a\nb', '{re.subst,/a.b/X/s}', 'X'],
  ],
};

for (const [title, list] of Object.entries(cases)) {
  describe(title, () => {
    test.each(list)('%j %s', (input, transformation, output) => {
      expect(transform(input, transformation, run)).toEqual(output);
      // the same when its arguments are known only then
      expect(transform(input, transformation, run, true)).toEqual(output);
    });
  });
}

describe('errors found at compile time', () => {
  test.each([
    ['re.subst', '/(/x/', /Unmatched \(/],
    ['re.subst', '/a/x', /invalid substitution/],
    ['re.subst', '/a/x/q', /invalid flags/],
    ['re.subst', '', /invalid substitution/],
    ['ip.matches', '10.0.0.0/33', /invalid network/],
    ['ip.matches', 'x', /invalid network/],
  ])('{%s,%s}', (name, argument, message) => {
    expect(() => applyNamed('x', name, argument, run)).toThrow(InvalidUse);
    expect(() => applyNamed('x', name, argument, run)).toThrow(message);
    expect(applyNamed('x', name, argument, run, true)).toBeNull();
  });
});
