/** Lists of destinations that get no requests. */
import { expect, test } from 'vitest';
import { simulate } from '../../src/testing/index.ts';
import { printedBy } from '../support/script-bench.ts';

const gateways = 'sip:bob@gw.example:5060';

async function bench(settings: string, statements: string) {
  const kit = await simulate({
    script: `socket = udp:192.0.2.1:5060\n${settings}\nloadmodule "tm.so"\nloadmodule "sl.so"
loadmodule "sipmsgops.so"
route { ${statements} if (!t_relay("no-auto-477")) sl_send_reply(480, "rc $rc"); }`,
  });
  kit.names.set('gw.example', ['192.0.2.31', '192.0.2.32']);
  const [first, second] = [kit.callee('192.0.2.31').answers(200), kit.callee('192.0.2.32').answers(200)];
  const caller = kit.caller();
  return {
    kit,
    /** The status, the reason if it is not 200, and who got a request. */
    call: async (uri = gateways, method = 'INVITE') => {
      const times = ({ methods }: typeof first) => methods.filter((one) => one === method).length;
      const before = [first, second].map(times);
      const answer =
        method === 'INVITE' ? await caller.invite(uri).final() : await caller.send(method, uri).final();
      const asked = [first, second].flatMap((one, i) => (times(one) > (before[i] ?? 0) ? i + 1 : []));
      return [answer.status === 200 ? 200 : answer.reason, ...asked];
    },
    [Symbol.asyncDispose]: () => kit[Symbol.asyncDispose](),
  };
}

test('use_blacklist() leaves out targets, and with none left t_relay() returns -5', async () => {
  await using at = await bench(
    'dst_blacklist = gw:{( udp , 192.0.2.31 , 5060 , "" )}\ndst_blacklist = all:{(any,192.0.2.0/24)}',
    'use_blacklist("gw"); if ($rU == "all") use_blacklist("all"); if ($rU == "none") unuse_blacklist("gw");',
  );
  expect(await at.call()).toEqual([200, 2]);
  expect(await at.call('sip:bob@192.0.2.31')).toEqual(['rc -5']);
  expect(await at.call('sip:bob@192.0.2.32')).toEqual([200, 2]);
  expect(await at.call('sip:all@gw.example:5060')).toEqual(['rc -5']);
  expect(await at.call('sip:none@gw.example:5060')).toEqual([200, 1]);
});

test('a default list concerns every request, also one that is forwarded without a transaction', async () => {
  await using at = await bench(
    'dst_blacklist = net/default : { !( any, 192.0.2.32 ) }',
    'if ($rU == "plain") { forward(); $var(rc) = $rc; if ($var(rc) < 0) sl_send_reply(480, "rc $var(rc)"); exit; }',
  );
  expect(await at.call()).toEqual([200, 2]);
  expect(await at.call('sip:plain@192.0.2.31')).toEqual(['rc -5']);
});

test('a pattern is compared with the request as it is sent', async () => {
  await using at = await bench(
    'dst_blacklist = words/default:{(any, 0.0.0.0/0, 0, "*X-Bad: yes*"), (any, 192.0.2.32, 0, "MESSAGE *")}',
    'if ($rU == "bad") append_hf("X-Bad: yes\\r\\n");',
  );
  expect(await at.call('sip:bob@192.0.2.32')).toEqual([200, 2]);
  expect(await at.call('sip:bob@192.0.2.32', 'MESSAGE')).toEqual(['rc -5']);
  expect(await at.call('sip:bad@192.0.2.31')).toEqual(['rc -5']);
});

test('rules are added for a while, and removed, but not in a readonly list', async () => {
  await using at = await bench(
    'dst_blacklist = dyn/expire,default\ndst_blacklist = fixed:{(any,192.0.2.31)}\ndst_blacklist = kept/default:{(any,192.0.2.32)}',
    `if ($rU == "block") { add_blacklist_rule("dyn", "192.0.2.31", 5060, "udp", , 60); }
     if ($rU == "free") { del_blacklist_rule("kept", "192.0.2.32"); }
     if ($rU == "wrong") {
       add_blacklist_rule("fixed", "192.0.2.1"); $var(a) = $rc;
       add_blacklist_rule("kept", "192.0.2.1", , , , 5); $var(b) = $rc;
       add_blacklist_rule("dyn", "nonsense"); $var(c) = $rc;
       del_blacklist_rule("dyn", "192.0.2.77"); $var(d) = $rc;
       use_blacklist("unknown");
       xlog("$var(a) $var(b) $var(c) $var(d) $rc");
     }`,
  );
  expect(await at.call('sip:bob@192.0.2.31')).toEqual([200, 1]);
  expect(await at.call('sip:block@192.0.2.31')).toEqual(['rc -5']);
  await at.kit.clock.advance(59_000);
  expect(await at.call('sip:bob@192.0.2.31')).toEqual(['rc -5']);
  await at.kit.clock.advance(2_000);
  expect(await at.call('sip:bob@192.0.2.31')).toEqual([200, 1]);
  expect(await at.call('sip:bob@192.0.2.32')).toEqual(['rc -5']);
  expect(await at.call('sip:free@192.0.2.32')).toEqual([200, 2]);
  await at.call('sip:wrong@192.0.2.31');
  expect(at.kit.printed).toEqual(['-1 -1 -1 -1 -1']);
  expect(at.kit.log.map(({ text }) => text).filter((text) => text.includes('_blacklist'))).toEqual(
    [
      'add_blacklist_rule(): the list fixed is readonly',
      'add_blacklist_rule(): the rules of kept do not expire',
      'add_blacklist_rule(): invalid rule: use an address or network, a port and a transport',
      'del_blacklist_rule(): dyn has no such rule',
      'use_blacklist(): no blacklist unknown',
    ].map((text) => expect.stringContaining(text) as string),
  );
});

test('check_blacklist_rule() looks into one list, or into those in use', () => {
  expect(
    printedBy(
      `check_blacklist_rule("gw", "192.0.2.100", 5060, "tcp"); xlog("$rc");
       check_blacklist_rule("gw", "192.0.2.100"); xlog("$rc");
       check_blacklist_rule("gw", "192.0.2.101"); xlog("$rc");
       check_blacklist_rule(, "192.0.2.101", 5060, "udp"); xlog("$rc");
       use_blacklist("gw");
       check_blacklist_rule(, "192.0.2.101", 5060, "udp"); xlog("$rc");
       check_blacklist_rule("words", "192.0.2.1", 0, "any", "abc"); xlog("$rc");`,
      '',
      'dst_blacklist = gw:{(tcp,192.0.2.100,5060,""),(any,192.0.2.101,0,"")}\ndst_blacklist = words:{(any,192.0.2.1,0,"a*")}',
    ),
  ).toEqual(['1', '-1', '1', '-1', '1', '1']);
});

test('the list dns has the targets that failed', async () => {
  await using at = await bench(
    'modparam("tm", "fr_timeout", 5)\nmodparam("tm", "failover_timeout", 1000)',
    `if ($rU == "strict") use_blacklist("dns");
     if ($rU == "again") del_blacklist_rule("dns", "192.0.2.31", 5060, "udp");
     check_blacklist_rule("dns", "192.0.2.31", 5060, "udp"); $var(found) = $rc;
     if (is_method("INVITE")) xlog("$var(found)");`,
  );
  at.kit.weather = { isLost: ({ to }) => to === '192.0.2.31:5060' };
  expect(await at.call()).toEqual([200, 2]);
  at.kit.weather = {};
  expect(await at.call()).toEqual([200, 2]);
  expect(await at.call('sip:strict@192.0.2.31')).toEqual(['rc -5']);
  expect(await at.call('sip:again@gw.example:5060')).toEqual([200, 1]);
  expect(at.kit.printed).toEqual(['-1', '1', '1', '-1']);
});
