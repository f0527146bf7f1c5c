import { describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../src/timers/index.ts';
import { closeLater } from '../support/close-later.ts';
import { relayBench } from '../support/relay-bench.ts';
import { startService } from '../support/service.ts';

const timers = `
  modparam("tm", "T1_timer", 50)
  modparam("tm", "T2_timer", 200)
  modparam("tm", "fr_timeout", 1)`;

describe('an unanswered non-INVITE (RFC 4320)', () => {
  test('gets 100 once its client retransmits every T2, and no 408', async () => {
    const { port, caller, callees, prints, server } = await relayBench(`${timers}
      route {
        if ($rU == "ping") { sl_send_reply(200, "OK"); exit; }
        t_on_failure("f"); $ru = "sip:a@CALLEE0"; t_relay();
      }
      failure_route[f] { xlog("print $T_reply_code"); }`);
    const options = caller.request(port, 'sip:bob@biloxi.example', { method: 'OPTIONS' });
    const [callee] = callees;
    await callee?.next('OPTIONS');
    expect((await caller.next(100)).reason).toBe('Giving it a try');
    await server.logs('print 408');
    expect(prints()).toEqual(['408']);
    // it is absorbed, and gets the 100 again
    caller.send(options, port);
    caller.request(port, 'sip:ping@biloxi.example', { method: 'OPTIONS' });
    await caller.next(200);
    expect(caller.seen).toEqual([100, 200]);
    expect(callee?.seen).toEqual(['OPTIONS']);
  });

  test('gets a 408 that the script sends', async () => {
    const { port, caller } = await relayBench(`${timers}
      route { t_on_failure("f"); $ru = "sip:a@CALLEE0"; t_relay(); }
      failure_route[f] { t_reply(408, "Nobody there"); }`);
    caller.request(port, 'sip:bob@biloxi.example', { method: 'OPTIONS' });
    expect((await caller.next(408)).reason).toBe('Nobody there');
  });

  test('gets a 408 that a target has sent', async () => {
    const { port, caller, callees } = await relayBench('route { $ru = "sip:a@CALLEE0"; t_relay(); }');
    caller.request(port, 'sip:bob@biloxi.example', { method: 'OPTIONS' });
    const [callee] = callees;
    if (callee !== undefined) callee.reply(await callee.next('OPTIONS'), 408);
    await caller.next(408);
  });

  test('gets 100 while its script waits, and none after it has ended without a reply', async () => {
    const held: (() => void)[] = [];
    const service = closeLater(
      await startService((_, response) => void held.push(() => response.end('late'))),
    );
    const clock = new SimulatedClock();
    const script = `${timers}
      route { async(rest_get("${service.origin}/", $var(body)), resume); }
      route[resume] { xlog("print $rU"); if ($rU == "late") t_reply(480, "Late"); }`;
    const { server, port, caller } = await relayBench(script, 0, { clock });
    caller.request(port, 'sip:silent@biloxi.example', { method: 'OPTIONS' });
    await service.sees(1);
    held[0]?.();
    await server.logs('print silent');
    caller.request(port, 'sip:late@biloxi.example', { method: 'OPTIONS' });
    await service.sees(2);
    await clock.pass(1000);
    await caller.next(100);
    held[1]?.();
    await caller.next(480);
    expect(caller.seen).toEqual([100, 480]);
  });
});
