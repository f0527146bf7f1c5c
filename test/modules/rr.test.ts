import { describe, expect, test } from 'vitest';
import { relayBench } from '../support/relay-bench.ts';
import type { SipPeer } from '../support/sip-peer.ts';

const one = (peers: readonly SipPeer[]): SipPeer => peers[0] as SipPeer;

/** In the script's place for the server's own `host:port`. */
const own = (port: number) => `127.0.0.1:${port}`;

describe('record_route()', () => {
  const forward = '$ru = "sip:a@CALLEE0"; t_relay();';

  test.each([
    ['record_route();', ';lr;ftag=alice1'],
    ['record_route(";x=1;y");', ';lr;ftag=alice1;x=1;y'],
    ['add_rr_param(";nat=yes"); record_route();', ';lr;ftag=alice1;nat=yes'],
    ['record_route(); add_rr_param(";nat=yes"); add_rr_param(";b=2");', ';lr;ftag=alice1;nat=yes;b=2'],
  ])('%s', async (statements, params) => {
    const { port, caller, callees } = await relayBench(`route { ${statements} ${forward} }`);
    caller.request(port, 'sip:bob@biloxi.example', { headers: ['Record-Route: <sip:before.example;lr>'] });
    const got = await one(callees).next('INVITE');
    expect(got.all('record-route')).toEqual([`<sip:${own(port)}${params}>`, '<sip:before.example;lr>']);
  });

  test('takes parameters: no From tag, the user of the request URI', async () => {
    const { port, caller, callees } = await relayBench(
      `modparam("rr", "append_fromtag", 0)
       modparam("rr", "add_username", 1)
       route { record_route(); ${forward} }`,
    );
    caller.request(port, 'sip:bob@biloxi.example');
    const got = await one(callees).next('INVITE');
    expect(got.all('record-route')).toEqual([`<sip:bob@${own(port)};lr>`]);
  });

  test('record_route_preset() with one host, and with two, the outbound one on top', async () => {
    const { port, caller, callees } = await relayBench(
      `route {
         if ($rU == "one") record_route_preset("edge.example:5090;x=1");
         else record_route_preset("out.example", "in.example");
         ${forward}
       }`,
    );
    const callee = one(callees);
    caller.request(port, 'sip:one@biloxi.example');
    expect((await callee.next('INVITE')).all('record-route')).toEqual([
      '<sip:edge.example:5090;x=1;lr;ftag=alice1>',
    ]);
    caller.request(port, 'sip:two@biloxi.example');
    expect((await callee.next('INVITE')).all('record-route')).toEqual([
      '<sip:out.example;lr;r2=on;ftag=alice1>',
      '<sip:in.example;lr;r2=on;ftag=alice1>',
    ]);
  });

  test('in a branch route it affects only that branch', async () => {
    const { port, caller, callees } = await relayBench(
      `route { $ru = "sip:a@CALLEE0"; append_branch("sip:b@CALLEE1"); t_on_branch("b"); t_relay(); }
       branch_route[b] { if ($rU == "b") record_route(); }`,
      2,
    );
    const [a, b] = callees as [SipPeer, SipPeer];
    caller.request(port, 'sip:bob@biloxi.example');
    expect((await a.next('INVITE')).all('record-route')).toEqual([]);
    expect((await b.next('INVITE')).all('record-route')).toHaveLength(1);
  });
});

describe('loose_route()', () => {
  const script = `route {
    if (loose_route()) $var(r) = 1; else $var(r) = -1;
    $var(down) = 0; if (is_direction("downstream")) $var(down) = 1;
    $var(up) = 0; if (is_direction("upstream")) $var(up) = 1;
    $var(nat) = 0; if (check_route_param("nat=yes")) $var(nat) = 1;
    xlog("print $var(r) $ru $du $var(down)$var(up)$var(nat) $rr_params");
    if ($du == NULL && is_myself($rd, $rp)) $ru = "sip:a@CALLEE0";
    t_relay();
  }`;
  const inDialog = '<sip:bob@biloxi.example>;tag=bob1';

  test('removes its own Route and follows the next one', async () => {
    const { port, caller, callees, prints } = await relayBench(script);
    const callee = one(callees);
    const next = `<sip:${own(callee.port)};lr>`;
    caller.request(port, 'sip:bob@192.0.2.4', {
      method: 'BYE',
      to: inDialog,
      headers: [`Route: <sip:${own(port)};lr;ftag=alice1;nat=yes>, ${next}`, 'Route: <sip:last.example;lr>'],
    });
    const got = await callee.next('BYE');
    expect([got.uri, got.all('route').join(', ')]).toEqual([
      'sip:bob@192.0.2.4',
      `${next}, <sip:last.example;lr>`,
    ]);
    expect(prints()).toEqual([`1 sip:bob@192.0.2.4 sip:${own(callee.port)};lr 101 lr;ftag=alice1;nat=yes`]);
  });

  test('a request of the callee goes upstream', async () => {
    const { port, caller, callees, prints } = await relayBench(script);
    const callee = one(callees);
    caller.request(port, callee.uri('x'), {
      method: 'BYE',
      to: inDialog,
      headers: [`Route: <sip:${own(port)};lr;ftag=of-the-other>`],
    });
    const got = await callee.next('BYE');
    expect(got.all('route')).toEqual([]);
    expect(prints()).toEqual([`1 ${callee.uri('x')} <null> 010 lr;ftag=of-the-other`]);
  });

  test('after a strict router: the request URI is ours, and the target is the last Route', async () => {
    const { port, caller, callees, prints } = await relayBench(script);
    const callee = one(callees);
    caller.request(port, `sip:${own(port)};lr;ftag=alice1`, {
      method: 'BYE',
      to: inDialog,
      headers: [`Route: <sip:${own(callee.port)};lr>, <sip:bob@192.0.2.4>`],
    });
    const got = await callee.next('BYE');
    expect([got.uri, got.all('route')]).toEqual(['sip:bob@192.0.2.4', [`<sip:${own(callee.port)};lr>`]]);
    expect(prints()[0]).toMatch(/^1 sip:bob@192\.0\.2\.4 sip:127\.0\.0\.1:\d+;lr 100 /);
  });

  test('before a strict router: it becomes the request URI, and the target the last Route', async () => {
    const { port, caller, callees } = await relayBench(script);
    const callee = one(callees);
    caller.request(port, 'sip:bob@192.0.2.4', {
      method: 'BYE',
      to: inDialog,
      headers: [`Route: <sip:${own(port)};lr>, <sip:${own(callee.port)}>, <sip:last.example;lr>`],
    });
    const got = await callee.next('BYE');
    expect([got.uri, got.all('route')]).toEqual([
      `sip:${own(callee.port)}`,
      ['<sip:last.example;lr>, <sip:bob@192.0.2.4>'],
    ]);
  });

  test('both Routes of a doubled Record-Route are removed, of two others only one', async () => {
    const { port, caller, callees } = await relayBench(script);
    const callee = one(callees);
    const last = `<sip:${own(callee.port)};lr>`;
    caller.request(port, 'sip:bob@192.0.2.4', {
      method: 'BYE',
      to: inDialog,
      headers: [`Route: <sip:${own(port)};lr;r2=on>, <sip:${own(port)};lr;r2=on>, ${last}`],
    });
    expect((await callee.next('BYE')).all('route')).toEqual([last]);
  });

  test('a preloaded Route with only the server is removed, and counts as none', async () => {
    const { port, caller, callees, prints } = await relayBench(script);
    const callee = one(callees);
    caller.request(port, callee.uri('x'), { headers: [`Route: <sip:${own(port)};lr>`] });
    const got = await callee.next('INVITE');
    expect(got.all('route')).toEqual([]);
    expect(prints()[0]).toMatch(/^-1 /);
  });

  test('a preloaded Route with another one after it is followed', async () => {
    const { port, caller, callees, prints } = await relayBench(script);
    const callee = one(callees);
    caller.request(port, 'sip:bob@biloxi.example', {
      headers: [`Route: <sip:${own(port)};lr>`, `Route: <sip:${own(callee.port)};lr>`],
    });
    const got = await callee.next('INVITE');
    expect(got.all('route')).toEqual([`<sip:${own(callee.port)};lr>`]);
    expect(prints()[0]).toMatch(/^1 sip:bob@biloxi\.example /);
  });

  test('is false without a Route, or with an invalid one', async () => {
    const { port, caller, callees, prints } = await relayBench(script);
    const callee = one(callees);
    caller.request(port, callee.uri('x'), { method: 'OPTIONS' });
    await callee.next('OPTIONS');
    caller.request(port, callee.uri('x'), { method: 'OPTIONS', headers: ['Route: <<nonsense'] });
    await callee.next('OPTIONS');
    expect(prints().map((line) => line.split(' ')[0])).toEqual(['-1', '-1']);
  });
});
