import { describe, expect, test } from 'vitest';
import { relayBench } from '../support/relay-bench.ts';
import type { SipPeer } from '../support/sip-peer.ts';

const one = (peers: readonly SipPeer[]): SipPeer => peers[0] as SipPeer;

describe('set_advertised_address() and set_advertised_port()', () => {
  test('set the address in the Via and Record-Route of only this request', async () => {
    const { port, caller, callees } = await relayBench(
      `advertised_address = "usual.example"
       route {
         if ($rU == "own") { set_advertised_address("own.example"); set_advertised_port("5090"); }
         record_route();
         $ru = "sip:a@CALLEE0";
         t_relay();
       }`,
    );
    const callee = one(callees);
    caller.request(port, 'sip:own@biloxi.example');
    const own = await callee.next('INVITE');
    expect(own.all('via')[0]).toMatch(/^SIP\/2\.0\/UDP own\.example:5090;/);
    expect(own.all('record-route')).toEqual(['<sip:own.example:5090;lr;ftag=alice1>']);
    callee.reply(own, 200);
    await caller.next(200);
    caller.request(port, 'sip:usual@biloxi.example');
    const usual = await callee.next('INVITE');
    expect(usual.all('via')[0]).toMatch(new RegExp(`^SIP/2\\.0/UDP usual\\.example:${port};`));
  });

  test('affect only the branch in a branch route, and put an IPv6 address in brackets', async () => {
    const { port, caller, callees } = await relayBench(
      `route { $ru = "sip:a@CALLEE0"; append_branch("sip:b@CALLEE1"); t_on_branch("b"); t_relay(); }
       branch_route[b] { if ($rU == "b") set_advertised_address("2001:db8::1"); }`,
      2,
    );
    caller.request(port, 'sip:bob@biloxi.example');
    const [first, second] = await Promise.all(callees.map(async (callee) => callee.next('INVITE')));
    expect(first?.all('via')[0]).toMatch(new RegExp(`^SIP/2\\.0/UDP 127\\.0\\.0\\.1:${port};`));
    expect(second?.all('via')[0]).toMatch(new RegExp(`^SIP/2\\.0/UDP \\[2001:db8::1\\]:${port};`));
  });

  test('the response to a stateless request is forwarded back', async () => {
    const { port, caller, callees } = await relayBench(
      'route { set_advertised_address("Own.example"); forward("CALLEE0"); }',
    );
    const callee = one(callees);
    caller.request(port, 'sip:bob@biloxi.example', { method: 'OPTIONS' });
    callee.reply(await callee.next('OPTIONS'), 200);
    await caller.next(200);
  });

  test('reject an invalid host, and an invalid port', async () => {
    const { port, caller, callees, server } = await relayBench(
      `route {
         set_advertised_address("a b"); xlog("print $rc");
         set_advertised_address("own.example:5090"); xlog("print $rc");
         set_advertised_port(0); xlog("print $rc");
         $ru = "sip:a@CALLEE0"; t_relay();
       }`,
    );
    caller.request(port, 'sip:bob@biloxi.example');
    expect((await one(callees).next('INVITE')).all('via')[0]).toContain(`127.0.0.1:${port};`);
    expect(server.log.filter((line) => line.includes('print -1'))).toHaveLength(3);
    expect(server.log.some((line) => line.includes('invalid host "a b"'))).toBe(true);
  });
});
