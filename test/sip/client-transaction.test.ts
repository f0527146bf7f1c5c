import { beforeEach, describe, expect, it } from 'vitest';
import {
  type ClientTransaction,
  InviteClientTransaction,
  NonInviteClientTransaction,
} from '../../src/sip/client-transaction.ts';
import type { SipResponse } from '../../src/sip/message.ts';
import { buildReply } from '../../src/sip/reply.ts';
import { buildCancel, buildDialogRequest } from '../../src/sip/request.ts';
import { RFC_TIMERS } from '../../src/sip/timers.ts';
import { SimulatedClock } from '../../src/timers/simulated-clock.ts';
import { TimerWheel } from '../../src/timers/timer-wheel.ts';
import { bytes, RecordingTransport, request, response } from './simulated.ts';

let clock: SimulatedClock;
let wire: RecordingTransport;
let seen: number[];
let endings: string[];

beforeEach(() => {
  clock = new SimulatedClock();
  wire = new RecordingTransport(clock);
  seen = [];
  endings = [];
});

const message = (method: string) => request({ method, headers: ['Route: <sip:r1;lr>, <sip:r2;lr>'] });
const answer = (method: string, status: number): SipResponse =>
  response(buildReply(message(method), { status, toTag: 'callee' }));

function start(method: string): ClientTransaction {
  const Machine = method === 'INVITE' ? InviteClientTransaction : NonInviteClientTransaction;
  const outgoing = message(method);
  const transaction = new Machine(
    {
      request: outgoing,
      data: bytes(outgoing.raw),
      transport: wire,
      destination: { address: '192.0.2.1', port: 5060 },
      user: {
        onResponse: ({ status }) => seen.push(status),
        onEnd: (ending) => endings.push(`${ending}@${clock.now()}`),
      },
    },
    { timers: new TimerWheel(clock), values: RFC_TIMERS },
  );
  transaction.start();
  return transaction;
}

describe('a non-INVITE client transaction (figure 6)', () => {
  it('retransmits after T1, doubling up to T2, until timer F', () => {
    const transaction = start('OPTIONS');
    clock.advance(32_000);
    expect(wire.times).toEqual([0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    expect([endings, transaction.copies]).toEqual([['timeout@32000'], 11]);
  });

  it('retransmits every T2 after a provisional response', () => {
    const transaction = start('OPTIONS');
    clock.advance(100);
    transaction.receive(answer('OPTIONS', 100));
    clock.advance(9000);
    expect(wire.times).toEqual([0, 500, 4500, 8500]);
    transaction.receive(answer('OPTIONS', 200));
    transaction.receive(answer('OPTIONS', 200));
    expect([seen, transaction.state]).toEqual([[100, 200], 'completed']);
    clock.advance(5000);
    expect([endings, wire.sent.length]).toEqual([['done@14100'], 4]);
  });
});

describe('an INVITE client transaction (figure 5)', () => {
  it('retransmits after T1, always doubling, until timer B', () => {
    start('INVITE');
    clock.advance(32_000);
    expect(wire.times).toEqual([0, 500, 1500, 3500, 7500, 15_500, 31_500]);
    expect(endings).toEqual(['timeout@32000']);
  });

  it('waits indefinitely while it rings', () => {
    const transaction = start('INVITE');
    clock.advance(600);
    transaction.receive(answer('INVITE', 180));
    clock.advance(300_000);
    expect([wire.sent.length, transaction.state, seen]).toEqual([2, 'proceeding', [180]]);
  });

  it('acknowledges each retransmission of a non-2xx, until timer D', () => {
    const transaction = start('INVITE');
    transaction.receive(answer('INVITE', 486));
    transaction.receive(answer('INVITE', 486));
    expect(seen).toEqual([486]);
    expect(wire.lines).toEqual([
      'INVITE sip:bob@biloxi.example.com SIP/2.0',
      ...Array<string>(2).fill('ACK sip:bob@biloxi.example.com SIP/2.0'),
    ]);
    expect(wire.sent[1]?.text.split('\r\n')).toEqual([
      'ACK sip:bob@biloxi.example.com SIP/2.0',
      'Via: SIP/2.0/UDP pc33.example.com:5066;branch=z9hG4bK776asdhds;rport',
      'Max-Forwards: 70',
      'From: "Alice" <sip:alice@atlanta.example.com>;tag=1928301774',
      'To: Bob <sip:bob@biloxi.example.com>;tag=callee',
      'Call-ID: a84b4c76e66710@pc33',
      'CSeq: 314159 ACK',
      'Route: <sip:r1;lr>',
      'Route: <sip:r2;lr>',
      'Content-Length: 0',
      '',
      '',
    ]);
    clock.advance(32_000);
    expect(endings).toEqual(['done@32000']);
  });

  it('passes on each 2xx, until timer M (RFC 6026)', () => {
    const transaction = start('INVITE');
    transaction.receive(answer('INVITE', 200));
    transaction.receive(answer('INVITE', 200));
    transaction.receive(answer('INVITE', 486));
    expect([seen, wire.sent.length, transaction.state]).toEqual([[200, 200], 1, 'accepted']);
    clock.advance(32_000);
    expect(endings).toEqual(['done@32000']);
  });

  it('ends if sending fails', () => {
    wire.broken = new Error('no route');
    start('INVITE');
    clock.advance(100_000);
    expect([endings, wire.sent.length]).toEqual([['transport@0'], 1]);
  });
});

it('matches responses by branch and CSeq method (17.1.3)', () => {
  const transaction = start('INVITE');
  expect(transaction.matches(answer('INVITE', 200))).toBe(true);
  expect(transaction.matches(answer('CANCEL', 200))).toBe(false);
  const other = request({ method: 'INVITE', via: 'SIP/2.0/UDP h;branch=z9hG4bKother' });
  expect(transaction.matches(response(buildReply(other, { status: 200 })))).toBe(false);
});

it('builds the CANCEL of a request, and the ACK of a dialog with its route set', () => {
  const invite = message('INVITE');
  const cancel = buildCancel(invite).toString('latin1');
  expect(cancel).toMatch(
    /^CANCEL sip:bob@biloxi\.example\.com SIP\/2\.0\r\nVia: [^\r]*branch=z9hG4bK776asdhds/,
  );
  expect(cancel).toMatch(/\r\nCSeq: 314159 CANCEL\r\n/);
  const ok = response(
    buildReply(message('INVITE'), { status: 200, toTag: 'callee' })
      .toString('latin1')
      .replace(
        'Content-Length',
        'Record-Route: <sip:p2;lr>, <sip:p1;lr>\r\nContact: <sip:bob@192.0.2.4>\r\nContent-Length',
      ),
  );
  const ack = buildDialogRequest('ACK', invite, ok, 'SIP/2.0/UDP me;branch=z9hG4bKnew').toString('latin1');
  expect(ack).toMatch(/^ACK sip:bob@192\.0\.2\.4 SIP\/2\.0\r\nVia: SIP\/2\.0\/UDP me;branch=z9hG4bKnew\r\n/);
  expect(ack).toMatch(/Route: <sip:p1;lr>\r\nRoute: <sip:p2;lr>\r\n/);
});
