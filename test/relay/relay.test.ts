import { describe, expect, test } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { relayBench } from '../support/relay-bench.ts';
import { respond, startService } from '../support/service.ts';
import type { SipPeer } from '../support/sip-peer.ts';

const one = (peers: readonly SipPeer[]): SipPeer => peers[0] as SipPeer;
const two = (peers: readonly SipPeer[]): readonly [SipPeer, SipPeer] =>
  peers as unknown as [SipPeer, SipPeer];

describe('parallel forking', () => {
  test.each([
    ['append_branch', 'append_branch("sip:b@CALLEE1");'],
    ['append_msg_branch', 'append_msg_branch("sip:b@CALLEE1", "0.5");'],
    ['$msg.branch', '$msg.branch = "sip:b@CALLEE1";'],
  ])('%s: one answers, the other is cancelled', async (_, statement) => {
    const { port, caller, callees } = await relayBench(
      `route { $ru = "sip:a@CALLEE0"; ${statement} t_relay(); }`,
      2,
    );
    const [a, b] = two(callees);
    caller.request(port, 'sip:bob@biloxi.example');
    const [toA, toB] = await Promise.all([a.next('INVITE'), b.next('INVITE')]);
    expect([toA.uri, toB.uri]).toEqual([a.uri('a'), b.uri('b')]);
    expect(toA.header('via')).not.toBe(toB.header('via'));
    a.reply(toA, 180);
    b.reply(toB, 180);
    await caller.next(180);
    b.reply(toB, 200);
    await caller.next(200);
    const cancel = await a.next('CANCEL');
    expect(cancel.uri).toBe(toA.uri);
    expect(cancel.header('via')).toBe(toA.header('via'));
    expect(cancel.header('reason')).toMatch(/cause=200/);
    a.reply(cancel, 200);
    a.reply(toA, 487);
    await a.next('ACK');
    expect(caller.seen).toEqual([100, 180, 180, 200]);
    expect(b.seen).toEqual(['INVITE']);
  });

  test('the best of all refusals is forwarded', async () => {
    const { port, caller, callees } = await relayBench(
      'route { $ru = "sip:a@CALLEE0"; append_branch("sip:b@CALLEE1"); t_relay(); }',
      2,
    );
    const [a, b] = two(callees);
    caller.request(port, 'sip:bob@biloxi.example');
    a.reply(await a.next('INVITE'), 503);
    b.reply(await b.next('INVITE'), 404, [], 'Nobody');
    expect((await caller.next(404)).reason).toBe('Nobody');
  });

  test('a 6xx cancels the other branches and ends the search, whatever the failure route adds', async () => {
    const { port, caller, callees, prints } = await relayBench(
      `route { $ru = "sip:a@CALLEE0"; append_branch("sip:b@CALLEE1"); t_on_failure("f"); t_relay(); }
       failure_route[f] { $ru = "sip:c@CALLEE0"; t_relay(); xlog("print $rc $T_reply_code"); }`,
      2,
    );
    const [a, b] = two(callees);
    caller.request(port, 'sip:bob@biloxi.example');
    const toB = await b.next('INVITE');
    b.reply(toB, 180);
    await caller.next(180);
    a.reply(await a.next('INVITE'), 603);
    b.reply(await b.next('CANCEL'), 200);
    b.reply(toB, 487);
    await caller.next(603);
    expect(prints()).toEqual(['-3 603']);
  });

  test('disable_6xx_block: a 6xx is like any other refusal', async () => {
    const { port, caller, callees } = await relayBench(
      `modparam("tm", "disable_6xx_block", 1)
       route { $ru = "sip:a@CALLEE0"; t_on_failure("f"); t_relay(); }
       failure_route[f] { $ru = "sip:voicemail@CALLEE0"; t_relay(); }`,
    );
    const callee = one(callees);
    caller.request(port, 'sip:bob@biloxi.example');
    callee.reply(await callee.next('INVITE'), 603);
    const second = await callee.next('INVITE');
    expect(second.uri).toBe(callee.uri('voicemail'));
    callee.reply(second, 200);
    await caller.next(200);
  });

  test('added branches have destination, flags and attributes, and can be moved, swapped and removed', async () => {
    const { port, caller, callees, prints } = await relayBench(
      `route {
         $ru = "sip:a@CALLEE0";
         append_msg_branch("sip:x@nowhere.invalid"); $msg.branch.duri = "sip:CALLEE1";
         setbflag("NAT", 1); $(msg.branch.attr(kind)[1]) = "pstn";
         append_msg_branch("sip:removed@nowhere.invalid");
         append_msg_branch("sip:third@CALLEE0");
         remove_msg_branch(1);
         swap_msg_branches(-1, 1);
         move_msg_branch(1, -1, "keep");
         xlog("print $msg.branch.last_idx $(msg.branch.uri[*])");
         remove_msg_branch(1);
         t_on_branch("b"); t_on_reply("r"); t_relay();
       }
       branch_route[b] {
         $tm.branch.attr(seen) = 5;
         $var(nat) = 0; if (isbflagset("NAT")) $var(nat) = 1;
         xlog("print branch $T_branch_idx $rU $var(nat) $tm.branch.attr(kind)");
       }
       onreply_route[r] {
         $var(nat) = 0; if (isbflagset("NAT")) $var(nat) = 1;
         t_get_branch_idx_by_attr("kind", "pstn", , $var(found));
         t_get_branch_idx_by_attr("seen", , 5, $var(both), 0);
         if (!t_get_branch_idx_by_attr("kind", "voip")) xlog("print no voip");
         xlog("print reply $T_branch_idx $var(nat) $var(found) $var(both) $tm.branch.uri $(tm.branch.duri[1]) $tm.branch.type $(tm.branch.flag(NAT)[1])");
       }`,
      2,
    );
    const [a, b] = two(callees);
    caller.request(port, 'sip:bob@biloxi.example');
    const toB = await b.next('INVITE');
    expect(toB.uri).toBe('sip:x@nowhere.invalid');
    await a.next('INVITE');
    b.reply(toB, 200);
    await caller.next(200);
    expect(prints()).toEqual([
      `2 ${a.uri('a')}, sip:x@nowhere.invalid, ${a.uri('a')}`,
      'branch 0 a 0 <null>',
      'branch 1 x 1 pstn',
      'no voip',
      `reply 1 1 1 0 sip:x@nowhere.invalid sip:127.0.0.1:${b.port} sip 1`,
    ]);
  });
});

describe('serial forking', () => {
  test('a failure route asks a REST service where to go next', async () => {
    const service = closeLater(
      await startService((request, response) => respond(response, 200, `sip:${request.target.slice(1)}@`)),
    );
    const { port, caller, callees, prints } = await relayBench(
      `route { $ru = "sip:a@CALLEE0"; $avp(mark) = "kept"; setflag("F"); t_on_failure("f"); t_relay(); }
       failure_route[f] {
         if (!t_check_status("486|408")) exit;
         rest_get("${service.origin}/next", $var(where));
         $var(f) = 0; if (isflagset("F")) $var(f) = 1;
         xlog("print $T_reply_code $ru $avp(mark) $var(f) $(<reply>hdr(X-Why)) $(<reply>rs) $rm");
         $ru = $var(where) + "CALLEE1";
         append_hf("X-Round: 2\\r\\n");
         t_on_failure("g");
         t_relay();
       }
       failure_route[g] { xlog("print second $T_reply_code $ru"); t_reply(480, "Out Of Office"); }`,
      2,
    );
    const [a, b] = two(callees);
    const invite = caller.request(port, 'sip:bob@biloxi.example');
    a.reply(await a.next('INVITE'), 486, ['X-Why: lunch'], 'Busy');
    const second = await b.next('INVITE');
    expect([second.uri, second.header('x-round')]).toEqual([b.uri('next'), '2']);
    b.reply(second, 404);
    const final = await caller.next(480);
    expect(final.reason).toBe('Out Of Office');
    caller.acknowledge(port, invite, final);
    await Promise.all([a.next('ACK'), b.next('ACK')]);
    expect(prints()).toEqual([
      '486 sip:bob@biloxi.example kept 1 lunch 486 INVITE',
      'second 404 sip:bob@biloxi.example',
    ]);
    // the caller's own ACK ends here
    expect([a.seen, b.seen]).toEqual([
      ['INVITE', 'ACK'],
      ['INVITE', 'ACK'],
    ]);
  });

  test('the request is as it was forwarded: changes after t_relay() affect a copy', async () => {
    const { port, caller, callees } = await relayBench(
      `route {
         append_hf("X-Before: yes\\r\\n"); $ru = "sip:a@CALLEE0"; t_on_failure("f"); t_relay();
         append_hf("X-After: yes\\r\\n");
       }
       failure_route[f] { append_hf("X-Failure: yes\\r\\n"); $ru = "sip:b@CALLEE0"; t_relay(); }`,
    );
    const [callee] = callees as [SipPeer];
    caller.request(port, 'sip:bob@biloxi.example');
    callee.reply(await callee.next('INVITE'), 486);
    const second = await callee.next('INVITE');
    expect(['x-before', 'x-after', 'x-failure'].map((name) => second.header(name))).toEqual([
      'yes',
      undefined,
      'yes',
    ]);
  });

  test('in a failure route the request is as received: $ru, $du, socket, branch flags', async () => {
    const { port, caller, callees, prints } = await relayBench(
      `route {
         $ru = "sip:a@nowhere.invalid"; $du = "sip:CALLEE0"; $msg.branch.attr(n) = 1; setbflag("B"); setflag("A");
         t_on_branch("b"); t_on_failure("f"); t_relay();
       }
       branch_route[b] { xlog("print $tm.branch.attr(n)"); $tm.branch.attr(n) = 2; }
       failure_route[f] {
         $var(f) = 0; if (isbflagset("B")) $var(f) = 1; if (isflagset("A")) $var(f) = $var(f) + 2;
         xlog("print $ru $du $var(f) $T_ruri $T_branch_last_reply_code(0) $T_branch_last_reply_code(1)");
         $rU = "b"; $du = "sip:CALLEE0"; t_on_failure("again"); t_relay();
       }
       failure_route[again] {
         xlog("print $ru $du");
         $du = "sip:CALLEE1"; append_branch("sip:d@CALLEE1"); t_on_failure("last"); t_relay();
       }
       failure_route[last] { append_branch("sip:e@CALLEE1"); t_on_failure("bare"); t_relay(); }
       failure_route[bare] { t_relay(); }`,
      2,
    );
    const [first, second] = two(callees);
    const received = first.uri('bob');
    caller.request(port, received);
    first.reply(await first.next('INVITE'), 486);
    const again = await first.next('INVITE');
    expect(again.uri).toBe(first.uri('b'));
    first.reply(again, 486);
    const [main, added] = [await second.next('INVITE'), await second.next('INVITE')];
    expect([main.uri, added.uri]).toEqual([received, second.uri('d')]);
    second.reply(main, 486);
    second.reply(added, 486);
    // the added one alone, since nothing was said about the request itself
    const alone = await second.next('INVITE');
    expect(alone.uri).toBe(second.uri('e'));
    second.reply(alone, 486);
    // and with nothing said at all it goes where it was sent to
    expect((await first.next('INVITE')).uri).toBe(received);
    expect(prints().filter((line) => line.startsWith('sip:'))).toEqual([
      `${received} <null> 2 sip:a@nowhere.invalid 486 <null>`,
      `${received} <null>`,
    ]);
  });

  test('without a new branch or a reply the refusal is forwarded', async () => {
    const { port, caller, callees } = await relayBench(
      `route { $ru = "sip:a@CALLEE0"; t_on_failure("f"); t_relay(); } failure_route[f] { exit; }`,
    );
    caller.request(port, 'sip:bob@biloxi.example');
    const callee = one(callees);
    callee.reply(await callee.next('INVITE'), 486, ['X-Why: lunch'], 'Busy');
    const final = await caller.next(486);
    expect([final.reason, final.header('x-why')]).toEqual(['Busy', 'lunch']);
  });

  test('next_branches() goes by descending q, with equal q in parallel', async () => {
    const { port, caller, callees, prints } = await relayBench(
      `route {
         $ru = "sip:low@CALLEE0"; $ru_q = "0.1";
         append_msg_branch("sip:high@CALLEE0", "0.9");
         append_msg_branch("sip:mid1@CALLEE0", "0.5");
         append_msg_branch("sip:mid2@CALLEE1", "0.5");
         serialize_branches(1); next_branches(); xlog("print $rc $ru");
         t_on_failure("f"); t_relay();
       }
       failure_route[f] {
         $var(rc) = next_branches();
         xlog("print $var(rc)");
         if ($var(rc) > 0) { t_on_failure("f"); t_relay(); }
       }`,
      2,
    );
    const [a, b] = two(callees);
    caller.request(port, 'sip:bob@biloxi.example');
    const high = await a.next('INVITE');
    expect(high.uri).toBe(a.uri('high'));
    a.reply(high, 486);
    const mid = await a.next('INVITE');
    expect(mid.uri).toBe(a.uri('mid1'));
    b.reply(await b.next('INVITE'), 404);
    a.reply(mid, 480);
    const low = await a.next('INVITE');
    expect(low.uri).toBe(a.uri('low'));
    a.reply(low, 410);
    await caller.next(410);
    expect(prints()).toEqual([`1 ${a.uri('high')}`, '1', '2', '-1']);
  });

  test('a blocking call that hangs in a failure route delays no other call', async () => {
    const service = closeLater(await startService(() => {}));
    const { port, caller, callees } = await relayBench(
      `udp_workers = 2
       route { if ($rU == "hang") t_on_failure("f"); $ru = "sip:" + $rU + "@CALLEE0"; t_relay(); }
       failure_route[f] { rest_get("${service.origin}/", $var(b)); }`,
    );
    const callee = one(callees);
    caller.request(port, 'sip:hang@biloxi.example');
    callee.reply(await callee.next('INVITE'), 486);
    await service.sees(1);
    caller.request(port, 'sip:other@biloxi.example');
    callee.reply(await callee.next('INVITE'), 200);
    await caller.next(200);
    expect(caller.seen).not.toContain(486);
  });
});
