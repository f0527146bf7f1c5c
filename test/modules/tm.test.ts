import { describe, expect, test } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { relayBench } from '../support/relay-bench.ts';
import { programOf } from '../support/server.ts';
import { respond, startService } from '../support/service.ts';
import type { SipPeer } from '../support/sip-peer.ts';

const one = (peers: readonly SipPeer[]): SipPeer => peers[0] as SipPeer;

describe('local_request_route and local_reply_route', () => {
  test('see the messages that siprest generates, after the local route, and change nothing', async () => {
    const { server, port, caller, callees, prints } = await relayBench(
      `modparam("tm", "local_request_route", "asked")
       modparam("tm", "local_reply_route", "replied")
       route {
         if (is_method("MESSAGE")) {
           t_new_request("OPTIONS", "sip:a@CALLEE0", "sip:x@biloxi.example", "sip:y@biloxi.example");
           t_reply(202, "Mine");
           exit;
         }
         if (!is_method("CANCEL")) $ru = "sip:a@CALLEE0";
         t_relay();
       }
       local_route { append_hf("X-Local: yes\\r\\n"); }
       route[asked] {
         xlog("print $rm $rU $hdr(X-Local)");
         append_hf("X-Lost: yes\\r\\n");
         t_newtran();
         sl_send_reply(500, "Nobody");
       }
       route[replied] { xlog("print $rs $rr $rm"); append_hf("X-Lost: yes\\r\\n"); }`,
    );
    const [callee] = callees as [SipPeer];
    caller.request(port, 'sip:bob@biloxi.example', { method: 'MESSAGE' });
    expect((await caller.next(202)).header('x-lost')).toBeUndefined();
    const options = await callee.next('OPTIONS');
    expect([options.header('x-local'), options.header('x-lost')]).toEqual(['yes', undefined]);
    const invite = caller.request(port, 'sip:bob@biloxi.example');
    const got = await callee.next('INVITE');
    callee.reply(got, 180);
    await caller.next(180);
    caller.cancel(port, invite);
    const cancel = await callee.next('CANCEL');
    expect([cancel.header('x-local'), cancel.header('x-lost')]).toEqual(['yes', undefined]);
    await caller.next(200);
    callee.reply(got, 487);
    await caller.next(487);
    await server.logs('print 200 canceling');
    expect([...prints()].sort()).toEqual([
      '100 Giving it a try INVITE',
      '200 canceling CANCEL',
      '202 Mine MESSAGE',
      'CANCEL a yes',
      'OPTIONS a yes',
    ]);
    expect(caller.seen).toEqual([202, 100, 180, 200, 487]);
  });

  test('must exist', () => {
    expect(() =>
      programOf('loadmodule "tm.so"\nmodparam("tm", "local_reply_route", "gone")\nroute { exit; }'),
    ).toThrow('unknown route[gone]');
  });
});

describe('t_new_request()', () => {
  test('sends a new request, which the local route sees first', async () => {
    const service = closeLater(await startService((_, response) => respond(response, 200, 'signed')));
    const { port, caller, callees, prints } = await relayBench(
      `user_agent_header = "User-Agent: credit desk"
       route {
         t_new_request("MESSAGE", "sip:x@CALLEE0", "BOB sip:bob@here.example", "sip:x@there.example", "text/plain Hello Alice!", "my context");
         xlog("print $rc");
         t_reply(202, "Accepted");
       }
       local_route {
         rest_get("${service.origin}/", $var(b));
         append_hf("X-Rest: $var(b)\\r\\n");
         xlog("print $rm $ru $avp(uac_ctx) $fU");
       }`,
    );
    const callee = one(callees);
    caller.request(port, 'sip:bob@biloxi.example', { method: 'OPTIONS' });
    await caller.next(202);
    const got = await callee.next('MESSAGE');
    expect(got.uri).toBe(callee.uri('x'));
    expect(got.header('from')).toMatch(/^"BOB" <sip:bob@here\.example>;tag=\S+$/);
    expect([got.header('to'), got.header('content-type'), got.body, got.header('x-rest')]).toEqual([
      '<sip:x@there.example>',
      'text/plain',
      'Hello Alice!',
      'signed',
    ]);
    expect(got.header('user-agent')).toBe('credit desk');
    callee.reply(got, 200);
    expect(prints()).toEqual([`MESSAGE ${callee.uri('x')} my context bob`, '1']);
  });

  test('rejects an invalid address, and INVITE', async () => {
    const { port, caller, prints } = await relayBench(
      `route {
         t_new_request("MESSAGE", "nonsense", "sip:a@b", "sip:a@b"); $var(a) = $rc;
         t_new_request("MESSAGE", "sip:a@127.0.0.1", "<<", "sip:a@b"); $var(b) = $rc;
         t_new_request("INVITE", "sip:a@127.0.0.1", "sip:a@b", "sip:a@b"); $var(c) = $rc;
         xlog("print $var(a) $var(b) $var(c)"); t_reply(200, "OK");
       }`,
    );
    caller.request(port, 'sip:bob@biloxi.example', { method: 'OPTIONS' });
    await caller.next(200);
    expect(prints()).toEqual(['-1 -1 -1']);
  });
});

describe('without a transaction', () => {
  test('forward(): replies come back, and a retransmission is forwarded with the same branch', async () => {
    const { port, caller, callees, prints } = await relayBench(
      `route { append_hf("X-F: 1\\r\\n"); forward("CALLEE0"); }
       onreply_route { xlog("print $rs"); append_hf("X-R: 1\\r\\n"); if ($rs == 183) drop; }`,
    );
    const callee = one(callees);
    const text = caller.request(port, 'sip:bob@biloxi.example');
    const got = await callee.next('INVITE');
    expect([got.uri, got.header('x-f'), got.all('via').length]).toEqual(['sip:bob@biloxi.example', '1', 2]);
    caller.send(text, port);
    await callee.sees(got, 2);
    callee.reply(got, 183);
    callee.reply(got, 200);
    expect((await caller.next(200)).header('x-r')).toBe('1');
    expect(caller.seen).toEqual([200]);
    expect(prints()).toEqual(['183', '200']);
  });

  test('send(): unchanged, with extra headers if given', async () => {
    const { port, caller, callees } = await relayBench(
      'route { if ($rU == "plain") send("udp:CALLEE0"); else send("CALLEE0", "X-More: 1\\r\\n"); }',
    );
    const callee = one(callees);
    const text = caller.request(port, 'sip:plain@biloxi.example', { method: 'MESSAGE', body: 'hi' });
    expect((await callee.next('MESSAGE')).raw).toBe(text);
    caller.request(port, 'sip:more@biloxi.example', { method: 'OPTIONS' });
    const got = await callee.next('OPTIONS');
    expect([got.header('x-more'), got.all('via').length]).toEqual(['1', 1]);
  });

  test('add_local_rport() and force_rport() while relaying', async () => {
    const { port, caller, callees } = await relayBench(
      'route { set_via_handling("force-rport,add-local-rport"); $ru = "sip:a@CALLEE0"; t_relay(); }',
    );
    caller.request(port, 'sip:bob@biloxi.example', { method: 'OPTIONS' });
    const [ours, theirs] = (await one(callees).next('OPTIONS')).all('via');
    expect(ours).toMatch(/;rport(?:;|$)/);
    expect(theirs).toContain(`;rport=${caller.port}`);
  });
});

describe('Max-Forwards', () => {
  test.each([
    [70, '69'],
    [1, '0'],
    [null, '70'],
  ])('of %s', async (maxForwards, next) => {
    const { port, caller, callees } = await relayBench(
      `route {
         if (!mf_process_maxfwd_header(70)) { sl_send_reply(483, "Too Many Hops"); exit; }
         $ru = "sip:a@CALLEE0"; t_relay();
       }`,
    );
    caller.request(port, 'sip:bob@biloxi.example', { method: 'OPTIONS', maxForwards });
    expect((await one(callees).next('OPTIONS')).all('max-forwards')).toEqual([next]);
  });

  test('of 0: 483', async () => {
    const { port, caller, callees } = await relayBench(
      `route {
         if (!mf_process_maxfwd_header(70)) { sl_send_reply(483, "Too Many Hops"); exit; }
         $ru = "sip:a@CALLEE0"; t_relay();
       }`,
    );
    caller.request(port, 'sip:bob@biloxi.example', { method: 'OPTIONS', maxForwards: 0 });
    await caller.next(483);
    expect(one(callees).seen).toEqual([]);
  });
});

describe('t_check_trans()', () => {
  test('recognizes the CANCEL of a call, the ACK to its refusal, and an unrelated ACK', async () => {
    const { port, caller, prints } = await relayBench(
      `route {
         if (is_method("INVITE")) { t_reply($(hdr(X-Reply){s.int}), "Whatever"); exit; }
         $var(rc) = t_check_trans(); xlog("print $rm $var(rc)");
         if (is_method("CANCEL")) t_relay();
       }`,
    );
    const ringing = caller.request(port, 'sip:bob@biloxi.example', { headers: ['X-Reply: 180'] });
    await caller.next(180);
    caller.cancel(port, ringing);
    await caller.next(200);
    caller.acknowledge(port, ringing, await caller.next(487));
    caller.request(port, 'sip:bob@biloxi.example', { method: 'ACK', to: '<sip:bob@biloxi.example>;tag=x' });
    caller.request(port, 'sip:bob@biloxi.example', { method: 'CANCEL' });
    caller.request(port, 'sip:bob@biloxi.example', { headers: ['X-Reply: 404'] });
    await caller.next(404);
    expect(prints()).toEqual(['CANCEL 1', 'ACK 1', 'ACK -2', 'CANCEL -1']);
  });
});
