import { describe, expect, it } from 'vitest';
import { headerText, NO_HEADERS } from '../../src/sip/header-text.ts';
import { reasonPhrase } from '../../src/sip/reason-phrases.ts';
import { buildReply, isStatus, replyDestination, sendReply } from '../../src/sip/reply.ts';
import { StatelessTags } from '../../src/sip/to-tag.ts';
import { SimulatedClock } from '../../src/timers/simulated-clock.ts';
import { RecordingTransport, request, response } from './simulated.ts';

describe('buildReply', () => {
  it('copies the headers of RFC 3261, 8.2.6, byte for byte and in order', () => {
    const message = request({
      headers: [
        'v: SIP/2.0/UDP  10.9.9.9:5070 ;branch=z9hG4bKsecond',
        'Record-Route: <sip:p2.example.com;lr>, <sip:p1.example.com;lr>',
        'X-Other: no',
      ],
    });
    expect(
      buildReply(message, { status: 200, reason: 'done', toTag: 'mine' }).toString('latin1').split('\r\n'),
    ).toEqual([
      'SIP/2.0 200 done',
      'Via: SIP/2.0/UDP pc33.example.com:5066;received=192.0.2.9;branch=z9hG4bK776asdhds;rport=40000',
      'From: "Alice" <sip:alice@atlanta.example.com>;tag=1928301774',
      'To: Bob <sip:bob@biloxi.example.com>;tag=mine',
      'Call-ID: a84b4c76e66710@pc33',
      'CSeq: 314159 OPTIONS',
      'v: SIP/2.0/UDP  10.9.9.9:5070 ;branch=z9hG4bKsecond',
      'Record-Route: <sip:p2.example.com;lr>, <sip:p1.example.com;lr>',
      'Content-Length: 0',
      '',
      '',
    ]);
  });

  it('keeps the other values of a comma-separated Via', () => {
    const message = request({ via: 'SIP/2.0/UDP a;branch=z9hG4bKx , SIP/2.0/UDP b;branch=z9hG4bKy' });
    const reply = response(buildReply(message, { status: 200 }));
    expect(reply.vias.map(({ text }) => text)).toEqual([
      'SIP/2.0/UDP a;received=192.0.2.9;branch=z9hG4bKx',
      'SIP/2.0/UDP b;branch=z9hG4bKy',
    ]);
  });

  it('adds a missing To tag, but not to a 100', () => {
    const tag = (to: string, status: number) =>
      response(buildReply(request({ to }), { status, toTag: 'mine' })).toTag;
    expect(tag('<sip:bob@x>;tag=theirs', 200)).toBe('theirs');
    expect(tag('sip:bob@x', 404)).toBe('mine');
    expect(tag('<sip:bob@x>', 180)).toBe('mine');
    expect(tag('<sip:bob@x>', 100)).toBeNull();
  });

  it('copies Record-Route only if the reply may create a dialog, and Timestamp only into a 100', () => {
    const message = request({ headers: ['Record-Route: <sip:p;lr>', 'Timestamp: 54'] });
    const names = (status: number) =>
      response(buildReply(message, { status }))
        .headers.map(({ key }) => key)
        .filter((key) => key === 'record-route' || key === 'timestamp');
    expect([names(100), names(183), names(200), names(302)]).toEqual([
      ['timestamp'],
      ['record-route'],
      ['record-route'],
      [],
    ]);
  });

  it('adds headers, a body and a Server', () => {
    const headers = headerText('Contact: <sip:new@chicago.example.com>\r\n') ?? NO_HEADERS;
    const reply = response(
      buildReply(request(), {
        status: 302,
        headers,
        server: 'siprest',
        body: 'x\xff',
        contentType: 'text/plain',
      }),
    );
    expect(reply).toMatchObject({ reason: 'Moved Temporarily', body: 'x\xff', contentType: 'text/plain' });
    expect([reply.header('contact'), reply.header('server'), reply.header('content-length')]).toEqual([
      '<sip:new@chicago.example.com>',
      'siprest',
      '2',
    ]);
  });

  it('cannot be tricked into adding a header', () => {
    const reply = response(
      buildReply(request(), {
        status: 200,
        reason: 'OK\r\nEvil: 1\r\n\r\n',
        server: 'a\nEvil: 2',
        body: 'b',
        contentType: 'c\r\nEvil: 3',
      }),
    );
    expect(reply.header('evil')).toBeNull();
    expect(reply.reason).toBe('OK Evil: 1 ');
  });

  it('refuses an invalid status', () => {
    for (const status of [0, 99, 700, 200.5, Number.NaN]) {
      expect(isStatus(status)).toBe(false);
      expect(() => buildReply(request(), { status })).toThrow(RangeError);
    }
  });

  it('has a reason phrase for each status', () => {
    expect([404, 487, 299, 499, 699].map(reasonPhrase)).toEqual([
      'Not Found',
      'Request Terminated',
      'OK',
      'Bad Request',
      'Busy Everywhere',
    ]);
  });
});

const destination = (...of: Parameters<typeof replyDestination>) => {
  const { address, port } = replyDestination(...of);
  return { address, port };
};

describe('where a reply goes (18.2.2, RFC 3581)', () => {
  it.each([
    ['SIP/2.0/UDP h:5066;rport', '192.0.2.9', 40_000],
    ['SIP/2.0/UDP h:5066', '192.0.2.9', 5066],
    ['SIP/2.0/UDP h', '192.0.2.9', 5060],
    // it is not for the sender of a request to say who gets the reply
    ['SIP/2.0/UDP h:5066;maddr=192.0.2.77;rport', '192.0.2.9', 40_000],
    ['SIP/2.0/UDP h:5066;maddr=192.0.2.77', '192.0.2.9', 5066],
  ])('%s', (via, address, port) => {
    expect(destination(request({ via }))).toEqual({ address, port });
  });

  it('is the source, if forced', () => {
    const message = request({ via: 'SIP/2.0/UDP h:5066' });
    expect(destination(message, true)).toEqual({ address: '192.0.2.9', port: 40_000 });
    expect(response(buildReply(message, { status: 200, forceRport: true })).via.rport).toBe('40000');
  });

  it('uses the socket that received the request', () => {
    const socket = new RecordingTransport(new SimulatedClock());
    const message = request({}, socket);
    sendReply(message, buildReply(message, { status: 200 }));
    expect(socket.sent).toMatchObject([{ address: '192.0.2.9', port: 40_000 }]);
    let failure: Error | null = null;
    sendReply(request(), Buffer.alloc(0), (error) => {
      failure = error;
    });
    expect(failure).toBeInstanceOf(Error);
  });
});

describe('tags of stateless replies', () => {
  const tags = new StatelessTags();
  const invite = request({ method: 'INVITE' });
  const tag = tags.tagFor(invite);

  it('are the same for a retransmission, and differ for another request, path or start', () => {
    expect(tags.tagFor(request({ method: 'INVITE' }))).toBe(tag);
    const others = [
      request({ method: 'INVITE', callId: 'other' }),
      request({ method: 'INVITE', from: '<sip:a@b>;tag=2' }),
      request({ method: 'INVITE', cseq: '2 INVITE' }),
      request({ method: 'INVITE', via: 'SIP/2.0/UDP h;branch=z9hG4bKother' }),
    ].map((other) => tags.tagFor(other));
    expect(new Set([tag, new StatelessTags().tagFor(invite), ...others]).size).toBe(6);
    expect(tag).toMatch(/^[\w.-]{31}$/);
  });

  it('identify the ACK to such a reply, but not the ACK to a 2xx, which has its own branch', () => {
    const ack = (to: string, more = {}) =>
      request({ method: 'ACK', to: `<sip:bob@x>${to}`, cseq: '314159 ACK', ...more });
    expect(tags.isOwnStatelessAck(ack(`;tag=${tag}`))).toBe(true);
    expect(tags.isOwnStatelessAck(ack(`;tag=${tag}`, { via: 'SIP/2.0/UDP h;branch=z9hG4bKnew' }))).toBe(
      false,
    );
    expect(tags.isOwnStatelessAck(ack(''))).toBe(false);
    expect(tags.isOwnStatelessAck(ack(';tag=theirs'))).toBe(false);
    expect(tags.isOwnStatelessAck(ack(`;tag=${tag}`, { callId: 'other' }))).toBe(false);
    expect(new StatelessTags().isOwnStatelessAck(ack(`;tag=${tag}`))).toBe(false);
    expect(
      tags.isOwnStatelessAck(request({ method: 'BYE', to: `<sip:bob@x>;tag=${tag}`, cseq: '314159 BYE' })),
    ).toBe(false);
  });
});
