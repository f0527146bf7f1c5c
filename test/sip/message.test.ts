import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MalformedMessage, SipRequest } from '../../src/sip/message.ts';
import { parseMessage } from '../../src/sip/parse-message.ts';
import { buildReply } from '../../src/sip/reply.ts';
import { bytes, request, requestText, response, SOURCE } from './simulated.ts';

const parse = (text: string) => parseMessage(bytes(text), SOURCE);

function malformed(text: string): MalformedMessage {
  const message = parse(text);
  if (message.kind !== 'malformed') throw new Error(`taken as a ${message.kind}`);
  return message;
}

/** The message with one of its lines replaced, or taken out. */
const altered = (line: RegExp, by: string | null, text = requestText()) =>
  text
    .split('\r\n')
    .flatMap((one) => (line.test(one) ? (by ?? []) : one))
    .join('\r\n');

describe('a request', () => {
  it('is parsed into its parts', () => {
    const text = requestText({
      method: 'INVITE',
      headers: ['Contact: <sip:a@b>;q=1, <sip:c@d>', 'c: text/plain'],
      body: 'v=0\r\n\r\n\0\xff',
    });
    const message = parse(text) as SipRequest;
    expect(message).toMatchObject({
      kind: 'request',
      method: 'INVITE',
      requestUri: 'sip:bob@biloxi.example.com',
      callId: 'a84b4c76e66710@pc33',
      cseq: { number: 314159, method: 'INVITE' },
      fromTag: '1928301774',
      toTag: null,
      contentType: 'text/plain',
      body: 'v=0\r\n\r\n\0\xff',
      raw: text,
      source: SOURCE,
    });
    expect(message.requestUriParts?.host).toBe('biloxi.example.com');
    expect(message.from.display).toBe('"Alice"');
    expect(message.to).toMatchObject({ display: 'Bob', uri: 'sip:bob@biloxi.example.com' });
    expect(message.via.branch).toBe('z9hG4bK776asdhds');
    expect(message.contacts?.map(({ uri }) => uri)).toEqual(['sip:a@b', 'sip:c@d']);
    expect(message.headers.map(({ name }) => name)).toEqual([
      'Via',
      'From',
      'To',
      'Call-ID',
      'CSeq',
      'Max-Forwards',
      'Contact',
      'c',
      'Content-Length',
    ]);
  });

  it('may have folded lines, compact names, extra spaces and bare LF', () => {
    const text = [
      '\r\n\r\nMESSAGE tel:+1-201-555-0123 SIP/2.0',
      'v: SIP / 2.0 / UDP\r\n  host.example ;branch=z9hG4bKa,\r\n\tSIP/2.0/TCP [2001:db8::1]:5070;branch=z9hG4bKb',
      'VIA : SIP/2.0/UDP third',
      'f:Bare <sip:a@b>\r\n ;tag=x',
      't: sip:bob@host;tag=y',
      'I: id',
      'CSEQ:\t7\r\n  MESSAGE',
      'X-Fold: a,\r\n  b,\r\n   c  ',
      'Empty:',
      'l: 3',
      '',
      'abcdef',
    ].join('\r\n');
    for (const variant of [text, text.replaceAll('\r\n', '\n')]) {
      const message = parse(variant) as SipRequest;
      expect(message.kind).toBe('request');
      expect(message.vias.map(({ host }) => host)).toEqual(['host.example', '[2001:db8::1]', 'third']);
      expect(message.via.branch).toBe('z9hG4bKa');
      expect([message.fromTag, message.toTag, message.callId, message.cseq.number]).toEqual([
        'x',
        'y',
        'id',
        7,
      ]);
      expect(message.to.uri).toBe('sip:bob@host');
      expect(message.header('x-fold')?.replaceAll('\r', '')).toBe('a,\n  b,\n   c');
      expect(message.header('Empty')).toBe('');
      expect(message.header('Content-Length')).toBe('3');
      expect(message.body).toBe('abc');
    }
  });

  it('gives headers by line, and by value', () => {
    const message = request({
      headers: [
        'X-L: one',
        'x-l: two',
        'Record-Route: <sip:a;lr>, <sip:b;x="1,2";lr>',
        'Record-Route: <sip:c>',
        's: short',
      ],
    });
    expect(message.headerAll('X-L')).toEqual(['one', 'two']);
    expect(message.headerList('record-route')).toEqual(['<sip:a;lr>', '<sip:b;x="1,2";lr>', '<sip:c>']);
    expect(message.header('Subject')).toBe('short');
    expect([message.header('X-None'), message.contacts, message.contentType, message.body]).toEqual([
      null,
      [],
      null,
      '',
    ]);
  });

  it('accepts Contact: *, and reports an invalid Contact', () => {
    expect(request({ headers: ['Contact: *'] }).contacts?.[0]?.uri).toBe('*');
    expect(request({ headers: ['Contact: <sip:a@b>', 'm: nonsense'] }).contacts).toBeNull();
  });

  it('keeps odd but valid characters', () => {
    const message = request({
      method: "!interesting-Method0123456789_*+`.%indeed'~",
      uri: "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
      from: "token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"\xd1\x80\xd0\xb0\";tag=_token~1'+`*%!-.",
      to: '"BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f" <sip:1_unusual.URI~@example.com>',
      callId: 'intmeth.word%ZK-!.*_+\'@word`~)(><:\\/"][?}{',
    });
    expect(message.fromTag).toBe("_token~1'+`*%!-.");
    expect(message.requestUriParts?.host).toBe('example.com');
  });
});

describe('a response', () => {
  const reply = (line: string) => altered(/^OPTIONS/, line);

  it('is parsed into its parts', () => {
    const message = response(reply('SIP/2.0 200 All is \xd1\x85well '));
    expect(message).toMatchObject({
      kind: 'response',
      status: 200,
      reason: 'All is \xd1\x85well ',
      cseq: { method: 'OPTIONS' },
    });
    expect(response(reply('SIP/2.0 183')).reason).toBe('');
    expect(response(reply('SIP/2.0 183 ')).reason).toBe('');
  });

  it.each([
    'SIP/2.0 4294967301 better not break',
    'SIP/2.0 99 x',
    'SIP/2.0 700 x',
    'SIP/2.0 abc',
    'SIP/3.0 200 OK',
    'SIP/2.0',
  ])('with the status line %j is dropped', (line) => {
    expect(malformed(reply(line)).answerable).toBeNull();
  });
});

describe('a bad request', () => {
  it.each<[what: RegExp, text: string]>([
    [/missing From/, altered(/^From/, null)],
    [/missing To/, altered(/^To/, null)],
    [/missing Call-ID/, altered(/^Call-ID/, null)],
    [/missing CSeq/, altered(/^CSeq/, null)],
    [/more than one To/, altered(/^To/, 'To: <sip:a@b>\r\nt: <sip:c@d>')],
    [/invalid CSeq/, altered(/^CSeq/, 'CSeq: 36893488147419103232 OPTIONS')],
    [/invalid CSeq/, altered(/^CSeq/, 'CSeq: OPTIONS')],
    [/another method/, altered(/^CSeq/, 'CSeq: 1 INVITE')],
    [/invalid From/, altered(/^From/, 'From: "Open <sip:a@b>;tag=1')],
    [/invalid To/, altered(/^To/, 'To: "Mr. J. User <sip:j.user@example.com>')],
    [/invalid To/, altered(/^To/, 'To: <sip:a@b>, <sip:c@d>')],
    [/invalid Call-ID/, altered(/^Call-ID/, 'Call-ID:')],
    [/shorter than its Content-Length/, altered(/^Content-Length/, 'Content-Length: 9999')],
    [/invalid Content-Length/, altered(/^Content-Length/, 'Content-Length: -999')],
    [/invalid Content-Length/, altered(/^Content-Length/, 'l:')],
    [/conflicting Content-Length/, altered(/^Content-Length/, 'Content-Length: 0\r\nl: 1')],
    [/without a colon/, altered(/^Max/, 'no colon here')],
    [/invalid header name/, altered(/^Max/, 'Bad Name: x')],
    [/invalid header name/, altered(/^Max/, ': nameless')],
    [/Request-URI/, altered(/^OPTIONS/, 'OPTIONS <sip:user@example.com> SIP/2.0')],
    [/Request-URI/, altered(/^OPTIONS/, 'OPTIONS sip:user@example.com;  lr SIP/2.0')],
    [/Request-URI/, altered(/^OPTIONS/, 'OPTIONS  sip:user@example.com SIP/2.0')],
    [/Request-URI/, altered(/^OPTIONS/, 'OPTIONS sip:user@example.com  SIP/2.0')],
    [/Request-URI/, altered(/^OPTIONS/, 'OPTIONS sip:user@example.com SIP/2.0  ')],
    [/Request-URI/, altered(/^OPTIONS/, 'OPTIONS bob SIP/2.0')],
  ])('is to be answered 400: %s', (what, text) => {
    const message = malformed(text);
    expect(message.reason).toMatch(what);
    expect(message.status).toBe(400);
    if (message.answerable === null) throw new Error('not answerable');
    const answer = buildReply(message.answerable, { status: message.status, toTag: 'x' }).toString('latin1');
    expect(answer).toMatch(
      /^SIP\/2\.0 400 Bad Request\r\nVia: [^\r]*;received=192\.0\.2\.9[^\r]*;rport=40000\r\n/i,
    );
  });

  it('of another version gets 505', () => {
    expect(malformed(altered(/^OPTIONS/, 'OPTIONS sip:a@b SIP/7.0'))).toMatchObject({
      status: 505,
      answerable: { method: 'OPTIONS' },
    });
  });

  it.each<[why: RegExp, text: string]>([
    [/missing Via/, altered(/^Via/, null)],
    [/invalid Via/, altered(/^Via/, 'Via: nonsense')],
    [/missing empty line/, requestText().split('\r\n\r\n')[0] ?? ''],
    [/missing empty line/, requestText().replace(/\r\n\r\n$/, '\r\n')],
    [/CR without LF/, altered(/^Max/, 'X-A: 1\rX-B: 2')],
    [/invalid start line/, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    [/invalid start line/, 'garbage'],
    [/invalid start line/, '\xff\xfe\xfd'],
    [/invalid start line/, altered(/^OPTIONS/, 'OPT{}IONS sip:a@b SIP/2.0')],
    [/missing From/, altered(/^From/, null, requestText({ method: 'ACK' }))],
  ])('is dropped without an answer: %s', (why, text) => {
    const message = malformed(text);
    expect(message.reason).toMatch(why);
    expect(message.answerable).toBeNull();
  });

  it('that is empty or a keep-alive is recognized', () => {
    for (const text of ['', '\r\n\r\n', '\0\0\0\0', '\n'])
      expect(malformed(text)).toMatchObject({ keepAlive: true, answerable: null });
    expect(malformed('x').keepAlive).toBe(false);
  });

  it('shows only the start of a long first line', () => {
    expect(malformed('x'.repeat(60_000)).startLine).toHaveLength(200);
  });
});

describe('size', () => {
  it('is limited in bytes and number of headers', () => {
    expect(malformed(requestText({ body: 'x'.repeat(65_535) })).reason).toMatch(/too large/);
    const many = (count: number) => parse(requestText({ headers: Array<string>(count).fill('a:b') }));
    expect(many(500).kind).toBe('request');
    expect(many(600)).toMatchObject({ kind: 'malformed', reason: 'too many headers' });
  });

  it('is parsed in linear time, whatever the input', () => {
    // each is about 60 KB; what is quadratic takes seconds here, and the test's time limit ends it
    const long = [
      ' ',
      '\t',
      ',',
      '"',
      '\\"',
      '<',
      ';',
      ':',
      '=',
      '(',
      '\r\n ',
      '\r\n\t',
      'a;',
      '@',
      ' SIP/2.0',
      '%',
    ].map((s) => s.repeat(60_000 / s.length));
    for (const filler of long) {
      for (const line of [
        `OPTIONS sip:a${filler} SIP/2.0`,
        `OPTIONS ${filler}`,
        `SIP/2.0 200 ${filler}`,
        filler,
      ])
        parse(altered(/^OPTIONS/, line));
      for (const header of [
        'Via: SIP/2.0/UDP h',
        'Via: ',
        'From: ',
        'To: <sip:a@b>',
        'CSeq: 1',
        'Call-ID: x',
        'Contact: ',
      ]) {
        const message = parse(altered(new RegExp(`^${header.slice(0, 3)}`), `${header}${filler}`));
        if (message.kind === 'request') buildReply(message, { status: 200 });
        if (message.kind === 'request') void [message.vias, message.contacts, message.headerList('call-id')];
      }
    }
    parse(requestText({ headers: Array<string>(4000).fill('Via: SIP/2.0/UDP h') }));
  }, 10_000);
});

describe('any bytes', () => {
  const exercise = (data: Uint8Array): void => {
    const message = parseMessage(data, SOURCE);
    if (message.kind === 'malformed') {
      if (message.answerable !== null) buildReply(message.answerable, { status: message.status, toTag: 't' });
      return;
    }
    void [
      message.via.sentBy,
      message.vias,
      message.from.uriParts,
      message.to.parameter('x'),
      message.contacts,
      message.contentType,
      message.body,
      message.callId,
      message.headerList('route'),
    ];
    if (message.kind === 'response') return;
    void message.requestUriParts;
    const reply = parseMessage(buildReply(message, { status: 200, toTag: 't' }));
    expect(reply.kind === 'malformed' ? reply.reason : reply.kind).toBe('response');
  };

  it('never make the parser throw an exception', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), exercise), { numRuns: 2000 });
  });

  it('within a message never make it throw, and every accepted request can be answered', () => {
    const text = requestText({
      method: 'INVITE',
      via: 'SIP/2.0/UDP a;branch=z9hG4bKx;rport, SIP/2.0/UDP [::1]:5070 (c)',
      headers: ['Contact: "A, b" <sip:a@b;x>;q=1', 'Route: <sip:r;lr>', 'X-F: a\r\n b'],
      body: 'v=0\r\n',
    });
    const piece = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'\r\n\t \0:;,=<>"\\@[]()/aS2\x80\xff'), maxLength: 6 }),
      fc.constantFrom('\r\n', '\r\n\r\n', 'Via: SIP/2.0/UDP h\r\n', 'l: 1\r\n', ';tag=', 'SIP/2.0'),
    );
    const edit = fc.tuple(fc.nat(text.length), fc.nat(12), piece);
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        let changed = text;
        for (const [at, cut, insert] of edits)
          changed = changed.slice(0, at) + insert + changed.slice(at + cut);
        exercise(bytes(changed));
      }),
      { numRuns: 5000 },
    );
  });
});

describe('a message that waits', () => {
  it('reads the same after dropping its parsed headers', () => {
    const message = parseMessage(
      bytes(
        `\r\n${requestText({ method: 'INVITE', headers: ['Contact: <sip:a@b>', 'Subject: folded', '\t line'], body: 'v=0\r\n' })}`,
      ),
    );
    if (message.kind !== 'request') throw new Error('no request');
    const read = (): unknown => [
      message.headers,
      message.via.text,
      message.from.text,
      message.to.text,
      message.cseq,
      message.callId,
      message.contacts,
      message.body,
      message.requestUriParts,
    ];
    const before = read();
    message.forget();
    expect(read()).toEqual(before);
  });
});
