import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editedMessage, forwardRequest, forwardResponse } from '../../src/sip/forward.ts';
import { type HeaderText, NO_HEADERS } from '../../src/sip/header-text.ts';
import type { SipRequest } from '../../src/sip/message.ts';
import { parseMessage } from '../../src/sip/parse-message.ts';
import type { RequestEdits } from '../../src/sip/proxy-types.ts';
import { bytes, request, requestText, response } from './simulated.ts';

const OWN = { transport: 'UDP', host: '192.0.2.1', port: 5060, branch: 'z9hG4bK0.aaaaaaaaaaaaaaaaaaaaaaaa' };
const lines = (...texts: string[]): HeaderText => texts.map((text) => `${text}\r\n`).join('') as HeaderText;

function forwarded(received: SipRequest, edits: RequestEdits = {}, withLength = false): string {
  return forwardRequest(received, OWN, edits, withLength).bytes().toString('latin1');
}

function place(received: SipRequest, key: string): number {
  return received.headers.findIndex((header) => header.key === key);
}

describe('a forwarded request', () => {
  it('gets a Via on top and the received address below, and is otherwise unchanged', () => {
    const odd = ['x-odd  :   a  ', 'Subject: folded', '\t line', 'm: <sip:a@b>'];
    const received = request({ headers: odd, body: 'a\r\n\r\nb\x00\xff' });
    const text = forwarded(received);
    expect(text).toBe(
      requestText({ headers: odd, body: 'a\r\n\r\nb\x00\xff' }).replace(
        'Via: SIP/2.0/UDP pc33.example.com:5066;branch=z9hG4bK776asdhds;rport\r\n',
        'Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK0.aaaaaaaaaaaaaaaaaaaaaaaa\r\n' +
          'Via: SIP/2.0/UDP pc33.example.com:5066;received=192.0.2.9;branch=z9hG4bK776asdhds;rport=40000\r\n',
      ),
    );
  });

  it('keeps all values of a comma-separated Via', () => {
    const received = request({
      via: 'SIP/2.0/UDP a.example.com;branch=z9hG4bK1 ,  SIP/2.0/TCP b.example.com;branch=z9hG4bK2',
    });
    const next = parseMessage(bytes(forwarded(received)));
    expect(next.kind === 'request' ? next.vias.map(({ text }) => text) : next).toEqual([
      `SIP/2.0/UDP 192.0.2.1:5060;branch=${OWN.branch}`,
      'SIP/2.0/UDP a.example.com;received=192.0.2.9;branch=z9hG4bK1',
      'SIP/2.0/TCP b.example.com;branch=z9hG4bK2',
    ]);
  });

  it('requests rport, and answers it unasked if configured', () => {
    const received = request({ via: 'SIP/2.0/UDP a.example.com;branch=z9hG4bK1' });
    const next = parseMessage(bytes(forwarded(received, { addRport: true, forceRport: true })));
    if (next.kind !== 'request') throw new Error('no request');
    expect(next.vias.map(({ rport }) => rport)).toEqual(['', '40000']);
  });

  it('is changed only where the edits say', () => {
    const received = request({ headers: ['X-One: 1', 'X-Two: 2', 'X-Three: 3'] });
    const text = forwarded(received, {
      uri: 'sip:carol@chicago.example.com',
      maxForwards: 69,
      changes: [
        { place: 0, above: true, lines: lines('Record-Route: <sip:192.0.2.1;lr>') },
        { place: place(received, 'x-one'), above: false, lines: NO_HEADERS },
        { place: place(received, 'x-two'), above: false, lines: lines('X-Two: b', 'X-Two: c') },
        { place: place(received, 'x-three'), above: true, lines: lines('X-Between: 1') },
        { place: received.headers.length, above: true, lines: lines('X-Last: 0') },
      ],
      appended: [lines('X-Last: 1'), lines('X-Last: 2')],
    });
    expect(text.split('\r\n')).toEqual([
      'OPTIONS sip:carol@chicago.example.com SIP/2.0',
      `Via: SIP/2.0/UDP 192.0.2.1:5060;branch=${OWN.branch}`,
      'Record-Route: <sip:192.0.2.1;lr>',
      'Via: SIP/2.0/UDP pc33.example.com:5066;received=192.0.2.9;branch=z9hG4bK776asdhds;rport=40000',
      'From: "Alice" <sip:alice@atlanta.example.com>;tag=1928301774',
      'To: Bob <sip:bob@biloxi.example.com>',
      'Call-ID: a84b4c76e66710@pc33',
      'CSeq: 314159 OPTIONS',
      'Max-Forwards: 69',
      'X-Two: b',
      'X-Two: c',
      'X-Between: 1',
      'X-Three: 3',
      'Content-Length: 0',
      'X-Last: 0',
      'X-Last: 1',
      'X-Last: 2',
      '',
      '',
    ]);
  });

  it('gets Max-Forwards 70 if it has none (16.6, 3)', () => {
    const without = requestText().replace('Max-Forwards: 70\r\n', '');
    const received = parseMessage(bytes(without));
    if (received.kind !== 'request') throw new Error('no request');
    expect(forwarded(received)).toContain('\r\nMax-Forwards: 70\r\n');
    expect(forwarded(received, { maxForwards: 9 })).toContain('\r\nMax-Forwards: 9\r\n');
  });

  it('has the length of its new body', () => {
    const text = forwarded(request({ body: 'old' }), { body: 'new body' });
    expect(text).toContain('Content-Length: 8\r\n');
    expect(text.endsWith('\r\n\r\nnew body')).toBe(true);
    expect(forwarded(request({ body: 'old' }), { body: '' })).toContain('Content-Length: 0\r\n');
    const twice = request({ body: 'old', headers: ['l: 3'] });
    expect(forwarded(twice, { body: 'longer' }).match(/^(?:l|Content-Length): .*$/gm)).toEqual(['l: 6']);
  });

  it("gets a Content-Length for a stream, and bytes after a datagram's body are dropped", () => {
    const without = parseMessage(bytes(requestText({ body: 'abc' }).replace('Content-Length: 3\r\n', '')));
    if (without.kind !== 'request') throw new Error('no request');
    expect(forwarded(without)).not.toContain('Content-Length');
    expect(forwarded(without, {}, true)).toContain('\r\nContent-Length: 3\r\n\r\nabc');
    const long = parseMessage(bytes(`${requestText({ body: 'abc' })}more`));
    if (long.kind !== 'request') throw new Error('no request');
    expect(forwarded(long).endsWith('\r\n\r\nabc')).toBe(true);
  });

  it('ends every line with CRLF, whatever ended it before', () => {
    const received = parseMessage(bytes(requestText({ headers: ['X: a'] }).replaceAll('\r\n', '\n')));
    if (received.kind !== 'request') throw new Error('no request');
    expect(forwarded(received)).not.toMatch(/[^\r]\n/);
  });

  it('parses the same, whatever the edits', () => {
    const value = fc.stringMatching(/^[a-z ,;="]{0,12}$/);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.stringMatching(/^X-[a-z]{1,6}$/), value), { maxLength: 6 }),
        fc.array(fc.nat(12), { maxLength: 4 }),
        fc.option(fc.stringMatching(/^[\x20-\x7e\r\n]{0,30}$/), { nil: undefined }),
        (headers, removed, body) => {
          const received = request({
            headers: headers.map(([name, text]) => `${name}: ${text}`),
            body: 'body',
          });
          const gone = new Set(
            removed.map((n) => n + 6).filter((n) => received.headers[n]?.key.startsWith('x-')),
          );
          const changes = [...gone]
            .toSorted((a, b) => a - b)
            .map((at) => ({ place: at, above: false, lines: NO_HEADERS }));
          const edits = { changes, ...(body === undefined ? {} : { body }) };
          const next = parseMessage(bytes(forwarded(received, edits)));
          if (next.kind !== 'request') throw new Error(`broken: ${next.kind}`);
          const kept = received.headers.filter(({ key }, i) => key !== 'via' && !gone.has(i));
          const seen = next.headers.filter(({ key }) => key !== 'via');
          const pairs = (list: typeof kept): string[] =>
            list
              .filter(({ key }) => key !== 'content-length')
              .map(({ name, value: text }) => `${name}=${text}`);
          expect(pairs(seen)).toEqual(pairs(kept));
          expect(next.body).toBe(body ?? 'body');
        },
      ),
    );
  });

  it('is parsed again only for what an ACK or a CANCEL needs', () => {
    const sent = forwardRequest(request(), OWN, { uri: 'sip:x@y' }, false);
    expect([sent.method, sent.requestUri, sent.via.branch]).toEqual(['OPTIONS', 'sip:x@y', OWN.branch]);
    expect([sent.callId, sent.cseq.number, sent.header('to')]).toEqual([
      'a84b4c76e66710@pc33',
      314_159,
      'Bob <sip:bob@biloxi.example.com>',
    ]);
  });
});

const RESPONSE = [
  'SIP/2.0 200 Fine',
  'Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK0.a',
  'v: SIP/2.0/UDP pc33.example.com:5066;branch=z9hG4bK776asdhds',
  'f: <sip:a@b>;tag=1',
  'To: <sip:b@c>;tag=2',
  'Call-ID: x',
  'CSeq: 1 INVITE',
  'Content-Length: 4',
  '',
  'body',
].join('\r\n');

describe('a forwarded response', () => {
  it('loses only its top Via', () => {
    const data = forwardResponse(response(RESPONSE));
    expect(data?.toString('latin1')).toBe(
      RESPONSE.replace('Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK0.a\r\n', ''),
    );
  });

  it('loses only the first value of a comma-separated Via', () => {
    const joined = RESPONSE.replace('0.a\r\nv: ', '0.a,\r\n ');
    expect(forwardResponse(response(joined))?.toString('latin1')).toBe(
      RESPONSE.replace('Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK0.a\r\nv:', 'Via:'),
    );
  });

  it('is dropped without a second Via', () => {
    expect(forwardResponse(response(RESPONSE.replace(/v: .*\r\n/, '')))).toBeNull();
  });

  it('may be edited, and get another status', () => {
    const data = forwardResponse(response(RESPONSE), {
      status: 500,
      appended: [lines('X: y')],
      body: 'longer',
    });
    const text = data?.toString('latin1') ?? '';
    expect(text.startsWith('SIP/2.0 500 Server Internal Error\r\n')).toBe(true);
    expect(text).toContain('Content-Length: 6\r\nX: y\r\n\r\nlonger');
  });
});

describe('a request of siprest itself', () => {
  it('is edited without a Via being added', () => {
    const text = editedMessage(request(), { appended: [lines('X: y')] }).toString('latin1');
    expect(text).toBe(requestText().replace('Content-Length: 0\r\n', 'Content-Length: 0\r\nX: y\r\n'));
  });
});
