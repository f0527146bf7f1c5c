import { describe, expect, it } from 'vitest';
import { type HttpHead, HttpHeadReader } from '../../src/sip/http-head.ts';
import {
  answerHandshake,
  ClientHandshake,
  DEFAULT_WEBSOCKET_RULES,
  type WebSocketRules,
} from '../../src/sip/websocket-handshake.ts';

/** RFC 6455, 1.3. */
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

const usual: Readonly<Record<string, string>> = {
  Host: 'sip.example.com',
  Upgrade: 'websocket',
  Connection: 'keep-alive, Upgrade',
  'Sec-WebSocket-Key': KEY,
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Protocol': 'xmpp, sip',
  Origin: 'https://phone.example.com',
};

const requestOf = (fields: Readonly<Record<string, string>>, line = 'GET /sip HTTP/1.1'): string =>
  `${[line, ...Object.entries(fields).map(([name, value]) => `${name}: ${value}`)].join('\r\n')}\r\n\r\n`;

function headOf(text: string): HttpHead {
  const read = new HttpHeadReader().push(Buffer.from(text, 'latin1'));
  if (typeof read === 'string') throw new Error(read);
  return read.head;
}

const without = (name: string) =>
  Object.fromEntries(Object.entries(usual).filter(([other]) => other !== name));

function statusOf(text: string, rules: Partial<WebSocketRules> = {}) {
  const { text: answer, refusal } = answerHandshake(headOf(text), { ...DEFAULT_WEBSOCKET_RULES, ...rules });
  return [Number(answer.split(' ')[1]), refusal, answer] as const;
}

describe('the handshake of a server', () => {
  it('accepts a browser', () => {
    const [status, refusal, answer] = statusOf(requestOf(usual));
    expect([status, refusal]).toEqual([101, null]);
    expect(answer).toContain(`\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n`);
    expect(answer).toMatch(/\r\nSec-WebSocket-Protocol: sip\r\n/);
  });

  it.each<[string, string, number, RegExp]>([
    ['without the subprotocol', requestOf(without('Sec-WebSocket-Protocol')), 400, /subprotocol sip/],
    [
      'with another subprotocol',
      requestOf({ ...usual, 'Sec-WebSocket-Protocol': 'sipx' }),
      400,
      /subprotocol/,
    ],
    ['without a key', requestOf(without('Sec-WebSocket-Key')), 400, /Sec-WebSocket-Key/],
    ['with a short key', requestOf({ ...usual, 'Sec-WebSocket-Key': 'YWJj' }), 400, /Sec-WebSocket-Key/],
    ['without a host', requestOf(without('Host')), 400, /Host/],
    ['of HTTP/1.0', requestOf(usual, 'GET / HTTP/1.0'), 400, /HTTP\/1\.1/],
    ['by POST', requestOf(usual, 'POST / HTTP/1.1'), 405, /GET/],
    ['that is plain HTTP', requestOf({ Host: 'x' }), 426, /SIP over WebSocket/],
    ['of an old version', requestOf({ ...usual, 'Sec-WebSocket-Version': '8' }), 426, /version 13/],
    ['without an Origin', requestOf(without('Origin')), 403, /Origin is missing/],
  ])('refuses one %s', (_, text, status, reason) => {
    const [got, refusal, answer] = statusOf(text);
    expect([got, refusal]).toEqual([status, expect.stringMatching(reason)]);
    expect(answer).toMatch(/\r\nConnection: close\r\n/);
  });

  it('checks the Origin as it is told to', () => {
    expect(statusOf(requestOf(without('Origin')), { requireOrigin: false })[0]).toBe(101);
    const origins = new Set(['https://phone.example.com']);
    expect(statusOf(requestOf({ ...usual, Origin: 'https://PHONE.example.com' }), { origins })[0]).toBe(101);
    expect(statusOf(requestOf({ ...usual, Origin: 'https://evil.example' }), { origins })[0]).toBe(403);
    expect(statusOf(requestOf(without('Origin')), { origins, requireOrigin: false })[0]).toBe(403);
  });
});

describe('the head of a handshake', () => {
  it('is read alike wherever it is cut, and leaves what follows', () => {
    const text = `${requestOf(usual)}frames`;
    for (let cut = 1; cut < text.length - 6; cut++) {
      const reader = new HttpHeadReader();
      expect(reader.push(Buffer.from(text.slice(0, cut)))).toBe('more');
      const read = reader.push(Buffer.from(text.slice(cut)));
      expect(read).toMatchObject({ rest: Buffer.from('frames') });
    }
  });

  it.each([
    ['too-long', `GET / HTTP/1.1\r\nCookie: ${'x'.repeat(20_000)}\r\n\r\n`],
    ['too-long', 'x'.repeat(20_000)],
    ['invalid', 'GET / HTTP/1.1\r\nno field\r\n\r\n'],
    ['invalid', 'GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n'],
    ['invalid', 'GET / HTTP/1.1\r\nA : b\r\n\r\n'],
  ])('is %s', (verdict, text) => {
    expect(new HttpHeadReader().push(Buffer.from(text))).toBe(verdict);
  });
});

describe('the handshake of a client', () => {
  const made = new ClientHandshake('[2001:db8::1]:8080', 'http://192.0.2.1', '/sip');
  const sent = headOf(made.text);

  it('asks for SIP', () => {
    expect(sent.startLine).toBe('GET /sip HTTP/1.1');
    const names = [
      'host',
      'upgrade',
      'connection',
      'sec-websocket-version',
      'sec-websocket-protocol',
      'origin',
    ];
    expect(names.map((name) => sent.field(name))).toEqual([
      '[2001:db8::1]:8080',
      'websocket',
      'Upgrade',
      '13',
      'sip',
      'http://192.0.2.1',
    ]);
  });

  const { text: accepted } = answerHandshake(sent, DEFAULT_WEBSOCKET_RULES);

  it.each<[string, string, RegExp | null]>([
    ['accepted', accepted, null],
    ['refused', 'HTTP/1.1 404 Not Found\r\n\r\n', /refuses the WebSocket with 404/],
    ['answered by SIP', 'SIP/2.0 400 Bad Request\r\n\r\n', /does not speak HTTP/],
    ['not upgraded', accepted.replace('Upgrade: websocket\r\n', ''), /does not upgrade/],
    ['accepted for another key', accepted.replace(/Accept: .*/, `Accept: ${ACCEPT}`), /Accept/],
    ['accepted without SIP', accepted.replace(/Sec-WebSocket-Protocol.*\r\n/, ''), /subprotocol sip/],
    [
      'accepted with an extension',
      accepted.replace('\r\n\r\n', '\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n'),
      /extension/,
    ],
  ])('is %s', (_, answer, defect) => {
    const found = made.defectOf(headOf(answer));
    if (defect === null) expect(found).toBeNull();
    else expect(found).toMatch(defect);
  });
});
