import { beforeEach, describe, expect, it } from 'vitest';
import type { SipRequest } from '../../src/sip/message.ts';
import type { ServerTransaction } from '../../src/sip/server-transaction.ts';
import { RFC_TIMERS } from '../../src/sip/timers.ts';
import { TransactionTable, type TransactionTableOptions } from '../../src/sip/transaction-table.ts';
import { SimulatedClock } from '../../src/timers/simulated-clock.ts';
import { TimerWheel } from '../../src/timers/timer-wheel.ts';
import { RecordingTransport, type RequestParts, request, response } from './simulated.ts';

let clock: SimulatedClock;
let wire: RecordingTransport;
let table: TransactionTable;
let endings: string[];

function begin(options: TransactionTableOptions = {}, reliable = false): void {
  clock = new SimulatedClock();
  wire = new RecordingTransport(clock, reliable);
  table = new TransactionTable({ timers: new TimerWheel(clock), ...options });
  endings = [];
}

beforeEach(() => begin());

const incoming = (parts: RequestParts = {}): SipRequest => request(parts, wire);

function create(parts: RequestParts = {}): ServerTransaction {
  const transaction = table.create(incoming(parts));
  if (transaction === null) throw new Error('not created');
  transaction.user = {
    onServerEnd: (ending) => endings.push(`${ending}@${clock.now()}`),
    reply: () => false,
    cancel: () => undefined,
  };
  return transaction;
}

const invite = { method: 'INVITE' };
const ackTo = (transaction: ServerTransaction, parts: RequestParts = {}) =>
  incoming({
    method: 'ACK',
    cseq: '314159 ACK',
    to: `Bob <sip:bob@biloxi.example.com>;tag=${transaction.toTag}`,
    ...parts,
  });

describe('a non-INVITE server transaction (figure 8)', () => {
  it('absorbs retransmissions, then repeats its last reply, until timer J', () => {
    const transaction = create();
    transaction.receive(incoming());
    expect([transaction.state, wire.sent.length]).toEqual(['trying', 0]);

    expect(transaction.reply({ status: 180 })).toBe(true);
    expect(transaction.state).toBe('proceeding');
    transaction.receive(incoming());
    expect(transaction.reply({ status: 200, reason: 'Fine' })).toBe(true);
    expect([transaction.state, transaction.lastStatus, transaction.isFinal]).toEqual([
      'completed',
      200,
      true,
    ]);
    table.find(incoming())?.receive(incoming());
    expect(wire.lines).toEqual([
      'SIP/2.0 180 Ringing',
      'SIP/2.0 180 Ringing',
      'SIP/2.0 200 Fine',
      'SIP/2.0 200 Fine',
    ]);
    expect(table.sent).toEqual({ local: 2, relayed: 0, again: 2, withheld: 0 });

    expect(transaction.reply({ status: 404 })).toBe(false);
    expect(wire.sent).toHaveLength(4);
    expect([table.size, [...table], table.create(incoming())]).toEqual([1, [], null]);
    clock.advance(31_999);
    table.find(incoming())?.receive(incoming());
    expect([wire.lines.at(-1), table.counts.done]).toEqual(['SIP/2.0 200 Fine', 0]);
    clock.advance(1);
    expect([table.counts.done, table.size, table.find(incoming())]).toEqual([1, 0, null]);
    clock.advance(100_000);
    expect([clock.timers, endings, wire.sent.length]).toEqual([0, [], 5]);
  });

  it('uses the timers in effect when it is answered: a script sets them', () => {
    const values = { ...RFC_TIMERS };
    begin({ values });
    values.t1 = 100;
    create().reply({ status: 200 });
    clock.advance(6399);
    expect(table.size).toBe(1);
    clock.advance(1);
    expect(table.size).toBe(0);
  });

  it('ends at once on a reliable transport, after its reply', () => {
    begin({}, true);
    create().reply({ status: 200 });
    clock.advance(0);
    expect([wire.lines, endings]).toEqual([['SIP/2.0 200 OK'], ['done@0']]);
  });

  it('puts its own tag into every reply, and repeats the same bytes', () => {
    const transaction = create();
    transaction.reply({ status: 200 });
    table.find(incoming())?.receive(incoming());
    const [first, second] = wire.sent.map(({ text }) => text);
    expect(first).toBe(second);
    expect(response(first ?? '').toTag).toBe(transaction.toTag);
    for (const sent of wire.sent) expect(sent).toMatchObject({ address: '192.0.2.9', port: 40_000 });
  });
});

it('answers to the source if forced, by the transaction or by one reply', () => {
  const via = 'SIP/2.0/UDP pc33.example.com:5066;branch=z9hG4bKnoport';
  const transaction = create({ via });
  transaction.reply({ status: 180 });
  transaction.reply({ status: 183, forceRport: true });
  transaction.reply({ status: 200 });
  table.create(incoming({ via: `${via}2` }), { forceRport: true })?.reply({ status: 200 });
  expect(wire.sent.map(({ port }) => port)).toEqual([5066, 40_000, 40_000, 40_000]);
  expect(wire.sent.map(({ text }) => response(text).via.rport)).toEqual([null, '40000', '40000', '40000']);
});

describe('an INVITE server transaction (figure 7)', () => {
  it('repeats its provisional reply for a retransmission', () => {
    const transaction = create(invite);
    transaction.receive(incoming(invite));
    expect(wire.sent).toHaveLength(0);
    transaction.reply({ status: 100, reason: 'Giving it a try' });
    transaction.receive(incoming(invite));
    transaction.reply({ status: 183 });
    transaction.receive(incoming(invite));
    expect(wire.lines).toEqual([
      'SIP/2.0 100 Giving it a try',
      'SIP/2.0 100 Giving it a try',
      'SIP/2.0 183 Session Progress',
      'SIP/2.0 183 Session Progress',
    ]);
    clock.advance(200_000); // it may ring for long
    expect(transaction.state).toBe('proceeding');
  });

  it('repeats a non-2xx after T1, doubling up to T2, until timer H', () => {
    const transaction = create(invite);
    transaction.reply({ status: 486 });
    expect(transaction.state).toBe('completed');
    clock.advance(31_999);
    expect(wire.times).toEqual([0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    clock.advance(1);
    expect(endings).toEqual(['timeout@32000']);
    clock.advance(100_000);
    expect(wire.sent).toHaveLength(11);
    expect(table.counts).toMatchObject({ created: 1, timeout: 1, done: 0 });
  });

  it('also repeats it for a retransmission, and stops at the ACK, absorbing further ACKs until timer I', () => {
    const transaction = create(invite);
    transaction.reply({ status: 486 });
    clock.advance(600);
    transaction.receive(incoming(invite));
    expect(wire.times).toEqual([0, 500, 600]);
    const ack = ackTo(transaction);
    expect(table.find(ack)).toBe(transaction);
    transaction.receive(ack);
    expect(transaction.state).toBe('confirmed');
    clock.advance(4999);
    transaction.receive(ack);
    transaction.receive(incoming(invite));
    expect(wire.sent).toHaveLength(3);
    clock.advance(1);
    expect(endings).toEqual(['done@5600']);
  });

  it('on a reliable transport sends a non-2xx once, and ends at its ACK', () => {
    begin({}, true);
    const transaction = create(invite);
    transaction.reply({ status: 486 });
    clock.advance(10_000);
    expect(wire.sent).toHaveLength(1);
    transaction.receive(ackTo(transaction));
    expect(endings).toEqual(['done@10000']);
  });

  it('absorbs retransmissions after a 2xx and passes further 2xx, until timer L (RFC 6026)', () => {
    const transaction = create(invite);
    transaction.relay(200, Buffer.from('SIP/2.0 200 first\r\n\r\n'), null);
    expect(transaction.state).toBe('accepted');
    transaction.receive(incoming(invite));
    expect(transaction.relay(200, Buffer.from('SIP/2.0 200 second\r\n\r\n'), null)).toBe(true);
    expect(transaction.relay(486, Buffer.from('SIP/2.0 486 no\r\n\r\n'), null)).toBe(false);
    expect(wire.lines).toEqual(['SIP/2.0 200 first', 'SIP/2.0 200 second']);
    clock.advance(32_000);
    expect(endings).toEqual(['done@32000']);
  });

  it('repeats the 2xx of a call answered here until its ACK (13.3.1.4)', () => {
    const transaction = create(invite);
    transaction.reply({ status: 200 }, { untilAck: true });
    clock.advance(1600);
    transaction.receive(incoming(invite));
    expect(wire.times).toEqual([0, 500, 1500, 1600]);
    const ack = ackTo(transaction, { via: 'SIP/2.0/UDP h;branch=z9hG4bKack;rport' });
    expect(table.find(ack)).toBeNull(); // it is a transaction of its own
    expect(table.acknowledge(ackTo(transaction, { callId: 'other' }))).toBeNull();
    expect(table.acknowledge(ack)).toBe(transaction);
    expect(table.acknowledge(ack)).toBeNull();
    clock.advance(30_399);
    expect(wire.sent).toHaveLength(4);
    clock.advance(1);
    expect(endings).toEqual(['done@32000']);
  });

  it('reports that the ACK of such a 2xx never came', () => {
    const transaction = create(invite);
    transaction.reply({ status: 200 }, { untilAck: true });
    clock.advance(32_000);
    expect(endings).toEqual(['timeout@32000']);
    expect(table.acknowledge(ackTo(transaction))).toBeNull();
    expect(wire.sent).toHaveLength(11);
  });
});

describe('any server transaction', () => {
  it.each(['INVITE', 'OPTIONS'])('for %s ends if a reply cannot be sent (17.2.4)', (method) => {
    const transaction = create({ method });
    wire.broken = new Error('no route');
    transaction.reply({ status: 486 });
    expect(endings).toEqual(['transport@0']);
    expect([table.size, transaction.reply({ status: 500 })]).toEqual([0, false]);
    clock.advance(100_000);
    expect(wire.sent).toHaveLength(1);
  });

  it('is abandoned if no final reply ever comes', () => {
    begin({ finalTimeout: 60_000 });
    create(invite).reply({ status: 100 });
    create();
    clock.advance(60_000);
    expect(endings).toEqual(['abandoned@60000', 'abandoned@60000']);
    expect([table.size, clock.timers]).toEqual([0, 0]);
  });

  it('rejects an invalid status and keeps its state', () => {
    const transaction = create();
    expect(() => transaction.reply({ status: 42 })).toThrow(RangeError);
    expect(() => transaction.relay(42, Buffer.alloc(0), null)).toThrow(RangeError);
    expect([transaction.state, wire.sent.length]).toEqual(['trying', 0]);
  });
});

describe('finding a transaction (17.2.3)', () => {
  const branch = 'SIP/2.0/UDP pc33.example.com:5066;branch=z9hG4bK776asdhds;rport';

  it('uses branch, sent-by and method', () => {
    const transaction = create();
    expect(table.find(incoming({ callId: 'whatever' }))).toBe(transaction);
    expect(table.find(incoming({ via: branch.replace('pc33', 'PC33') }))).toBe(transaction);
    expect(table.find(incoming({ via: branch.replace('776', '777') }))).toBeNull();
    expect(table.find(incoming({ via: branch.replace('5066', '5067') }))).toBeNull();
    expect(table.find(incoming({ method: 'MESSAGE' }))).toBeNull();
    expect(table.create(incoming())).toBeNull();
    transaction.reply({ status: 200 });
    expect(table.find(incoming({ via: branch.replace('pc33', 'PC33') }))).not.toBeNull();
    expect(table.find(incoming({ via: branch.replace('776', '777') }))).toBeNull();
    expect(table.find(incoming({ method: 'MESSAGE' }))).toBeNull();
  });

  it('finds the INVITE of a CANCEL, which is a transaction of its own', () => {
    const transaction = create(invite);
    const cancel = incoming({ method: 'CANCEL' });
    expect(table.findCancelled(cancel)).toBe(transaction);
    expect(table.find(cancel)).toBeNull();
    expect(table.create(cancel)).not.toBe(transaction);
    expect(
      table.findCancelled(incoming({ method: 'CANCEL', via: 'SIP/2.0/UDP h;branch=z9hG4bKx' })),
    ).toBeNull();
  });

  it.each(['SIP/2.0/UDP old.example:5060', 'SIP/2.0/UDP old.example:5060;branch=3.1'])(
    'goes by everything else for an element of RFC 2543: %s',
    (via) => {
      const old = { via, method: 'INVITE' };
      const transaction = create(old);
      transaction.reply({ status: 404 });
      expect(table.find(incoming(old))).toBe(transaction);
      expect(table.find(ackTo(transaction, { via }))).toBe(transaction);
      expect(table.findCancelled(incoming({ via, method: 'CANCEL' }))).toBe(transaction);
      for (const other of [
        { callId: 'x' },
        { cseq: '1 INVITE' },
        { from: '<sip:a@b>;tag=2' },
        { uri: 'sip:other' },
        { to: '<sip:a@b>;tag=3' },
        { via: 'SIP/2.0/UDP older.example:5060' },
      ])
        expect(table.find(incoming({ ...old, ...other }))).toBeNull();
    },
  );

  it('also uses the To tag of an answered non-INVITE, for an element of RFC 2543', () => {
    const old = { via: 'SIP/2.0/UDP old.example:5060', to: '<sip:a@b>;tag=3' };
    create(old).reply({ status: 200 });
    expect(table.find(incoming(old))).not.toBeNull();
    for (const to of ['<sip:a@b>', '<sip:a@b>;tag=4'])
      expect(table.find(incoming({ ...old, to }))).toBeNull();
  });

  it('creates none for an ACK, and none above the limit', () => {
    begin({ limit: 2 });
    expect(table.create(incoming({ method: 'ACK' }))).toBeNull();
    for (const n of [1, 2, 3]) table.create(incoming({ via: `SIP/2.0/UDP h;branch=z9hG4bK${n}` }));
    expect([table.size, table.counts.refused]).toEqual([2, 1]);
    table.close();
    expect([table.size, [...table].length, table.counts.done]).toEqual([0, 0, 2]);
    expect(table.create(incoming())).not.toBeNull();
  });

  it('does not count answered ones against the limit, but against the capacity', () => {
    begin({ limit: 1, capacity: 3 });
    const next = (n: number) => table.create(incoming({ via: `SIP/2.0/UDP h;branch=z9hG4bK${n}` }));
    for (const n of [1, 2]) next(n)?.reply({ status: 200 });
    const third = next(3);
    expect([third?.state, next(4), table.size]).toEqual(['trying', null, 3]);
    third?.reply({ status: 200 });
    expect([next(5), table.counts.refused]).toEqual([null, 2]);
    clock.advance(32_000);
    expect([table.size, next(6)?.state]).toEqual([0, 'trying']);
    table.close();
    expect(next(7)?.state).toBe('trying');
  });
});

describe('the number of unsettled transactions', () => {
  const counts = () => [table.size, table.unsettled];

  it('excludes transactions that only absorb retransmissions', () => {
    const options = create();
    expect(table.unsettled).toBe(1);
    options.reply({ status: 180 });
    expect(table.unsettled).toBe(1);
    options.reply({ status: 200 });
    expect(counts()).toEqual([1, 0]);

    const relayed = create({ ...invite, via: 'SIP/2.0/UDP pc33.example.com:5066;branch=z9hG4bKrelayed' });
    expect(table.unsettled).toBe(1);
    relayed.reply({ status: 200 });
    expect(counts()).toEqual([2, 0]);
    clock.advance(100_000);
    expect(counts()).toEqual([0, 0]);
  });

  it('includes those that wait for the ACK', () => {
    const refused = create(invite);
    refused.reply({ status: 486 });
    expect(counts()).toEqual([1, 1]);
    refused.receive(ackTo(refused));
    expect(counts()).toEqual([1, 0]);
    clock.advance(100_000);

    const answered = create(invite);
    answered.reply({ status: 200 }, { untilAck: true });
    expect(counts()).toEqual([1, 1]);
    table.acknowledge(ackTo(answered, { via: 'SIP/2.0/UDP pc33.example.com:5066;branch=z9hG4bKack' }));
    expect(counts()).toEqual([1, 0]);
    clock.advance(100_000);
    expect(counts()).toEqual([0, 0]);
  });

  it('returns to zero even if an ACK or reply never comes', () => {
    create(invite).reply({ status: 486 });
    clock.advance(32_000);
    expect([endings.length, table.unsettled]).toEqual([1, 0]);
    create(invite).reply({ status: 200 }, { untilAck: true });
    clock.advance(32_000);
    expect([endings.length, table.unsettled]).toEqual([2, 0]);
    create();
    create(invite).forgo();
    expect(table.unsettled).toBe(2);
    clock.advance(700_000);
    expect([table.size, table.unsettled]).toEqual([0, 0]);
    create(invite);
    table.close();
    expect(table.unsettled).toBe(0);
  });
});
