import { describe, expect, it } from 'vitest';
import { ClientTable } from '../../src/sip/client-table.ts';
import { buildReply } from '../../src/sip/reply.ts';
import { SimulatedClock } from '../../src/timers/simulated-clock.ts';
import { TimerWheel } from '../../src/timers/timer-wheel.ts';
import { bytes, RecordingTransport, request, requestText, response } from './simulated.ts';

function start(method: string, timeout?: number) {
  const clock = new SimulatedClock();
  const table = new ClientTable({ timers: new TimerWheel(clock) });
  const transport = new RecordingTransport(clock);
  const events: (number | string)[] = [];
  const transaction = table.create({
    request: request({ method }),
    data: bytes(requestText({ method })),
    transport,
    destination: { address: '192.0.2.9', port: 5060 },
    ...(timeout === undefined ? {} : { timeout }),
    user: {
      onResponse: ({ status }) => events.push(status),
      onEnd: (ending) => events.push(ending),
    },
  });
  const reply = (status: number, of = method) =>
    response(buildReply(request({ method: of }), { status, toTag: 'x' }));
  return { clock, table, transport, transaction, events, reply };
}

describe('client transactions', () => {
  it('get the responses with their branch and method (17.1.3)', () => {
    const { table, transaction, events, reply } = start('INVITE');
    transaction.start();
    expect(table.receive(reply(180))).toBe(true);
    expect(table.receive(reply(200, 'CANCEL'))).toBe(false);
    const other = response(
      buildReply(request({ via: 'SIP/2.0/UDP a;branch=z9hG4bKother' }), { status: 200 }),
    );
    expect(table.receive(other)).toBe(false);
    const none = response(buildReply(request({ via: 'SIP/2.0/UDP a' }), { status: 200 }));
    expect(table.receive(none)).toBe(false);
    expect(events).toEqual([180]);
    expect(table.size).toBe(1);
  });

  it.each(['INVITE', 'OPTIONS'])('of %s last as long as configured', (method) => {
    const { clock, table, transaction, events } = start(method, 2000);
    transaction.start();
    clock.advance(1990);
    expect(events).toEqual([]);
    clock.advance(20);
    expect(events).toEqual(['timeout']);
    expect(table.size).toBe(0);
    expect(table.counts).toEqual({ created: 1, done: 0, timeout: 1, transport: 0 });
  });

  it('end together, and leave nothing behind', () => {
    const { clock, table, transaction, events } = start('INVITE');
    transaction.start();
    table.close();
    clock.advance(100_000);
    expect(events).toEqual(['done']);
    expect([table.size, table.timers.size]).toEqual([0, 0]);
  });
});
