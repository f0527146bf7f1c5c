import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { relayBench } from '../support/relay-bench.ts';
import { respond, startService } from '../support/service.ts';
import type { SipPeer } from '../support/sip-peer.ts';

type Two = [SipPeer, SipPeer];

describe('t_inject_branches()', () => {
  test('adds a callee from a REST service while another one rings', async () => {
    let name = () => {};
    const service = closeLater(
      await startService((_, response) => {
        name = () => respond(response, 200, 'late');
      }),
    );
    const { port, caller, callees, prints } = await relayBench(
      `route { $ru = "sip:first@CALLEE0"; t_relay(); async(rest_get("${service.origin}/who", $avp(who)), found); }
       route[found] { $ru = "sip:" + $avp(who) + "@CALLEE1"; t_inject_branches("msg"); xlog("print $rc $(tm.branch.uri[1])"); }`,
      2,
    );
    const [first, late] = callees as Two;
    caller.request(port, 'sip:bob@biloxi.example');
    first.reply(await first.next('INVITE'), 180);
    await caller.next(180);
    name();
    const invite = await late.next('INVITE');
    late.reply(invite, 200);
    await caller.next(200);
    await first.next('CANCEL');
    expect(prints()).toEqual([`1 ${late.uri('late')}`]);
  });

  test('with "cancel" ends ringing branches, and the caller gets the best reply of all', async () => {
    const { port, caller, callees } = await relayBench(
      `loadmodule "cfgutils.so"
       route { $ru = "sip:first@CALLEE0"; t_on_reply("ringing"); t_relay(); }
       onreply_route[ringing] { if ($rs == 180) { $ru = "sip:second@CALLEE1"; t_inject_branches("msg", "cancel"); } }`,
      2,
    );
    const [first, second] = callees as Two;
    caller.request(port, 'sip:bob@biloxi.example');
    const one = await first.next('INVITE');
    first.reply(one, 180);
    const [two] = await Promise.all([second.next('INVITE'), first.next('CANCEL')]);
    first.reply(one, 487);
    second.reply(two, 486);
    await caller.next(486);
  });

  test('without a transaction and after the answer: an error code, and nothing is sent', async () => {
    const { port, caller, callees, prints } = await relayBench(
      `route { $ru = "sip:x@CALLEE0"; t_inject_branches("msg"); xlog("print $rc");
               t_reply(486, "Busy"); t_inject_branches("msg"); xlog("print $rc"); }`,
    );
    caller.request(port, 'sip:bob@biloxi.example');
    await caller.next(486);
    expect(prints()).toEqual(['-1', '-3']);
    expect(callees[0]?.seen).toEqual([]);
  });
});

describe('t_wait_for_new_branches()', () => {
  const script = (more: string) =>
    `modparam("tm", "fr_inv_timeout", 1)
     route { t_newtran(); t_wait_for_new_branches(${more}); $ru = "sip:first@CALLEE0"; t_on_failure("all"); t_relay();
             async(sleep(0), later); }
     failure_route[all] { xlog("print failed with $T_reply_code"); }`;

  test('keeps the caller waiting when all branches have failed, until fr_inv_timeout', async () => {
    const { port, caller, callees, prints } = await relayBench(
      `loadmodule "cfgutils.so"\n${script('')} route[later] { xlog("print later"); }`,
    );
    const callee = callees[0] as SipPeer;
    caller.request(port, 'sip:bob@biloxi.example');
    callee.reply(await callee.next('INVITE'), 404);
    await callee.next('ACK');
    expect(caller.seen).toEqual([100]);
    await caller.next(404);
    expect(prints()).toEqual(['later', 'failed with 404']);
  });

  test('until that many branches were injected', async () => {
    const { port, caller, callees } = await relayBench(
      `loadmodule "cfgutils.so"\n${script('1').replace('"fr_inv_timeout", 1', '"fr_inv_timeout", 60')}
       route[later] { $ru = "sip:second@CALLEE1"; t_inject_branches("msg"); }`,
      2,
    );
    const [first, second] = callees as Two;
    caller.request(port, 'sip:bob@biloxi.example');
    first.reply(await first.next('INVITE'), 404);
    second.reply(await second.next('INVITE'), 480);
    await caller.next(404);
  });

  test('t_wait_no_more_branches() ends the wait', async () => {
    const { port, caller, callees } = await relayBench(
      `modparam("tm", "fr_inv_timeout", 60)
       route { t_newtran(); t_wait_for_new_branches(); $ru = "sip:x@CALLEE0"; t_on_reply("r"); t_relay(); }
       onreply_route[r] { if ($rs == 603) t_wait_no_more_branches(); }`,
    );
    const callee = callees[0] as SipPeer;
    caller.request(port, 'sip:bob@biloxi.example');
    callee.reply(await callee.next('INVITE'), 603);
    await caller.next(603);
  });

  test('a CANCEL is 487, no branch at all 408', async () => {
    const { port, caller } = await relayBench(
      `modparam("tm", "fr_inv_timeout", 1)
       route { if (is_method("CANCEL")) { t_relay(); exit; } t_newtran(); t_wait_for_new_branches(); }`,
    );
    const invite = caller.request(port, 'sip:bob@biloxi.example');
    await caller.next(100);
    caller.cancel(port, invite);
    await caller.next(487);
    caller.request(port, 'sip:bob@biloxi.example');
    await caller.next(408);
  });
});

test('t_replicate() sends copies, whose replies the caller never sees', async () => {
  const { server, port, caller, callees, prints } = await relayBench(
    `route { append_branch("sip:b@CALLEE1"); t_replicate("sip:a@CALLEE0", "0x4"); xlog("print $rc"); }`,
    2,
  );
  const [a, b] = callees as Two;
  const text = caller.request(port, 'sip:bob@biloxi.example', { method: 'MESSAGE', body: 'hello' });
  const [toA, toB] = await Promise.all([a.next('MESSAGE'), b.next('MESSAGE')]);
  expect([toA.uri, toA.body, toB.uri]).toEqual([a.uri('a'), 'hello', b.uri('b')]);
  caller.send(text, port); // absorbed
  a.reply(toA, 200);
  b.reply(toB, 503);
  await expect.poll(() => server.server.transactions).toBe(0);
  expect([caller.seen, prints(), a.seen]).toEqual([[], ['1'], ['MESSAGE']]);
});

test('minor_branch_flag: such a branch is not waited for', async () => {
  const { port, caller, callees } = await relayBench(
    `modparam("tm", "minor_branch_flag", "MINOR")
     route { $ru = "sip:a@CALLEE0"; append_branch("sip:tune@CALLEE1"); setbflag("MINOR", 1); t_relay(); }`,
    2,
  );
  const [a, tune] = callees as Two;
  caller.request(port, 'sip:bob@biloxi.example');
  tune.reply(await tune.next('INVITE'), 183);
  await caller.next(183);
  a.reply(await a.next('INVITE'), 404);
  await Promise.all([caller.next(404), tune.next('CANCEL')]);
});

test.each([
  ['Request-Disposition: no-cancel, parallel', '"allow-no-cancel"', false],
  ['Request-Disposition: no-cancel', '', true],
  ['X-Nothing: 1', '0x10', true],
])('%s with t_relay(%s): the others are cancelled: %s', async (header, flags, isCancelled) => {
  const { port, caller, callees } = await relayBench(
    `route { $ru = "sip:a@CALLEE0"; append_branch("sip:b@CALLEE1"); t_relay(${flags}); }`,
    2,
  );
  const [a, b] = callees as Two;
  caller.request(port, 'sip:bob@biloxi.example', { headers: [header] });
  const [toA, toB] = await Promise.all([a.next('INVITE'), b.next('INVITE')]);
  b.reply(toB, 180);
  await caller.next(180);
  a.reply(toA, 200);
  await caller.next(200);
  if (isCancelled) await b.next('CANCEL');
  else {
    b.reply(toB, 486);
    await b.next('ACK');
    expect(b.seen).toEqual(['INVITE', 'ACK']);
  }
});

test('t_add_hdrs() reaches the INVITE, its CANCEL, and the ACK to a refusal', async () => {
  const { port, caller, callees } = await relayBench(
    `route { if (is_method("CANCEL")) { t_relay(); exit; } t_add_hdrs("X-Trunk: 7\\r\\n"); $ru = "sip:a@CALLEE0"; t_relay(); }`,
  );
  const callee = callees[0] as SipPeer;
  const text = caller.request(port, 'sip:bob@biloxi.example');
  const invite = await callee.next('INVITE');
  callee.reply(invite, 180);
  await caller.next(180);
  caller.cancel(port, text);
  const cancel = await callee.next('CANCEL');
  callee.reply(cancel, 200);
  callee.reply(invite, 487);
  const ack = await callee.next('ACK');
  expect([invite, cancel, ack].map((message) => message.all('x-trunk'))).toEqual([['7'], ['7'], ['7']]);
});

describe('the sending socket of a request', () => {
  const sockets = 'socket=udp:127.0.0.1:0\nsocket=udp:127.0.0.1:0 as proxy.example:5099\n';

  test('$socket_out reads and sets it', async () => {
    const { server, port, caller, callees, prints } = await relayBench(
      `${sockets} route {
         xlog("print $socket_out(forced) $fs $socket_out(port) $socket_in(port)");
         $socket_out = "udp:proxy.example:5099";
         xlog("print $(socket_out(port)) $socket_out(advertised_ip) $socket_in(port)");
         $ru = "sip:a@CALLEE0"; t_relay();
       }`,
    );
    const second = Number(server.server.sockets[1]?.split(':').at(-1));
    caller.request(port, 'sip:bob@biloxi.example');
    const invite = await callees[0]?.next('INVITE');
    expect([invite?.from, invite?.header('via')?.includes('proxy.example:5099')]).toEqual([second, true]);
    expect(prints()).toEqual([`<null> <null> ${port} ${port}`, `${second} proxy.example ${port}`]);
  });

  test('$fs = null resets it, and an invalid socket is rejected', async () => {
    const { port, caller, callees, prints } = await relayBench(
      `${sockets} route { $fs = "proxy.example:5099"; $fs = "udp:192.0.2.1:5060"; xlog("print $fs(advertised_port)"); $fs = NULL; $ru = "sip:a@CALLEE0"; t_relay(); }`,
    );
    caller.request(port, 'sip:bob@biloxi.example');
    expect((await callees[0]?.next('INVITE'))?.from).toBe(port);
    expect(prints()).toEqual(['5099']);
  });
});

test.each([
  ['force_tcp_alias();', '', ''],
  ['force_tcp_alias(7099);', '', ''],
  ['set_via_handling("force-tcp-alias");', '', ''],
  ['', 'tcp_accept_aliases=yes', ';alias'],
])('a TCP connection under another port: %s%s', async (call, setting, param) => {
  const { server } = await relayBench(
    `socket=tcp:127.0.0.1:0\n${setting}
     route { ${call} $du = "sip:127.0.0.1:7099;transport=tcp"; t_relay(); }`,
  );
  const port = Number(server.server.sockets[0]?.split(':').at(-1));
  const socket = connect(port, '127.0.0.1');
  closeLater({ close: async () => void socket.destroy() });
  let received = '';
  socket.on('data', (data) => {
    received += data.toString();
  });
  socket.write(
    `OPTIONS sip:neighbour@biloxi.example SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:7099;branch=z9hG4bKalias${param}\r\nFrom: <sip:a@x>;tag=1\r\nTo: <sip:b@x>\r\nCall-ID: alias\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`,
  );
  await expect.poll(() => received).toContain('OPTIONS sip:neighbour@biloxi.example');
});

test('T1_timer is the first interval of retransmissions, T2_timer the longest', async () => {
  const { port, caller, callees } = await relayBench(
    `modparam("tm", "T1_timer", 20) modparam("tm", "T2_timer", 40) modparam("tm", "fr_timeout", 1)
     route { $ru = "sip:a@CALLEE0"; t_relay(); }`,
  );
  const callee = callees[0] as SipPeer;
  caller.request(port, 'sip:bob@biloxi.example', { method: 'OPTIONS' });
  // by the defaults there would be 2 within that second
  await callee.sees(await callee.next('OPTIONS'), 8);
  // the interval of the caller is T2 by then (RFC 4320, 4.1)
  await caller.next(100);
});
