import { describe, expect, test } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { relayBench } from '../support/relay-bench.ts';
import { respond, startService } from '../support/service.ts';
import type { SipPeer } from '../support/sip-peer.ts';

const one = (peers: readonly SipPeer[]): SipPeer => peers[0] as SipPeer;

describe('CANCEL', () => {
  test('while it rings: answered, forwarded, and 487 once the branch has ended', async () => {
    const { port, caller, callees, prints } = await relayBench(
      `local_route { append_hf("X-Local: $rm\\r\\n"); }
       route { t_on_failure("f"); $ru = "sip:a@CALLEE0"; t_relay(); }
       failure_route[f] { if (t_was_cancelled()) xlog("print cancelled $T_reply_code"); $ru = "sip:b@CALLEE0"; t_relay(); xlog("print $rc"); }`,
    );
    const callee = one(callees);
    const invite = caller.request(port, 'sip:bob@biloxi.example');
    const got = await callee.next('INVITE');
    callee.reply(got, 180);
    await caller.next(180);
    caller.cancel(port, invite);
    expect((await caller.next(200)).header('cseq')).toBe('1 CANCEL');
    const cancel = await callee.next('CANCEL');
    expect(cancel.header('x-local')).toBe('CANCEL');
    expect(cancel.header('via')).toBe(got.header('via'));
    expect(caller.seen).not.toContain(487);
    callee.reply(cancel, 200);
    callee.reply(got, 487);
    const final = await caller.next(487);
    caller.acknowledge(port, invite, final);
    await callee.next('ACK');
    expect(prints()).toEqual(['cancelled 487', '-3']);
  });

  test('before any response of the callee: held back until it rings', async () => {
    const { port, caller, callees } = await relayBench('route { $ru = "sip:a@CALLEE0"; t_relay(); }');
    const callee = one(callees);
    const invite = caller.request(port, 'sip:bob@biloxi.example');
    const got = await callee.next('INVITE');
    caller.cancel(port, invite);
    await caller.next(200);
    expect(callee.seen).toEqual(['INVITE']);
    callee.reply(got, 180);
    const cancel = await callee.next('CANCEL');
    callee.reply(cancel, 200);
    callee.reply(got, 487);
    await caller.next(487);
  });

  test('that crosses a 200: the call is set up', async () => {
    const { port, caller, callees } = await relayBench('route { $ru = "sip:a@CALLEE0"; t_relay(); }');
    const callee = one(callees);
    const invite = caller.request(port, 'sip:bob@biloxi.example');
    const got = await callee.next('INVITE');
    callee.reply(got, 180);
    await caller.next(180);
    caller.cancel(port, invite);
    await callee.next('CANCEL');
    callee.reply(got, 200);
    await caller.next(200);
    const answer = await caller.next(200);
    expect([answer.header('cseq'), answer.header('contact')]).toEqual([
      '1 INVITE',
      `<${callee.uri('callee')}>`,
    ]);
    expect(caller.seen).not.toContain(487);
  });

  test('while the script waits for a REST service: 487 at once, and t_relay() is -3', async () => {
    let release = () => {};
    const service = closeLater(
      await startService((_, response) => {
        release = () => respond(response, 200, 'x');
      }),
    );
    const { server, port, caller, callees } = await relayBench(
      `route {
         if (is_method("CANCEL")) { t_relay(); exit; }
         async(rest_get("${service.origin}/", $var(b)), resumed);
       }
       route[resumed] { $ru = "sip:a@CALLEE0"; t_relay(); xlog("print $rc"); }`,
    );
    const invite = caller.request(port, 'sip:bob@biloxi.example');
    await service.sees(1);
    caller.cancel(port, invite);
    await caller.next(200);
    await caller.next(487);
    release();
    await server.logs('print -3');
    expect(one(callees).seen).toEqual([]);
  });

  test.each([
    ['pass-reason-hdr', '', 't_relay("pass-reason-hdr")', 'SIP;cause=600'],
    ['the older number of it', '', 't_relay(0x08)', 'SIP;cause=600'],
    [
      't_add_cancel_reason()',
      't_add_cancel_reason("Reason: SIP;cause=26\\r\\n"); ',
      't_relay()',
      'SIP;cause=26',
    ],
    ['of its own', '', 't_relay()', 'SIP;cause=487;text="ORIGINATOR_CANCEL"'],
  ])('its Reason: %s', async (_, before, relay, reason) => {
    const { port, caller, callees } = await relayBench(
      `route {
         if (is_method("CANCEL")) { ${before}${relay}; exit; }
         $ru = "sip:a@CALLEE0"; t_add_hdrs("X-Origin: 1\\r\\n"); t_relay();
       }`,
    );
    const callee = one(callees);
    const invite = caller.request(port, 'sip:bob@biloxi.example');
    const got = await callee.next('INVITE');
    expect(got.header('x-origin')).toBe('1');
    callee.reply(got, 180);
    await caller.next(180);
    caller.cancel(port, invite, ['Reason: SIP;cause=600']);
    const cancel = await callee.next('CANCEL');
    expect(cancel.header('reason')).toBe(reason);
    expect(cancel.header('x-origin')).toBe('1');
  });

  test('t_cancel_branch() from a reply route, of this branch and of the others', async () => {
    const { port, caller, callees, prints } = await relayBench(
      `route { $ru = "sip:a@CALLEE0"; append_branch("sip:b@CALLEE1"); t_on_reply("r"); t_relay(); }
       onreply_route[r] {
         xlog("print $rs $T_branch_idx");
         if (t_check_status("183")) t_cancel_branch();
         if (t_check_status("182")) t_cancel_branch("o");
       }`,
      2,
    );
    const [a, b] = callees as [SipPeer, SipPeer];
    caller.request(port, 'sip:bob@biloxi.example');
    const [toA, toB] = await Promise.all([a.next('INVITE'), b.next('INVITE')]);
    b.reply(toB, 180);
    await caller.next(180);
    a.reply(toA, 183);
    a.reply(await a.next('CANCEL'), 200);
    a.reply(toA, 487);
    b.reply(toB, 182);
    await caller.next(182);
    b.reply(toB, 200);
    await caller.next(200);
    expect(b.seen).toEqual(['INVITE']);
    expect(prints()).toEqual(['180 1', '183 0', '487 0', '182 1', '200 1']);
  });

  test('t_reply_by_callid() ends a call that the script has parked', async () => {
    const { port, caller } = await relayBench(
      `route {
         if (is_method("INVITE")) { t_reply(180, "Parked"); exit; }
         $var(n) = $(cs{s.int}) - 1;
         if (t_reply_by_callid(487, "Request Terminated", , "$var(n)")) sl_send_reply(200, "OK");
         else sl_send_reply(481, "No Call");
       }`,
    );
    caller.request(port, 'sip:park@biloxi.example', { callId: 'parked', cseq: 7 });
    await caller.next(180);
    caller.request(port, 'sip:park@biloxi.example', { method: 'BYE', callId: 'parked', cseq: 9 });
    await caller.next(481);
    caller.request(port, 'sip:park@biloxi.example', { method: 'BYE', callId: 'parked', cseq: 8 });
    expect((await caller.next(487)).header('cseq')).toBe('7 INVITE');
    await caller.next(200);
  });
});

describe('timeouts', () => {
  test('$T_fr_timeout: no answer at all, then the failure route', async () => {
    const { port, caller, callees, prints } = await relayBench(
      `route { $T_fr_timeout = 1; $ru = "sip:a@CALLEE0"; t_on_failure("f"); t_relay(); }
       failure_route[f] {
         $var(all) = 0; $var(last) = 0;
         if (t_local_replied("all")) $var(all) = 1;
         if (t_local_replied("last")) $var(last) = 1;
         xlog("print $T_reply_code $var(all) $var(last) $(<reply>rs)");
       }`,
    );
    caller.request(port, 'sip:bob@biloxi.example');
    await one(callees).next('INVITE');
    await caller.next(408);
    expect(prints()).toEqual(['408 1 1 <null>']);
  });

  test('$T_fr_inv_timeout: a callee that rings too long is cancelled, and the next one is called', async () => {
    const { port, caller, callees, prints } = await relayBench(
      `route { $ru = "sip:a@CALLEE0"; t_on_reply("r"); t_on_failure("f"); t_relay(); }
       onreply_route[r] { if ($rs == 100) $T_fr_inv_timeout = 1; xlog("print $T_fr_inv_timeout"); }
       failure_route[f] {
         $T_fr_inv_timeout = NULL;
         if (!t_local_replied("all") && t_local_replied("last")) xlog("print it rang");
         xlog("print $T_reply_code $T_fr_inv_timeout"); $ru = "sip:voicemail@CALLEE0"; t_relay();
       }`,
    );
    const callee = one(callees);
    caller.request(port, 'sip:bob@biloxi.example');
    const got = await callee.next('INVITE');
    callee.reply(got, 100);
    callee.reply(got, 180);
    await caller.next(180);
    const cancel = await callee.next('CANCEL');
    callee.reply(cancel, 200);
    callee.reply(got, 487);
    const second = await callee.next('INVITE');
    expect(second.uri).toBe(callee.uri('voicemail'));
    callee.reply(second, 200);
    await caller.next(200);
    expect(prints()).toEqual(['1', '1', 'it rang', '408 120', '120']);
  });
});
