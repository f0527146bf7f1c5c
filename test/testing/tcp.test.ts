/** SIP over TCP in a simulation: streams, whose messages the framing of the server finds. */
import { expect, test } from 'vitest';
import { defineServer } from '../../src/routing/index.ts';
import { simulate } from '../../src/testing/index.ts';
import { SimulatedNetwork } from '../../src/testing/network.ts';
import { SimulatedClock } from '../../src/timers/index.ts';

const policy = defineServer({
  sockets: ['tcp:192.0.2.1:5060'],
  onMessage: (call) => call.reply(call.body === 'a'.repeat(3000) ? 202 : 400),
  onInvite: (call) => call.relay({ targets: ['sip:gw1.example;transport=tcp'], recordRoute: true }),
  onOptions: (call) => call.reply(200),
});

test('bytes arrive in pieces, the same ones for the same seed', () => {
  const run = (seed: number) => {
    const clock = new SimulatedClock();
    const network = new SimulatedNetwork(clock);
    network.weather = { seed };
    const pieces: string[] = [];
    const [ours, theirs] = ['192.0.2.2', '192.0.2.3'];
    const place = network.open('tcp', theirs, 5060, () => undefined);
    place.arrive = (data) => pieces.push(data.toString());
    const socket = network.open('tcp', ours, 5060, () => undefined);
    for (let i = 0; i < 20; i++) socket.send(Buffer.from(`message ${i} `.repeat(10)), theirs, 5060);
    clock.advance(10);
    return pieces;
  };
  const pieces = run(1);
  expect(pieces.join('')).toBe(Array.from({ length: 20 }, (_, i) => `message ${i} `.repeat(10)).join(''));
  expect(pieces.length).toBeGreaterThan(25);
  expect(run(1)).toEqual(pieces);
  expect(run(2)).not.toEqual(pieces);
});

test.each([1, 2, 3, 4])('a call and a large text over connections (seed %i)', async (seed) => {
  await using kit = await simulate(policy, { weather: { seed } });
  const gateway = kit.callee('tcp:gw1.example');
  const alice = kit.caller('alice');
  expect(
    (await alice.send('MESSAGE', 'sip:bob@home.example', { body: 'a'.repeat(3000) }).final()).status,
  ).toBe(202);
  const call = alice.invite('sip:bob@home.example');
  await call.answered();
  expect((await call.hangUp()).status).toBe(200);
  expect(gateway.methods).toEqual(['INVITE', 'ACK', 'BYE']);
});

test('two messages in one piece are separated, and one without Content-Length is answered', async () => {
  await using kit = await simulate(policy);
  const alice = kit.caller('alice');
  const { address } = alice.place;
  const options = (branch: string, length: string) =>
    `OPTIONS sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/TCP ${address}:5060;branch=z9hG4bK${branch}\r\nFrom: <sip:alice@home.example>;tag=${branch}\r\nTo: <sip:192.0.2.1>\r\nCall-ID: ${branch}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n${length}\r\n`;
  const none = 'Content-Length: 0\r\n';
  alice.sendRaw(options('one', none) + options('two', none) + options('three', ''));
  await kit.clock.advance(100);
  alice.sendRaw(options('four', none));
  await kit.clock.advance(100);
  const replies = kit.trace.entries.filter(({ from }) => from === 'siprest');
  expect(replies.map(({ text, summary }) => `${/Call-ID: (\S+)/.exec(text)?.[1]} ${summary}`)).toEqual([
    'one 200 OK (OPTIONS)',
    'two 200 OK (OPTIONS)',
    expect.stringMatching(/^three 400 /),
    'four 200 OK (OPTIONS)',
  ]);
});
