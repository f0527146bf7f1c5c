/** Bencode and the text of flags: what is not valid is refused, whatever it is. */
import { describe, expect, it } from 'vitest';
import { answerLength, decode, encode } from '../../../src/modules/rtpengine/bencode.ts';
import { parseFlags } from '../../../src/modules/rtpengine/flags.ts';

const value = { result: 'ok', sdp: 'v=0\r\n', created: -5, tags: [{ a: 'x' }, []], 'from-tag': '' };

describe('bencode', () => {
  it('is read as it was written', () => {
    expect(decode(encode(value))).toEqual(value);
    expect(encode({ b: 1, a: ['\xe9', 2.9] })).toBe('d1:bi1e1:al1:\xe9i2eee');
  });

  it('cut at any byte is not a value, and not yet an answer', () => {
    const text = encode(value);
    for (let at = 0; at < text.length; at++) {
      expect(decode(text.slice(0, at))).toBeUndefined();
      expect(answerLength(Buffer.from(`c ${text.slice(0, at)}`, 'latin1'))).toBe(0);
    }
    expect(answerLength(Buffer.from(`c ${text}d`, 'latin1'))).toBe(text.length + 2);
  });

  it.each([
    '',
    'x',
    'd3:fo',
    'i--1e',
    'i1.5e',
    '-1:a',
    '99999999:a',
    'd1:ai1ee junk',
    'de1',
    'di1e1:ae',
    `${'l'.repeat(40)}${'e'.repeat(40)}`,
  ])('%j is none', (text) => {
    expect(decode(text)).toBeUndefined();
  });

  it.each(['no blank '.repeat(40).replace(/ /g, '_'), 'c x', 'c i--1e', 'c 999999999999999999999999:'])(
    'a stream that begins with %j is not understood',
    (text) => {
      expect(answerLength(Buffer.from(text))).toBe(-1);
    },
  );

  it('cannot set a prototype', () => {
    const read = decode('d9:__proto__d1:ai1eee');
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect((read as { a?: number }).a).toBeUndefined();
  });
});

const keysOf = (text: string) => {
  const flags = parseFlags(text);
  return typeof flags === 'string' ? flags : flags.keys;
};

describe('flags', () => {
  it.each([
    ['', {}],
    ['  trust-address\t symmetric ', { flags: ['trust-address', 'symmetric'] }],
    ['SRTP AVPF', { 'transport-protocol': 'RTP/SAVPF' }],
    ['AVP', { 'transport-protocol': 'RTP/AVP' }],
    ['SRTP', { 'transport-protocol': 'RTP/SAVP' }],
    ['UDP/TLS/RTP/SAVPF', { 'transport-protocol': 'UDP/TLS/RTP/SAVPF' }],
    ['out-iface=b in-iface=a', { direction: ['a', 'b'] }],
    ['rtcp-mux-offer rtcp-mux-accept', { 'rtcp-mux': ['offer', 'accept'] }],
    ['sdp-media-remove=[video message]', { 'sdp-media-remove': ['video', 'message'] }],
    [
      'sdp-attr=[audio=[add=[fmtp:96..useinbandfec--1]]] x',
      { 'sdp-attr': { audio: { add: ['fmtp:96 useinbandfec=1'] } }, flags: ['x'] },
    ],
    ['codec=[]', { codec: [] }],
    ['a=[[b c] d]', { a: [['b', 'c'], 'd'] }],
    ['metadata=a=b', { metadata: 'a=b' }],
    [
      'replace-zero-address replace-foo flag[x]',
      { flags: ['replace-foo', 'flag[x]'], replace: ['zero address'] },
    ],
    ['call-id=', {}],
  ])('%j', (text, keys) => {
    expect(keysOf(text)).toEqual(keys);
  });

  it.each([
    'codec=[strip=[PCMA]',
    'codec=]',
    '=x',
    'internal',
    'in-iface=a',
    `deep=${'['.repeat(9)}${']'.repeat(9)}`,
    `long=[${'x'.repeat(4096)}]`,
  ])('%j is refused', (text) => {
    expect(keysOf(text)).toMatch(/^(?:unbalanced brackets|invalid |a direction needs)/);
  });
});
