import { describe, expect, it } from 'vitest';
import { Receiver } from '../../src/engine/index.ts';
import { Request } from '../../src/runtime/index.ts';
import { SimulatedClock } from '../../src/timers/simulated-clock.ts';
import { bytes, RecordingTransport, request, requestText, SOURCE } from '../sip/simulated.ts';
import { benchOf } from '../support/script-bench.ts';

const headerOf = (text: string | undefined, name: string) =>
  new RegExp(`^${name}: (.*)\\r$`, 'im').exec(text ?? '')?.[1];

function prepare(script = 'route { exit; }') {
  const bench = benchOf(script);
  const socket = new RecordingTransport(new SimulatedClock());
  const receiver = new Receiver(bench.routing);
  return {
    ...bench,
    socket,
    receiver,
    counts: bench.routing.host.received,
    arrives: (text: string) => receiver.receive(bytes(text), SOURCE, socket),
    newRequest: (parts: Parameters<typeof request>[0] = {}) =>
      new Request(bench.routing, request(parts, socket)),
  };
}

describe('replies', () => {
  it('go back to the source of the request, with received, rport and a To tag', () => {
    const { newRequest, socket } = prepare();
    expect(newRequest().reply(404, 'Not Here')).toBe(true);
    const [reply] = socket.sent;
    expect(socket.lines).toEqual(['SIP/2.0 404 Not Here']);
    expect([reply?.address, reply?.port]).toEqual([SOURCE.address, SOURCE.port]);
    expect(headerOf(reply?.text, 'Via')).toContain(`received=${SOURCE.address}`);
    expect(headerOf(reply?.text, 'Via')).toContain(`rport=${SOURCE.port}`);
    expect(headerOf(reply?.text, 'To')).toMatch(/^Bob <sip:bob@biloxi\.example\.com>;tag=\S+$/);
    expect(headerOf(reply?.text, 'Server')).toBe('siprest');
  });

  it('to the same request have the same To tag, which the script can read', () => {
    const { newRequest, socket } = prepare();
    const one = newRequest();
    one.replyStateless(100, 'Trying');
    one.replyStateless(200, 'OK');
    newRequest().replyStateless(200, 'OK');
    const tags = socket.sent.map(({ text }) => headerOf(text, 'To')?.split(';tag=')[1]);
    expect(tags).toEqual([undefined, one.localToTag, one.localToTag]);
  });

  it('are never sent to an ACK, nor without a message', () => {
    const { newRequest, routing, socket } = prepare();
    for (const one of [newRequest({ method: 'ACK' }), new Request(routing, null)]) {
      expect(one.reply(200, 'OK')).toBe(false);
      expect(one.replyStateless(200, 'OK')).toBe(false);
      expect(one.createTransaction()).toBe('refused');
      expect(one.replied).toBe(false);
    }
    expect(socket.sent).toEqual([]);
  });

  it('all have the lines of append_to_reply(), as documented', () => {
    const { newRequest, socket } = prepare();
    const one = newRequest();
    expect(one.appendToReply('X-A: 1\r\n')).toBe(true);
    expect(one.appendToReply('X-B: 2')).toBe(true);
    one.reply(180, 'Ringing');
    one.reply(200, 'OK');
    expect(socket.sent.map(({ text }) => [headerOf(text, 'X-A'), headerOf(text, 'X-B')])).toEqual([
      ['1', '2'],
      ['1', '2'],
    ]);
  });

  it.each([
    ['an empty line', 'X: a\r\n\r\nbody'],
    ['a bare line feed and another empty line', 'X: a\n\nbody'],
    ['no colon', 'nothing'],
    ['a name that is not a token', 'X Y: a'],
    ['a Content-Length of its own', 'Content-Length: 3'],
    ['its compact form', 'l: 3'],
    ['a carriage return inside', 'X: a\rVia: b'],
    ['a NUL', 'X: a\0b'],
  ])('do not take what would break the message: %s', (_, text) => {
    const { newRequest, socket } = prepare();
    const one = newRequest();
    expect(one.appendToReply(text)).toBe(false);
    one.reply(200, 'OK');
    expect(socket.sent[0]?.text).toMatch(/\r\nContent-Length: 0\r\n\r\n$/);
    expect(socket.sent[0]?.text).not.toMatch(/^X|nothing/m);
  });

  it('keep the reason phrase on one line', () => {
    const { newRequest, socket } = prepare();
    newRequest().reply(200, 'OK\r\nX-Evil: 1\r\n\r\n');
    expect(socket.lines[0]).toMatch(/^SIP\/2\.0 200 OK/);
    expect(headerOf(socket.sent[0]?.text, 'X-Evil')).toBeUndefined();
  });

  it('have a body with the type set by the script', () => {
    const { newRequest, socket } = prepare();
    const one = newRequest();
    one.appendToReply('Content-Type: application/json\r\n');
    one.setReplyBody('{"a":1}');
    one.reply(200, 'OK');
    const text = socket.sent[0]?.text;
    expect(headerOf(text, 'Content-Type')).toBe('application/json');
    expect(text?.match(/Content-Type/g)).toHaveLength(1);
    expect(headerOf(text, 'Content-Length')).toBe('7');
    expect(text?.endsWith('\r\n\r\n{"a":1}')).toBe(true);
  });
});

describe('transactions', () => {
  it('absorb a retransmission, and repeat the reply', () => {
    const { newRequest, socket, routing } = prepare();
    const first = newRequest();
    expect(first.createTransaction()).toBe('created');
    expect(first.createTransaction()).toBe('exists');
    expect(newRequest().createTransaction()).toBe('absorbed');
    expect(socket.sent).toEqual([]);
    first.reply(200, 'OK');
    expect(newRequest().createTransaction()).toBe('absorbed');
    expect(socket.lines).toEqual(['SIP/2.0 200 OK', 'SIP/2.0 200 OK']);
    expect(socket.sent[1]?.text).toBe(socket.sent[0]?.text);
    expect(routing.host.transactions.size).toBe(1);
    routing.host.transactions.close();
  });

  it('of an INVITE answer 100 at once, unless auto_100trying is off', () => {
    const invite = { method: 'INVITE' };
    const usual = prepare('loadmodule "tm.so"\nroute { exit; }');
    usual.newRequest(invite).createTransaction();
    expect(usual.socket.lines).toEqual(['SIP/2.0 100 Giving it a try']);
    const off = prepare('loadmodule "tm.so"\nmodparam("tm", "auto_100trying", 0)\nroute { exit; }');
    off.newRequest(invite).createTransaction();
    expect(off.socket.lines).toEqual([]);
    for (const { routing } of [usual, off]) routing.host.transactions.close();
  });

  it('send one final reply', () => {
    const { newRequest, socket, routing } = prepare();
    const one = newRequest();
    one.createTransaction();
    expect(one.reply(404, 'Not Found')).toBe(true);
    expect(one.reply(200, 'OK')).toBe(false);
    expect(socket.lines).toEqual(['SIP/2.0 404 Not Found']);
    routing.host.transactions.close();
  });
});

describe('an incoming message', () => {
  const script = `loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "signaling.so"
route {
  xlog("$rm");
  if ($rm == "ACK")
    exit;
  if ($fU == "stateful")
    t_newtran();
  send_reply(486, "Busy Here");
}`;

  it('runs the main route once', () => {
    const { arrives, log, socket, counts } = prepare(script);
    arrives(requestText());
    arrives(requestText({ method: 'MESSAGE', callId: 'another' }));
    expect(log).toEqual(['OPTIONS', 'MESSAGE']);
    expect(socket.lines).toEqual(['SIP/2.0 486 Busy Here', 'SIP/2.0 486 Busy Here']);
    expect(counts).toMatchObject({ requests: 2, malformed: 0, refused: 0 });
  });

  it('that is the ACK to a reply without a transaction does not reach the script', () => {
    const { arrives, log, socket, counts } = prepare(script);
    arrives(requestText({ method: 'INVITE' }));
    const to = headerOf(socket.sent[0]?.text, 'To') ?? '';
    expect(to).toContain(';tag=');
    arrives(requestText({ method: 'ACK', to, cseq: '314159 ACK' }));
    expect(log).toEqual(['INVITE']);
    expect(counts.ownAcks).toBe(1);
    // an ACK to somebody else's reply is routed
    arrives(requestText({ method: 'ACK', to: to.replace(/tag=.*/, 'tag=other'), cseq: '314159 ACK' }));
    expect(log).toEqual(['INVITE', 'ACK']);
    expect(socket.sent).toHaveLength(1);
  });

  it('that is the ACK to a stateless 2xx, which has its own branch, reaches the script', () => {
    const { arrives, log, socket, counts } = prepare(script);
    arrives(requestText({ method: 'INVITE' }));
    const to = headerOf(socket.sent[0]?.text, 'To') ?? '';
    const ack = requestText({ method: 'ACK', to, cseq: '314159 ACK' });
    arrives(ack.replace(/branch=z9hG4bK[^;\r]*/, 'branch=z9hG4bKanother'));
    expect(log).toEqual(['INVITE', 'ACK']);
    expect(counts.ownAcks).toBe(0);
  });

  it('that retransmits a stateful request does not reach the script', () => {
    const { arrives, log, socket, routing } = prepare(script);
    const text = requestText({ from: '<sip:stateful@a.example>;tag=1' });
    arrives(text);
    arrives(text);
    expect(log).toEqual(['OPTIONS', 'OPTIONS']);
    expect(socket.lines).toEqual(['SIP/2.0 486 Busy Here', 'SIP/2.0 486 Busy Here']);
    expect(socket.sent[1]?.text).toBe(socket.sent[0]?.text);
    routing.host.transactions.close();
  });

  it('is answered 400 if it is a malformed request, and dropped if it is not SIP', () => {
    const { arrives, log, socket, counts } = prepare(`log_level=4\n${script}`);
    arrives(requestText().replace('CSeq: 314159 OPTIONS', 'CSeq: soon'));
    expect(socket.lines).toEqual([expect.stringMatching(/^SIP\/2\.0 400 /)]);
    arrives('');
    arrives('\r\n\r\n');
    arrives('\0\0\0\0');
    arrives('hello');
    expect(socket.sent).toHaveLength(1);
    expect(counts).toMatchObject({ requests: 0, malformed: 2, keepAlives: 3 });
    for (const line of log) expect(line).toMatch(/^DBG: dropped a message from 192\.0\.2\.9:40000: /);
  });

  it('is dropped after the server has stopped', () => {
    const { arrives, log, receiver } = prepare(script);
    receiver.stop();
    arrives(requestText());
    expect(log).toEqual([]);
  });
});

describe('listeners of a Routing', () => {
  it('see requests, generated replies and the ends of transactions, in order', () => {
    const { arrives, routing } = prepare('loadmodule "tm.so"\nroute { t_reply(486, "Busy Here"); }');
    const heard: string[] = [];
    routing.listeners.request.add(({ method }) => heard.push(`request ${method}`));
    routing.listeners.reply.add((reply) => heard.push(`reply ${reply.toString('latin1', 8, 11)}`));
    routing.listeners.transactionEnded.add((_, ending) => heard.push(`ended ${ending}`));
    const forget = routing.listeners.request.add(() => heard.push('request again'));
    arrives(requestText());
    expect(heard).toEqual(['request OPTIONS', 'request again', 'reply 486', 'ended done']);
    forget();
    heard.length = 0;
    arrives(requestText({ method: 'MESSAGE' }));
    expect(heard).toEqual(['request MESSAGE', 'reply 486', 'ended done']);
    routing.host.transactions.close();
  });
});
