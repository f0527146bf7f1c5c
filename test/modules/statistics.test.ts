import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { builtInStatistics } from '../../src/modules/statistics/built-in.ts';
import { closeLater } from '../support/close-later.ts';
import { runScript } from '../support/run-script.ts';
import { programOf, startServer } from '../support/server.ts';
import { sendSip } from '../support/sip-client.ts';
import { SipPeer } from '../support/sip-peer.ts';

const modules = ['statistics'];

test('counters are increased, read and reset', async () => {
  const { prints, log } = await runScript(
    `xlog("$stat(calls) $stat(none)");
     update_stat("calls", 3); update_stat("calls", -1); xlog("$rc $stat(calls) $stat(dynamic:calls)");
     $var(name) = "new"; update_stat($var(name), 7); xlog("$stat(new) $stat($var(name))");
     reset_stat("calls"); xlog("$rc $stat(calls)");
     $stat(new) = 0; xlog("$stat(new)");
     update_stat("lasting", 2); reset_stat("lasting"); xlog("$rc $stat(lasting)");`,
    {
      modules,
      rest: `modparam("statistics", "variable", "calls")
        modparam("statistics", "variable", "lasting/no_reset")`,
    },
  );
  expect(prints).toEqual(['0 <null>', '1 2 2', '7 7', '1 0', '0', '-1 2']);
  expect(log.join('\n')).toContain('"lasting" cannot be reset');
});

test('an iterator visits a group, and groups may share counter names', async () => {
  const { prints, log } = await runScript(
    `update_stat("method:invite", 2); update_stat("method:bye", 1); update_stat("invite", 9);
     stat_iter_init("method", "i");
     while (stat_iter_next($var(n), $var(v), "i")) xlog("$var(n)=$var(v)");
     stat_iter_next($var(n), $var(v), "never begun"); xlog("$rc");
     update_stat("nowhere:x", 1); xlog("$rc"); stat_iter_init("nowhere", "i"); xlog("$rc");`,
    { modules, rest: 'modparam("statistics", "stat_groups", "method, packet")' },
  );
  expect(prints).toEqual(['invite=2', 'bye=1', '-1', '-1', '-1']);
  expect(log.join('\n')).toContain('the group of "nowhere:x" is not in stat_groups');
});

test.each([
  ['modparam("statistics", "variable", "a/often")', /invalid variable "a\/often"/],
  ['modparam("statistics", "variable", "x:a")', /the group of "x:a" is not in/],
  ['modparam("statistics", "stat_series_profile", "window=60")', /expected a name and a colon first/],
  ['modparam("statistics", "stat_series_profile", "p: algorithm=median")', /unknown algorithm median/],
  ['modparam("statistics", "stat_series_profile", "p: windows=60")', /unknown attribute "windows=60"/],
  ['modparam("statistics", "stat_series_profile", "p: slots=0")', /invalid slots 0[^]*from 1 to 86400/],
])('a parameter that means nothing is an error: %s', (line, why) => {
  expect(() => programOf(`loadmodule "statistics.so"\n${line}\nroute { exit; }`)).toThrow(why);
});

const profiles = [
  'sum: window=60',
  'avg: algorithm=average',
  'avg_10m: algorithm=average window=600 slots=10',
  'asr: algorithm=percentage window=3600 slots=6 group=rates',
  'mille: algorithm=percentage percentage_factor=1000 hash_size=4',
]
  .map((profile) => `modparam("statistics", "stat_series_profile", "${profile}")\n`)
  .join('');

test('a series is the sum within its window, the average, or the share above 0', async () => {
  const { prints, log } = await runScript(
    `update_stat_series("sum", "calls", 3); update_stat_series("sum", "calls", -1); xlog("$rc $stat(sum:calls)");
     update_stat_series("avg", "pdd", 100); update_stat_series("avg", "pdd", 201); xlog("$stat(avg:pdd)");
     update_stat_series("asr", "ASR", 1); update_stat_series("asr", "ASR", -1);
     update_stat_series("asr", "ASR", 5); update_stat_series("asr", "ASR", 0); xlog("$stat(rates:ASR)");
     update_stat_series("mille", "ASR", 1); update_stat_series("mille", "ASR", -1);
     update_stat_series("mille", "ASR", -1); xlog("$stat(mille:ASR)");
     xlog("$stat(avg_10m:pdd) $stat(ASR)");
     stat_iter_init("rates", "i");
     while (stat_iter_next($var(n), $var(v), "i")) xlog("$var(n)=$var(v)");
     reset_stat("rates:ASR"); xlog("$rc $stat(rates:ASR)");
     $var(profile) = "none"; update_stat_series($var(profile), "x", 1); xlog("$rc");`,
    { modules, rest: profiles },
  );
  expect(prints).toEqual(['1 2', '150', '66', '333', '<null> <null>', 'ASR=66', '-1 66', '-1']);
  expect(log.join('\n')).toContain('"rates:ASR" is a series and cannot be reset');
  expect(log.join('\n')).toContain('stat_series_profile defines no profile "none"');
});

test('old values leave the window', async () => {
  const server = closeLater(
    await startServer(`loadmodule "statistics.so"\nloadmodule "sl.so"
modparam("statistics", "stat_series_profile", "short: window=2 slots=20")
route {
  if ($rU == "feed") update_stat_series("short", "calls", 2);
  sl_send_reply(200, "$stat(short:calls)");
}`),
  );
  const ask = async (user: string) =>
    (await sendSip({ uri: `sip:${user}@127.0.0.1` }, { port: server.port }))[0]?.reason;
  expect(await ask('look')).toBe('<null>');
  expect(await ask('feed')).toBe('2');
  await delay(1000);
  expect(await ask('feed')).toBe('4');
  await delay(1500);
  expect(await ask('look')).toBe('2');
  await delay(1000);
  expect(await ask('look')).toBe('0');
});

test('update_stat_series() with an unknown profile is an error', () => {
  const script = 'loadmodule "statistics.so"\nroute { update_stat_series("none", "x", 1); }';
  expect(() => programOf(script)).toThrow(/none/);
});

test("the server's own statistics have their OpenSIPS names, and counters can be reset", async () => {
  const callee = await SipPeer.open();
  const all = builtInStatistics.map(({ group, name }) => `$stat(${group}:${name})`).join(' ');
  const server = closeLater(
    await startServer(`loadmodule "statistics.so"\nloadmodule "sl.so"\nloadmodule "tm.so"
loadmodule "sipmsgops.so"
route {
  if (has_totag()) { $du = "sip:127.0.0.1:${callee.port}"; forward(); exit; }
  switch ($rU) {
    case "reset": $stat(rcv_requests) = 0; reset_stat("tm:2xx_transactions");
    case "core": sl_send_reply(200, "$stat(rcv_requests) $stat(core:rcv_replies) $stat(fwd_requests) $stat(drop_replies) $stat(err_requests) $stat(err_replies)"); exit;
    case "sl": sl_send_reply(404, "$stat(sl:2xx_replies) $stat(sl:4xx_replies) $stat(sl:sent_replies)"); exit;
    case "tm": sl_send_reply(200, "$stat(tm:UAS_transactions) $stat(tm:inuse_transactions) $stat(tm:received_replies) $stat(tm:relayed_replies) $stat(tm:local_replies) $stat(tm:2xx_transactions) $stat(tm:4xx_transactions)"); exit;
    case "load": sl_send_reply(200, "$stat(load) $stat(load1m) $stat(load-proc-0) $stat(load-proc-1)"); exit;
    case "memory": sl_send_reply(200, "$stat(total_size) $stat(used_size) $stat(0-used_size) $stat(free_size)"); exit;
    case "all": sl_send_reply(200, "${all}"); exit;
    case "computed": reset_stat("tm:inuse_transactions"); sl_send_reply(200, "$rc"); exit;
  }
  $du = "sip:127.0.0.1:${callee.port}";
  t_relay();
}`),
  );
  const ask = async (user: string) =>
    (await sendSip({ uri: `sip:${user}@127.0.0.1` }, { port: server.port })).at(-1)?.reason;
  const caller = await SipPeer.open();
  for (const status of [200, 486]) {
    const sent = caller.request(server.port, 'sip:bob@biloxi.example', { callId: `c${status}` });
    const asked = await callee.next('INVITE');
    callee.reply(asked, 180);
    callee.reply(asked, status);
    caller.acknowledge(server.port, sent, await caller.next(status));
  }
  caller.send('INVITE sip:x SIP/2.0\r\n\r\n', server.port);
  caller.send('SIP/2.0 200 OK\r\n\r\n', server.port);
  caller.send(
    'SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\n',
    server.port,
  );
  // two INVITEs, two ACKs, and this request
  await expect.poll(() => server.server.counts.requests).toBe(4);
  expect(await ask('core')).toBe('5 5 2 1 1 1');
  expect(await ask('sl')).toMatch(/^1 0 [12]$/);
  expect(await ask('sl')).toMatch(/^1 1 [23]$/);
  // two times a 100 of its own; 180 and a final one of the callee's
  expect(await ask('tm')).toBe('2 2 4 4 2 1 1');
  expect(await ask('load')).toMatch(/^\d+ \d+ \d+ <null>$/);
  const [total = 0, used = 0, own = 0, free = 0] = String(await ask('memory'))
    .split(' ')
    .map(Number);
  expect(used).toBeGreaterThan(1_000_000);
  expect(Math.abs(own - used)).toBeLessThan(used);
  expect(total).toBeGreaterThan(free);
  expect(
    String(await ask('all'))
      .split(' ')
      .filter((value) => !/^\d+$/.test(value)),
  ).toEqual([]);
  expect(await ask('computed')).toBe('-1');
  expect(await ask('reset')).toMatch(/^0 5 /);
  expect(await ask('core')).toMatch(/^1 5 /);
  expect(await ask('tm')).toBe('2 2 4 4 2 0 1');
});
