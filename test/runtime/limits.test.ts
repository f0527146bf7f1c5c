import { describe, expect, test } from 'vitest';
import { relayBench } from '../support/relay-bench.ts';
import type { SipPeer } from '../support/sip-peer.ts';

const one = (peers: readonly SipPeer[]): SipPeer => {
  const [peer] = peers;
  if (peer === undefined) throw new Error('no peer');
  return peer;
};

describe('Max-Breadth (RFC 5393)', () => {
  const script = `route {
    $ru = "sip:a@CALLEE0"; append_branch("sip:b@CALLEE1"); append_branch("sip:c@CALLEE2");
    t_on_failure("f"); t_relay();
  }
  failure_route[f] { xlog("print $T_reply_code"); if ($rU != "d") { $ru = "sip:d@CALLEE0"; t_relay(); } }`;

  test('is shared among the branches', async () => {
    const { port, caller, callees } = await relayBench(script, 3);
    caller.request(port, 'sip:bob@biloxi.example', { headers: ['Max-Breadth: 8'] });
    const shares = [];
    for (const callee of callees) shares.push((await callee.next('INVITE')).header('max-breadth'));
    expect(shares).toEqual(['3', '3', '2']);
  });

  test('limits the branches, of which excess ones end in 440; an ended branch returns its share', async () => {
    const { port, caller, callees, prints, server } = await relayBench(script, 3);
    const [first, second, third] = callees;
    const invite = caller.request(port, 'sip:bob@biloxi.example', { headers: ['Max-Breadth: 2'] });
    for (const callee of [first, second]) {
      const got = await callee?.next('INVITE');
      expect(got?.header('max-breadth')).toBe('1');
      if (got !== undefined) callee?.reply(got, 486);
    }
    await server.logs('print 440');
    const again = await first?.next('INVITE');
    expect(again?.header('max-breadth')).toBe('2');
    if (again !== undefined) first?.reply(again, 404);
    caller.acknowledge(port, invite, await caller.next(404));
    expect(prints()).toEqual(['440']);
    expect(third?.seen).toEqual([]);
  });

  test('of 0 allows none', async () => {
    const { port, caller, callees } = await relayBench('route { $ru = "sip:a@CALLEE0"; t_relay(); }');
    caller.request(port, 'sip:bob@biloxi.example', { headers: ['Max-Breadth: 0'] });
    expect((await caller.next(440)).reason).toBe('Max-Breadth Exceeded');
    expect(one(callees).seen).toEqual([]);
  });
});

test.each(['t_relay()', 'forward()'])(
  '%s: an unknown scheme gets 416, unless $du says where it goes',
  async (relay) => {
    const { port, caller, callees } = await relayBench(
      `route { if ($hdr(X-To) != NULL) $du = "sip:CALLEE0"; ${relay}; }`,
    );
    caller.request(port, 'im:bob@biloxi.example', { method: 'MESSAGE' });
    expect((await caller.next(416)).reason).toBe('Unsupported URI Scheme');
    if (relay === 'forward()') return;
    caller.request(port, 'urn:service:sos', { method: 'MESSAGE', headers: ['X-To: there'] });
    expect((await one(callees).next('MESSAGE')).uri).toBe('urn:service:sos');
  },
);

describe('one datagram', () => {
  test('with a thousand Routes to this server becomes few requests, even without mf_process_maxfwd_header()', async () => {
    // nothing is sent again, however busy the machine is
    const { port, caller, prints } = await relayBench(
      'modparam("tm", "T1_timer", 4000) route { xlog("print ran"); loose_route(); t_relay(); }',
    );
    const routes = Array.from({ length: 1000 }, () => `<sip:127.0.0.1:${port};lr>`).join(',');
    caller.request(port, 'sip:bob@biloxi.example', {
      method: 'BYE',
      headers: [`Route: ${routes}`],
      to: '<sip:b@c>;tag=b',
    });
    await caller.next(483);
    expect(prints().length).toBeLessThan(20);
  });

  test.each([
    ['a Via of 64,000 semicolons', { via: `;${';'.repeat(60_000)}` }],
    ['a From of 64,000 semicolons', { from: ';'.repeat(60_000) }],
    ['20,000 headers', { more: 'a:\r\n'.repeat(15_000) }],
  ])(
    'with %s does not reach the script',
    async (_, { via = '', from = '', more = '' }: Record<string, string>) => {
      const { port, caller, prints } = await relayBench(
        'route { xlog("print $rU"); sl_send_reply(200, "OK"); }',
      );
      caller.send(
        `OPTIONS sip:odd@biloxi.example SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${caller.port};branch=z9hG4bKodd${via}\r\n` +
          `From: <sip:a@b>;tag=1${from}\r\nTo: <sip:b@c>\r\nCall-ID: odd\r\nCSeq: 1 OPTIONS\r\n${more}Content-Length: 0\r\n\r\n`,
        port,
      );
      caller.request(port, 'sip:usual@biloxi.example', { method: 'OPTIONS' });
      await caller.next(200);
      expect(prints()).toEqual(['usual']);
    },
  );

  test('with a long Request-URI gets 414', async () => {
    const { port, caller } = await relayBench('route { sl_send_reply(200, "OK"); }');
    caller.request(port, `sip:bob@biloxi.example${';a=b'.repeat(2000)}`, { method: 'OPTIONS' });
    await caller.next(414);
  });
});
