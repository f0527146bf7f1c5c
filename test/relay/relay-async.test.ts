import { describe, expect, test } from 'vitest';
import { compileProgram } from '../../src/core/index.ts';
import { catalog } from '../../src/modules/catalog.ts';
import { closeLater } from '../support/close-later.ts';
import { relayBench } from '../support/relay-bench.ts';
import { respond, startService } from '../support/service.ts';
import type { SipPeer } from '../support/sip-peer.ts';

const one = ([peer]: readonly SipPeer[]): SipPeer => peer as SipPeer;

/** A service whose answers the test gives, one by one. */
async function heldService() {
  const held: (() => void)[] = [];
  const service = closeLater(
    await startService((_, response) => {
      held.push(() => respond(response, 200, 'noted'));
    }),
  );
  return { service, release: () => held.shift()?.() };
}

describe('async() in a reply route', () => {
  test('delays the reply, and later ones, until its resume route has ended; one worker is enough', async () => {
    const { service, release } = await heldService();
    const { server, port, caller, callees, prints } = await relayBench(
      `udp_workers=1
       route {
         if (is_method("OPTIONS")) { t_reply(200, "Free"); exit; }
         $ru = "sip:a@CALLEE0"; t_on_reply("named"); t_on_branch("b"); t_relay();
       }
       branch_route[b] { t_on_reply("own"); }
       onreply_route[named] { async(rest_get("${service.origin}/", $avp(b)), noted); }
       route[noted] {
         xlog("print resumed $rc $rs $avp(b) $T_branch_idx $(<request>rU)");
         append_hf("X-Noted: $avp(b)\\r\\n");
       }
       onreply_route[own] { xlog("print own $rs $avp(b)"); append_hf("X-Own: yes\\r\\n"); }`,
    );
    const callee = one(callees);
    caller.request(port, 'sip:bob@biloxi.example');
    const got = await callee.next('INVITE');
    callee.reply(got, 180);
    callee.reply(got, 200);
    await service.sees(1);
    caller.request(port, 'sip:bob@biloxi.example', { method: 'OPTIONS' });
    expect((await caller.next(200)).header('cseq')).toContain('OPTIONS');
    expect(caller.seen).not.toContain(180);
    expect(prints()).toEqual([]);
    release();
    const ringing = await caller.next(180);
    expect([ringing.header('x-noted'), ringing.header('x-own')]).toEqual(['noted', 'yes']);
    await service.sees(2);
    release();
    const ok = await caller.next(200);
    expect([ok.header('x-noted'), ok.header('x-own')]).toEqual(['noted', 'yes']);
    await server.logs('print own 200');
    expect(prints()).toEqual([
      'resumed 1 180 noted 0 a',
      'own 180 noted',
      'resumed 1 200 noted 0 a',
      'own 200 noted',
    ]);
  });

  test('its resume route drops a provisional reply, calls async() again, and arms the failure route', async () => {
    const { service, release } = await heldService();
    const { port, caller, callees } = await relayBench(
      `route { $ru = "sip:a@CALLEE0"; t_on_reply("named"); t_relay(); }
       onreply_route[named] { async(rest_get("${service.origin}/1", $avp(b)), first); }
       route[first] { if ($rs < 200) drop; async(rest_get("${service.origin}/2", $avp(b)), second); }
       route[second] { t_on_failure("f"); }
       failure_route[f] { t_reply(480, "From Failure"); }`,
    );
    const callee = one(callees);
    caller.request(port, 'sip:bob@biloxi.example');
    const got = await callee.next('INVITE');
    callee.reply(got, 180);
    await service.sees(1);
    release();
    callee.reply(got, 486);
    await service.sees(2);
    release();
    await service.sees(3);
    release();
    expect((await caller.next(480)).reason).toBe('From Failure');
    expect(caller.seen).toEqual([100, 480]);
    expect(service.seen.map(({ target }) => target)).toEqual(['/1', '/1', '/2']);
  });

  test('a CANCEL meanwhile reaches the callee at once', async () => {
    const { service, release } = await heldService();
    const { port, caller, callees } = await relayBench(
      `route { if (!is_method("CANCEL")) { $ru = "sip:a@CALLEE0"; t_on_reply("named"); } t_relay(); }
       onreply_route[named] { async(rest_get("${service.origin}/", $avp(b)), noted); }
       route[noted] { exit; }`,
    );
    const callee = one(callees);
    const invite = caller.request(port, 'sip:bob@biloxi.example');
    const got = await callee.next('INVITE');
    callee.reply(got, 180);
    await service.sees(1);
    caller.cancel(port, invite);
    callee.reply(await callee.next('CANCEL'), 200);
    callee.reply(got, 487);
    release();
    await service.sees(2);
    release();
    await caller.next(487);
    expect(caller.seen).toEqual([100, 200, 180, 487]);
  });

  test('in the global reply route, which has no transaction, it waits like a blocking call', async () => {
    const { service, release } = await heldService();
    const { port, caller, callees } = await relayBench(
      `route { $ru = "sip:a@CALLEE0"; t_relay(); }
       onreply_route { async(rest_get("${service.origin}/", $avp(b)), noted); }
       route[noted] { append_hf("X-Noted: $rs $avp(b)\\r\\n"); }`,
    );
    const callee = one(callees);
    caller.request(port, 'sip:bob@biloxi.example');
    callee.reply(await callee.next('INVITE'), 200);
    await service.sees(1);
    release();
    expect((await caller.next(200)).header('x-noted')).toBe('200 noted');
  });
});

describe('async() where the transaction cannot wait is a blocking call', () => {
  test('in a failure route, named or not', async () => {
    const { service, release } = await heldService();
    const { server, port, caller, callees, prints } = await relayBench(
      `route { $ru = "sip:a@CALLEE0"; t_on_failure("f"); t_relay(); }
       failure_route[f] { route(ask); }
       route[ask] { async(rest_get("${service.origin}/1", $avp(b)), asked); }
       route[asked] { xlog("print $rc $avp(b)"); async(rest_get("${service.origin}/2", $avp(b)), again); }
       route[again] { $ru = "sip:b@CALLEE0"; t_relay(); xlog("print $rc"); }`,
    );
    const callee = one(callees);
    caller.request(port, 'sip:bob@biloxi.example');
    callee.reply(await callee.next('INVITE'), 486);
    await service.sees(1);
    release();
    await service.sees(2);
    release();
    callee.reply(await callee.next('INVITE'), 200);
    await caller.next(200);
    await server.logs('print 1 noted');
    expect(prints()).toEqual(['1 noted', '1']);
    expect(caller.seen).toEqual([100, 200]);
  });

  test('in a branch route and in the local route', async () => {
    const { service, release } = await heldService();
    const { port, caller, callees } = await relayBench(
      `route { if (!is_method("CANCEL")) { $ru = "sip:a@CALLEE0"; t_on_branch("b"); } t_relay(); }
       branch_route[b] { async(rest_get("${service.origin}/", $avp(b)), asked); }
       local_route { async(rest_get("${service.origin}/", $avp(b)), asked); }
       route[asked] { append_hf("X-Asked: $rm $avp(b)\\r\\n"); }`,
    );
    const callee = one(callees);
    const invite = caller.request(port, 'sip:bob@biloxi.example');
    await service.sees(1);
    release();
    const got = await callee.next('INVITE');
    expect(got.header('x-asked')).toBe('INVITE noted');
    callee.reply(got, 180);
    await caller.next(180);
    caller.cancel(port, invite);
    await service.sees(2);
    release();
    expect((await callee.next('CANCEL')).header('x-asked')).toBe('CANCEL noted');
  });

  test('the checker reports it, and rejects it in routes without a transaction', () => {
    const check = (kind: string) =>
      compileProgram(
        `loadmodule "tm.so"\nloadmodule "rest_client.so"
         route { exit; } ${kind} { async(rest_get("http://127.0.0.1/", $var(b)), r); } route[r] { exit; }`,
        'test.cfg',
        catalog,
      ).diagnostics.map(({ severity, code }) => [severity, code]);
    for (const kind of ['failure_route[x]', 'branch_route[x]', 'local_route'])
      expect(check(kind)).toContainEqual(['warning', 'route-kind']);
    expect(check('timer_route[x, 10]')).toContainEqual(['error', 'route-kind']);
  });
});
