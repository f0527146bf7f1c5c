import { describe, expect, test } from 'vitest';
import { type RelayBench, relayBench } from '../support/relay-bench.ts';
import type { PeerMessage, SipPeer } from '../support/sip-peer.ts';
import { TcpPeer } from '../support/tcp-peer.ts';

const one = (peers: readonly SipPeer[]): SipPeer => {
  const [peer] = peers;
  if (peer === undefined) throw new Error('no peer');
  return peer;
};

/** A response with these Vias, the top one first. */
const response = (
  status: number,
  vias: readonly string[],
  more: Partial<Record<string, string>> = {},
): string =>
  [
    `SIP/2.0 ${status} OK`,
    ...vias.map((via) => `Via: ${via}`),
    `From: ${more['from'] ?? '<sip:alice@atlanta.example>;tag=alice1'}`,
    `To: ${more['to'] ?? '<sip:bob@biloxi.example>;tag=b'}`,
    `Call-ID: ${more['call-id'] ?? 'x'}`,
    `CSeq: ${more['cseq'] ?? '1 INVITE'}`,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');

/** A request comes and is answered after all that was sent before it. */
async function settle({ caller, port }: RelayBench): Promise<void> {
  caller.request(port, 'sip:ping@biloxi.example', { method: 'OPTIONS' });
  await caller.next(200);
}

const ping = 'if ($rU == "ping") { sl_send_reply(200, "OK"); exit; }';

describe('a response without a transaction', () => {
  const script = (more: string) => `${more} route { ${ping} $ru = "sip:a@CALLEE0"; t_relay(); }`;

  test.each([
    ['is dropped', '', 0],
    ['and where that is said', 'disable_stateless_fwd=yes', 0],
    ['goes on by its Vias where the script says so', 'disable_stateless_fwd=no', 1],
    ['and where it forwards without transactions', 'route[other] { forward(); }', 1],
  ])('%s', async (_, more, passed) => {
    const bench = await relayBench(script(more));
    const callee = one(bench.callees);
    callee.send(
      response(200, [
        `SIP/2.0/UDP 127.0.0.1:${bench.port};branch=z9hG4bKnobody`,
        `SIP/2.0/UDP 127.0.0.1:${bench.caller.port};branch=z9hG4bKx`,
      ]),
      bench.port,
    );
    if (passed > 0) expect((await bench.caller.next(200)).header('call-id')).toBe('x');
    await settle(bench);
    expect(bench.caller.received.filter((message) => message.header('call-id') === 'x')).toHaveLength(passed);
  });

  test('opens no connection', async () => {
    const bench = await relayBench(
      `socket=udp:127.0.0.1:0
       socket=tcp:127.0.0.1:0
       disable_stateless_fwd=no
       route { ${ping} }`,
    );
    const victim = await TcpPeer.listen();
    one(bench.callees).send(
      response(200, [
        `SIP/2.0/UDP 127.0.0.1:${bench.port};branch=z9hG4bKnobody`,
        `SIP/2.0/TCP 127.0.0.1:${victim.port};branch=z9hG4bKx`,
      ]),
      bench.port,
    );
    await settle(bench);
    expect(victim.connections).toBe(0);
  });

  test('to a CANCEL of an unknown call reaches the caller', async () => {
    const { port, caller, callees } = await relayBench(script(''));
    const callee = one(callees);
    caller.request(port, callee.uri('a'), { method: 'CANCEL' });
    callee.reply(await callee.next('CANCEL'), 481);
    await caller.next(481);
  });
});

describe('a response of a transaction', () => {
  async function call(): Promise<{ bench: RelayBench; callee: SipPeer; got: PeerMessage }> {
    const bench = await relayBench(`route { ${ping} $ru = "sip:a@CALLEE0"; t_relay(); }`);
    const callee = one(bench.callees);
    bench.caller.request(bench.port, 'sip:bob@biloxi.example');
    return { bench, callee, got: await callee.next('INVITE') };
  }

  test.each([
    ['whose top Via names another host', (via: string) => via.replace('127.0.0.1', '127.0.0.2'), '1 INVITE'],
    ['whose top Via names another port', (via: string) => via.replace(/:\d+;/, ':9;'), '1 INVITE'],
    ['whose CSeq has another method', (via: string) => via, '1 OPTIONS'],
  ])('%s is dropped', async (_, change, cseq) => {
    const { bench, callee, got } = await call();
    const [top = '', ...others] = got.all('via');
    const fields = { 'call-id': got.header('call-id'), cseq };
    callee.send(response(486, [change(top), ...others], fields), bench.port);
    callee.send(response(404, [top, ...others], { ...fields, cseq: '1 INVITE' }), bench.port);
    await bench.caller.next(404);
    expect(bench.caller.seen).toEqual([100, 404]);
  });
});
