import { describe, expect, test } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { relayBench } from '../support/relay-bench.ts';
import { respond, startService } from '../support/service.ts';
import type { SipPeer } from '../support/sip-peer.ts';

const one = (peers: readonly SipPeer[]): SipPeer => peers[0] as SipPeer;

describe('branch_route', () => {
  test('asks a REST service for each branch, drops one, and changes only its own branch', async () => {
    const service = closeLater(
      await startService(({ target }, response) => respond(response, 200, `for${target.slice(1)}`)),
    );
    const { port, caller, callees, prints } = await relayBench(
      `route {
         append_hf("X-All: 1\\r\\n");
         $ru = "sip:a@CALLEE0"; append_branch("sip:b@CALLEE1"); append_branch("sip:bad@CALLEE0");
         t_on_branch("b"); t_relay();
       }
       branch_route[b] {
         rest_get("${service.origin}/$rU", $var(b));
         if ($rU == "bad") drop;
         append_hf("X-Branch: $var(b) $T_branch_idx\\r\\n");
         if ($rU == "b") { remove_hf("Subject"); t_on_reply("b"); $bavp(x) = "of b"; }
         $avp(shared) = $(avp(shared){s.len}) + 1;
       }
       onreply_route[b] { xlog("print $rs $T_branch_idx $bavp(x) $T_ruri"); }`,
      2,
    );
    const [a, b] = callees as [SipPeer, SipPeer];
    caller.request(port, 'sip:bob@biloxi.example', { headers: ['Subject: lunch'] });
    const [toA, toB] = await Promise.all([a.next('INVITE'), b.next('INVITE')]);
    expect([toA.all('x-all'), toA.all('x-branch'), toA.header('subject')]).toEqual([
      ['1'],
      ['fora 0'],
      'lunch',
    ]);
    expect([toB.all('x-all'), toB.all('x-branch'), toB.header('subject')]).toEqual([
      ['1'],
      ['forb 1'],
      undefined,
    ]);
    a.reply(toA, 180);
    await caller.next(180);
    b.reply(toB, 200);
    await caller.next(200);
    expect(service.seen.map(({ target }) => target)).toEqual(['/a', '/b', '/bad']);
    expect(prints()).toEqual([`200 1 of b ${b.uri('b')}`]);
    expect(a.received.filter(({ method }) => method === 'INVITE')).toHaveLength(1);
  });

  test('that drops every branch leaves t_relay() without a target', async () => {
    const { port, caller, prints } = await relayBench(
      `route { $ru = "sip:a@CALLEE0"; t_on_branch("b"); t_relay("no-auto-477"); xlog("print $rc"); t_reply(404, "Gone"); }
       branch_route[b] { drop; }`,
    );
    caller.request(port, 'sip:bob@biloxi.example');
    await caller.next(404);
    expect(prints()).toEqual(['-3']);
  });
});

describe('onreply_route', () => {
  test("the global one, the transaction's and the branch's see every reply, and change it", async () => {
    const { port, caller, callees, prints } = await relayBench(
      `route { $ru = "sip:a@CALLEE0"; t_on_reply("named"); t_on_branch("b"); t_relay(); }
       branch_route[b] { t_on_reply("own"); }
       onreply_route { xlog("print global $rs $rr $si $T_branch_idx $(<request>ru)"); append_hf("X-Global: yes\\r\\n"); }
       onreply_route[named] {
         xlog("print named $T_reply_code $ru$rU$ou$du $(<request>ru) $(<request>rm) $hdr(X-From-Callee)");
         remove_hf("X-From-Callee");
         append_hf("X-Named: $rs\\r\\n");
       }
       onreply_route[own] { xlog("print own $T_branch_idx $tU"); }`,
    );
    const callee = one(callees);
    caller.request(port, 'sip:bob@biloxi.example');
    const got = await callee.next('INVITE');
    callee.reply(got, 180, ['X-From-Callee: secret'], 'Ringing');
    const ringing = await caller.next(180);
    expect([ringing.header('x-global'), ringing.header('x-named'), ringing.header('x-from-callee')]).toEqual([
      'yes',
      '180',
      undefined,
    ]);
    callee.reply(got, 200, [], 'Fine');
    expect((await caller.next(200)).header('x-named')).toBe('200');
    expect([...prints()].sort()).toEqual(
      [
        'global 180 Ringing 127.0.0.1 <null> <null>',
        'global 200 Fine 127.0.0.1 <null> <null>',
        'named 180 <null><null><null><null> sip:bob@biloxi.example INVITE secret',
        'named 200 <null><null><null><null> sip:bob@biloxi.example INVITE <null>',
        'own 0 bob',
        'own 0 bob',
      ].map((line) => line.replace('sip:bob@biloxi.example', callee.uri('a'))),
    );
  });

  test('changes the status that the failure route and the choice of the best reply see', async () => {
    const { port, caller, callees, prints } = await relayBench(
      `route { $ru = "sip:a@CALLEE0"; append_branch("sip:b@CALLEE1"); t_on_reply("r"); t_on_failure("f"); t_relay(); }
       onreply_route[r] {
         if ($rs == 180) { change_reply_status(183, "Nearly"); }
         if ($rs == 603) { change_reply_status(404, "Not\r\nHere"); xlog("print $rc $rs"); change_reply_status(404, "Not Here"); xlog("print $rc $rs"); }
         if ($rs == 486) { change_reply_status(200, "OK"); xlog("print $rc"); change_reply_status(99, "x"); xlog("print $rc"); }
       }
       failure_route[f] { xlog("print $T_reply_code"); }`,
      2,
    );
    const [a, b] = callees as [SipPeer, SipPeer];
    caller.request(port, 'sip:bob@biloxi.example');
    const [toA, toB] = await Promise.all([a.next('INVITE'), b.next('INVITE')]);
    a.reply(toA, 180);
    expect((await caller.next(183)).reason).toBe('Nearly');
    a.reply(toA, 603); // as a 404 it does not end the search
    await a.next('ACK');
    b.reply(toB, 486);
    expect((await caller.next(404)).reason).toBe('Not Here');
    expect(prints()).toEqual(['-1 603', '1 404', '-1', '-1', '404']);
  });

  test('changes the status of a 2xx within its class, and of its retransmission likewise', async () => {
    const { port, caller, callees } = await relayBench(
      `route { $ru = "sip:a@CALLEE0"; t_on_reply("r"); t_relay(); }
       onreply_route[r] { change_reply_status(299, "Fine"); }`,
    );
    const callee = one(callees);
    caller.request(port, 'sip:bob@biloxi.example');
    const got = await callee.next('INVITE');
    callee.reply(got, 200);
    const answer = await caller.next(299);
    expect(answer.reason).toBe('Fine');
    callee.reply(got, 200);
    await caller.sees(answer, 2);
  });

  test('drops a provisional reply, never a final one', async () => {
    const { port, caller, callees } = await relayBench(
      `route { $ru = "sip:a@CALLEE0"; t_on_reply("r"); t_relay(); } onreply_route[r] { drop; }`,
    );
    const callee = one(callees);
    caller.request(port, 'sip:bob@biloxi.example');
    const got = await callee.next('INVITE');
    callee.reply(got, 183);
    callee.reply(got, 486);
    await caller.next(486);
    expect(caller.seen).toEqual([100, 486]);
  });

  test('asks a REST service, and arms the failure route', async () => {
    const service = closeLater(await startService((_, response) => respond(response, 200, 'noted')));
    const { port, caller, callees } = await relayBench(
      `route { $ru = "sip:a@CALLEE0"; t_on_reply("r"); t_relay(); }
       onreply_route[r] {
         rest_post("${service.origin}/", "$rs", "text/plain", $var(b));
         append_hf("X-Rest: $var(b)\\r\\n");
         if ($rs >= 300) t_on_failure("f");
       }
       failure_route[f] { t_reply(480, "From Failure"); }`,
    );
    const callee = one(callees);
    caller.request(port, 'sip:bob@biloxi.example');
    const got = await callee.next('INVITE');
    callee.reply(got, 180);
    expect((await caller.next(180)).header('x-rest')).toBe('noted');
    callee.reply(got, 486);
    expect((await caller.next(480)).reason).toBe('From Failure');
    expect(service.seen.map(({ body }) => body)).toEqual(['180', '486']);
  });

  test.each([
    [0, '<null>', 'main'],
    [1, 'main', 'reply'],
  ])('onreply_avp_mode %i: AVPs', async (mode, inReply, after) => {
    const { port, caller, callees, prints } = await relayBench(
      `modparam("tm", "onreply_avp_mode", ${mode})
       route { $avp(x) = "main"; $ru = "sip:a@CALLEE0"; t_on_reply("r"); t_on_failure("f"); t_relay(); }
       onreply_route[r] { xlog("print $avp(x)"); $avp(x) := "reply"; setflag("R"); }
       failure_route[f] { $var(f) = 0; if (isflagset("R")) $var(f) = 1; xlog("print $avp(x) $var(f)"); }`,
    );
    const callee = one(callees);
    caller.request(port, 'sip:bob@biloxi.example');
    callee.reply(await callee.next('INVITE'), 486);
    await caller.next(486);
    expect(prints()).toEqual([inReply, `${after} 1`]);
  });
});

describe('stateful processing', () => {
  test('t_newtran, async, t_relay: retransmissions are absorbed meanwhile', async () => {
    let release = () => {};
    const service = closeLater(
      await startService((_, response) => {
        release = () => respond(response, 200, 'sip:a@');
      }),
    );
    const { port, caller, callees, prints } = await relayBench(
      `route {
         xlog("print entered");
         t_newtran();
         xlog("print went on");
         async(rest_get("${service.origin}/", $var(b)), resumed);
       }
       route[resumed] { $ru = $var(b) + "CALLEE0"; t_relay(); }`,
    );
    const callee = one(callees);
    const invite = caller.request(port, 'sip:bob@biloxi.example');
    await service.sees(1);
    const trying = await caller.next(100);
    caller.send(invite, port);
    await caller.sees(trying, 2);
    release();
    const got = await callee.next('INVITE');
    callee.reply(got, 180);
    const ringing = await caller.next(180);
    caller.send(invite, port);
    await caller.sees(ringing, 2);
    callee.reply(got, 200);
    await caller.next(200);
    expect(service.seen).toHaveLength(1);
    expect(callee.seen).toEqual(['INVITE']);
    expect(prints().filter((line) => line === 'went on')).toHaveLength(1);
  });

  test('the ACK to a 2xx is forwarded separately, with its own Via', async () => {
    const { port, caller, callees } = await relayBench(
      'route { if (!is_method("ACK")) record_route(); else loose_route(); if (is_method("INVITE")) $ru = "sip:a@CALLEE0"; t_relay(); }',
    );
    const callee = one(callees);
    caller.request(port, 'sip:bob@biloxi.example');
    const got = await callee.next('INVITE');
    callee.reply(got, 200);
    const ok = await caller.next(200);
    caller.request(port, callee.uri('callee'), {
      method: 'ACK',
      to: ok.header('to') ?? '',
      headers: [`Route: ${ok.header('record-route')}`],
    });
    const ack = await callee.next('ACK');
    expect([ack.uri, ack.header('route'), ack.all('via').length]).toEqual([
      callee.uri('callee'),
      undefined,
      2,
    ]);
    expect(ack.header('via')).not.toBe(got.header('via'));
  });

  test.each([
    [
      'an address that does not resolve',
      '$ru = "sip:a@nowhere.invalid"; t_relay();',
      1,
      [476, 'Unresolvable destination (476/TM)'],
    ],
    ['no auto 477', '$ru = "sip:a@nowhere.invalid"; t_relay("no-auto-477");', -4, [500, 'Not Sent']],
    [
      'no flag at all',
      '$ru = "sip:a@nowhere.invalid"; t_relay("no-such-flag");',
      1,
      [476, 'Unresolvable destination (476/TM)'],
    ],
    [
      'a transaction of the script',
      't_newtran(); $ru = "sip:a@nowhere.invalid"; t_relay();',
      -4,
      [500, 'Not Sent'],
    ],
    [
      'a transport without a socket',
      '$ru = "sip:a@127.0.0.1:9;transport=tcp"; t_relay();',
      1,
      [500, 'Server error occurred (7/TM)'],
    ],
    [
      'the last of two',
      '$ru = "sip:a@127.0.0.1:9;transport=tcp"; append_branch("sip:b@nowhere.invalid"); t_relay();',
      1,
      [476, 'Unresolvable destination (476/TM)'],
    ],
  ] as const)('t_relay() to %s', async (_, statements, status, final) => {
    const { server, port, caller, prints } = await relayBench(
      `route { ${statements} xlog("print $rc"); t_reply(500, "Not Sent"); }`,
    );
    caller.request(port, 'sip:bob@biloxi.example');
    await server.logs('print ');
    const answer = await caller.next(final[0]);
    expect(answer.reason).toBe(final[1]);
    expect(prints()).toEqual([String(status)]);
  });

  test('t_relay() with an outbound proxy, over which $du has precedence', async () => {
    const { port, caller, callees } = await relayBench(
      `route {
         if ($rU == "du") $du = "sip:CALLEE1";
         if ($rU == "older") t_relay("udp:CALLEE1");
         else t_relay(, "udp:CALLEE0");
       }`,
      2,
    );
    const [a, b] = callees as [SipPeer, SipPeer];
    caller.request(port, 'sip:older@biloxi.example', { method: 'OPTIONS' });
    expect((await b.next('OPTIONS')).uri).toBe('sip:older@biloxi.example');
    caller.request(port, 'sip:proxy@biloxi.example', { method: 'OPTIONS' });
    expect((await a.next('OPTIONS')).uri).toBe('sip:proxy@biloxi.example');
    caller.request(port, 'sip:du@biloxi.example', { method: 'OPTIONS' });
    expect((await b.next('OPTIONS')).uri).toBe('sip:du@biloxi.example');
  });

  test('t_check_status() and $T_reply_code in the main route are about the last reply sent', async () => {
    const { server, port, caller } = await relayBench(
      `route { xlog("print $T_reply_code"); t_reply(404, "No"); if (t_check_status("40.")) xlog("print $T_reply_code $T_branch_idx"); }`,
    );
    caller.request(port, 'sip:bob@biloxi.example');
    await caller.next(404);
    await server.logs('print 404 <null>');
    await server.logs('print 0');
  });
});
