import { afterEach, describe, expect, it } from 'vitest';
import { headerText } from '../../src/sip/header-text.ts';
import type { SipRequest } from '../../src/sip/message.ts';
import { parseMessage } from '../../src/sip/parse-message.ts';
import { buildReply, sendReply } from '../../src/sip/reply.ts';
import { StreamTransport } from '../../src/sip/stream-transport.ts';
import type { Transport } from '../../src/sip/transport.ts';
import { RequestError, type RequestEvent, type SipRequestOptions, sendRequest } from '../../src/sip/uac.ts';
import { UdpTransport } from '../../src/sip/udp-transport.ts';

const open: Transport[] = [];

afterEach(async () => {
  for (const transport of open.splice(0)) await transport.close();
});

/** A user agent server: what it gets, and `answer` for each. */
async function listen(
  answer: (request: SipRequest, nth: number) => void,
  takesReplies = false,
): Promise<{ uri: string; port: number; got: SipRequest[] }> {
  const got: SipRequest[] = [];
  const transport = await UdpTransport.bind({
    address: '127.0.0.1',
    port: 0,
    onMessage: (data, source, socket) => {
      const message = parseMessage(data, source, socket);
      if (message.kind === 'response' && takesReplies) return;
      if (message.kind !== 'request') throw new Error(`not a request: ${data.toString('latin1')}`);
      got.push(message);
      answer(message, got.length);
    },
  });
  open.push(transport);
  const { port } = transport.local;
  return { uri: `sip:bob@127.0.0.1:${port}`, port, got };
}

const reply = (request: SipRequest, status: number, headers = '') =>
  sendReply(
    request,
    buildReply(request, { status, toTag: 'callee', headers: headerText(headers) ?? undefined }),
  );

async function run(options: SipRequestOptions): Promise<RequestEvent[]> {
  const events: RequestEvent[] = [];
  for await (const event of sendRequest(options)) events.push(event);
  return events;
}

const brief = (events: RequestEvent[]) =>
  events.map((event) =>
    event.kind === 'sent'
      ? `sent ${/ACK|BYE|CANCEL/.test(event.request.method) ? event.request.method : event.copy}`
      : event.kind === 'response'
        ? `${event.response.status} ${event.response.reason}`
        : event.kind === 'request'
          ? `got ${event.request.method}`
          : event.outcome,
  );

const soon = { t1: 20, t2: 80, t4: 100 };

describe('sendRequest', () => {
  it('completes the request, sends it and returns the replies', async () => {
    const server = await listen((request) => {
      reply(request, 180);
      reply(request, 200);
    });
    const events = await run({ method: 'OPTIONS', uri: server.uri });
    expect(brief(events)).toEqual(['sent 1', '180 Ringing', '200 OK', 'answered']);
    expect(events.every((event, i) => i === 0 || event.at >= (events[i - 1]?.at ?? 0))).toBe(true);
    const request = server.got[0] as SipRequest;
    expect(request).toMatchObject({
      method: 'OPTIONS',
      requestUri: server.uri,
      cseq: { number: 1, method: 'OPTIONS' },
      toTag: null,
    });
    expect(request.via.branch).toMatch(/^z9hG4bK0\./);
    expect(request.via.rport).toBe('');
    expect(request.via.sentBy).toBe(`127.0.0.1:${request.source.port}`);
    expect(request.to.uri).toBe(server.uri);
    expect(request.fromTag).not.toBeNull();
    expect(request.contacts?.[0]?.uri).toBe(`sip:siprest@127.0.0.1:${request.source.port}`);
    expect([request.header('max-forwards'), request.header('user-agent'), request.body]).toEqual([
      '70',
      'siprest',
      '',
    ]);
  });

  it('accepts addresses, headers and a body', async () => {
    const server = await listen((request) => reply(request, 202));
    const events = await run({
      method: 'MESSAGE',
      uri: 'sip:bob@nowhere.invalid;user=phone?subject=x',
      proxy: `127.0.0.1:${server.port}`,
      from: '"Alice" <sip:alice@a.example>',
      to: 'sip:carol@c.example;x=y',
      headers: 'X-A: 1\r\nUser-Agent: mine\r\nCall-ID: given\r\n',
      body: 'h\xffllo',
      contentType: 'text/html',
    });
    expect(brief(events)).toEqual(['sent 1', '202 Accepted', 'answered']);
    const request = server.got[0] as SipRequest;
    expect(request.requestUri).toBe('sip:bob@nowhere.invalid;user=phone');
    expect(request.header('from')).toMatch(/^"Alice" <sip:alice@a\.example>;tag=\w+$/);
    expect(request.header('to')).toBe('<sip:carol@c.example;x=y>');
    expect([request.callId, request.headerAll('user-agent'), request.header('x-a')]).toEqual([
      'given',
      ['mine'],
      '1',
    ]);
    expect([request.body, request.contentType]).toEqual(['h\xffllo', 'text/html']);
  });

  it('retransmits until it gets a response', async () => {
    const server = await listen((request, nth) => {
      if (nth === 3) reply(request, 200);
    });
    const events = await run({ method: 'OPTIONS', uri: server.uri, timers: soon });
    expect(brief(events)).toEqual(['sent 1', 'sent 2', 'sent 3', '200 OK', 'answered']);
    expect(new Set(server.got.map(({ raw }) => raw)).size).toBe(1);
  });

  it('gives up at timer F, and at the timeout', async () => {
    const server = await listen(() => {});
    const byTimer = brief(
      await run({ method: 'OPTIONS', uri: server.uri, timers: { t1: 2, t2: 8, t4: 10 } }),
    );
    expect(byTimer.at(-1)).toBe('timeout');
    expect(byTimer.length).toBeGreaterThan(3);
    expect(brief(await run({ method: 'OPTIONS', uri: server.uri, timeout: 40 }))).toEqual([
      'sent 1',
      'timeout',
    ]);
  });

  it('acknowledges the final response to an INVITE: a refusal within its transaction, a 2xx within the dialog', async () => {
    for (const status of [486, 200]) {
      let acked: (ack: SipRequest) => void = () => {};
      const ack = new Promise<SipRequest>((resolve) => {
        acked = resolve;
      });
      const server = await listen((request) => {
        if (request.method === 'ACK') acked(request);
        else reply(request, status, 'Contact: <sip:there@192.0.2.4>\r\n');
      });
      const events = await run({ method: 'INVITE', uri: server.uri });
      expect(brief(events).at(-1)).toBe('answered');
      const [invite, got] = [server.got[0] as SipRequest, await ack];
      expect(got.toTag).toBe('callee');
      expect([got.callId, got.cseq.number, got.fromTag]).toEqual([invite.callId, 1, invite.fromTag]);
      expect(got.via.branch === invite.via.branch).toBe(status === 486);
      expect(got.requestUri).toBe(status === 486 ? server.uri : 'sip:there@192.0.2.4');
    }
  });

  it('cancels a call that still rings at the timeout, and acknowledges its final response', async () => {
    const server = await listen((request) => {
      if (request.method === 'INVITE') reply(request, 180);
      if (request.method !== 'CANCEL') return;
      reply(request, 200);
      reply(server.got[0] as SipRequest, 487);
    });
    expect(brief(await run({ method: 'INVITE', uri: server.uri, timeout: 200 }))).toEqual([
      'sent 1',
      '180 Ringing',
      'sent CANCEL',
      '200 OK',
      '487 Request Terminated',
      'sent ACK',
      'timeout',
    ]);
    expect(server.got[1]?.via.branch).toBe(server.got[0]?.via.branch);
  });

  it('ends a call that is answered despite its CANCEL', async () => {
    const server = await listen((request) => {
      if (request.method === 'INVITE') reply(request, 180);
      if (request.method === 'CANCEL') reply(server.got[0] as SipRequest, 200);
      if (request.method === 'BYE') reply(request, 200);
    });
    expect(brief(await run({ method: 'INVITE', uri: server.uri, timeout: 200 }))).toEqual([
      ...['sent 1', '180 Ringing', 'sent CANCEL', '200 OK', 'sent ACK', 'sent BYE', '200 OK', 'timeout'],
    ]);
  });

  it('with talk, ends the call that it set up', async () => {
    const routes = 'Contact: <sip:there@192.0.2.4>\r\nRecord-Route: <sip:p1;lr>, <sip:p2;lr>\r\n';
    const server = await listen((request) => {
      if (request.method !== 'ACK') reply(request, 200, request.method === 'INVITE' ? routes : '');
    });
    expect(brief(await run({ method: 'INVITE', uri: server.uri, talk: 20 }))).toEqual([
      ...['sent 1', '200 OK', 'sent ACK', 'sent BYE', '200 OK', 'answered'],
    ]);
    const [invite, , bye] = server.got;
    expect([bye?.requestUri, bye?.cseq.number, bye?.toTag]).toEqual(['sip:there@192.0.2.4', 2, 'callee']);
    expect([bye?.callId, bye?.fromTag]).toEqual([invite?.callId, invite?.fromTag]);
    expect(bye?.headerList('route')).toEqual(['<sip:p2;lr>', '<sip:p1;lr>']);
  });

  it('answers the BYE of a callee who hangs up first', async () => {
    const server = await listen((request) => {
      if (request.method === 'INVITE') reply(request, 200);
      if (request.method !== 'ACK') return;
      const { source, callId } = request;
      const bye = `BYE sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${server.port};branch=z9hG4bKbye\r\nFrom: <sip:b@b>;tag=callee\r\nTo: <sip:a@a>;tag=1\r\nCall-ID: ${callId}\r\nCSeq: 7 BYE\r\nContent-Length: 0\r\n\r\n`;
      open.at(-1)?.send(Buffer.from(bye), source.address, source.port);
    }, true);
    expect(brief(await run({ method: 'INVITE', uri: server.uri, talk: 5000 }))).toEqual([
      ...['sent 1', '200 OK', 'sent ACK', 'got BYE', 'answered'],
    ]);
  });

  it('works over TCP as well, by the URI or by the proxy', async () => {
    const got: SipRequest[] = [];
    const transport = await StreamTransport.bind({
      address: '127.0.0.1',
      port: 0,
      onMessage: (data, source, socket) => {
        const message = parseMessage(data, source, socket);
        if (message.kind !== 'request') return;
        got.push(message);
        if (message.method !== 'ACK') reply(message, 200);
      },
    });
    open.push(transport);
    const host = `127.0.0.1:${transport.local.port}`;
    for (const options of [
      { uri: `sip:bob@${host};transport=tcp` },
      { uri: 'sip:bob@b.example', proxy: `tcp:${host}` },
    ])
      expect(brief(await run({ method: 'INVITE', talk: 10, ...options }))).toEqual([
        ...['sent 1', '200 OK', 'sent ACK', 'sent BYE', '200 OK', 'answered'],
      ]);
    expect(got.map(({ method }) => method)).toEqual(['INVITE', 'ACK', 'BYE', 'INVITE', 'ACK', 'BYE']);
    expect(got[0]?.via.transport).toBe('TCP');
    expect(got[0]?.contacts?.[0]?.uri).toMatch(/;transport=tcp$/);
    // one connection for a call, from its own port to ours
    expect(new Set(got.slice(0, 3).map(({ source }) => source.port)).size).toBe(1);
  });

  it('reports that nobody listens there', async () => {
    const events = await run({ method: 'OPTIONS', uri: 'sip:bob@127.0.0.1:1;transport=tcp' });
    expect(brief(events).at(-1)).toBe('failed');
  });

  it('ends when aborted, and when its reader stops', async () => {
    const server = await listen(() => {});
    const controller = new AbortController();
    const events: RequestEvent[] = [];
    for await (const event of sendRequest({
      method: 'OPTIONS',
      uri: server.uri,
      signal: controller.signal,
    })) {
      events.push(event);
      controller.abort();
    }
    expect(brief(events)).toEqual(['sent 1', 'aborted']);
    expect(brief(await run({ method: 'OPTIONS', uri: server.uri, signal: controller.signal }))).toEqual([
      'aborted',
    ]);
    for await (const event of sendRequest({ method: 'OPTIONS', uri: server.uri })) {
      expect(event.kind).toBe('sent');
      break;
    }
  });

  it('ignores replies to other requests', async () => {
    const server = await listen((request) => {
      const other = buildReply(request, { status: 404 })
        .toString('latin1')
        .replace(/branch=z9hG4bK/, 'branch=z9hG4bKx');
      sendReply(request, Buffer.from(other, 'latin1'));
      sendReply(request, Buffer.from('garbage'));
      reply(request, 200);
    });
    expect(brief(await run({ method: 'OPTIONS', uri: server.uri }))).toEqual([
      'sent 1',
      '200 OK',
      'answered',
    ]);
  });

  it.each<[what: RegExp, options: Partial<SipRequestOptions>]>([
    [/no SIP method/, { method: 'BAD METHOD' }],
    [/no SIP or TEL URI/, { uri: 'nonsense' }],
    [/no SIP or TEL URI/, { uri: 'sip:a@b\r\nEvil: 1' }],
    [/use a proxy/, { uri: 'tel:+123' }],
    [/only UDP/, { uri: 'sips:a@127.0.0.1;transport=udp' }],
    [/only UDP/, { uri: 'sip:a@127.0.0.1;transport=sctp' }],
    [/use host, host:port/, { proxy: 'a b' }],
    [/expected header lines/, { headers: 'nonsense' }],
    [/expected header lines/, { headers: 'X-A: 1\r\n\r\nbody' }],
    [/set by siprest/, { headers: 'Via: SIP/2.0/UDP x' }],
    [/SIP address in To/, { to: 'nobody' }],
    [/SIP address in From/, { from: '<sip:a@b>\r\nEvil: 1' }],
    [/no address found/, { uri: 'sip:a@nowhere.invalid' }],
  ])('refuses options that are not valid SIP: %s', async (what, options) => {
    const error = await run({ method: 'OPTIONS', uri: 'sip:a@127.0.0.1:1', ...options }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(RequestError);
    expect((error as Error).message).toMatch(what);
  });
});
