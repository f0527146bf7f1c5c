/** All that a policy waits for goes by the clock of its host: an hour of it passes in a moment. */
import { expect, it } from 'vitest';
import { Receiver } from '../../src/engine/index.ts';
import { SimulatedClock } from '../../src/timers/index.ts';
import { bytes, RecordingTransport, requestText, SOURCE } from '../sip/simulated.ts';
import { poolOf } from '../support/script-bench.ts';
import { programOf } from '../support/server.ts';

const script = `
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "signaling.so"
loadmodule "sipmsgops.so"
loadmodule "cfgutils.so"
loadmodule "cachedb_local.so"
modparam("tm", "fr_timeout", 40)
modparam("tm", "fr_inv_timeout", 90)

timer_route[tick, 60] {
  cache_add("local", "ticks", 1, 0);
}

route {
  xlog("$Ts $time(%H:%M:%S)");
  if (is_method("OPTIONS")) {
    $var(seen) = "gone";
    cache_fetch("local", "k", $var(seen));
    cache_counter_fetch("local", "ticks", $var(ticks));
    xlog("k $var(seen), ticks $var(ticks)");
    send_reply(200, "OK");
    exit;
  }
  cache_store("local", "k", "there", 1800);
  if (is_method("MESSAGE")) {
    async(sleep(600), slept);
  }
  $du = "sip:192.0.2.200:5060";
  t_on_failure("late");
  t_relay();
}

route[slept] {
  xlog("slept until $Ts");
  t_reply(202, "Accepted");
}

failure_route[late] {
  xlog("failed with $T_reply_code at $Ts");
}`;

it('timer routes, caches, sleep, transactions and dates follow the simulated clock', async () => {
  const clock = new SimulatedClock(Date.UTC(2026, 0, 1));
  const log: string[] = [];
  const { routing } = poolOf(
    programOf(script),
    'json',
    (line) => {
      const { time, origin, msg } = JSON.parse(line.toString()) as Record<'time' | 'origin' | 'msg', string>;
      if (origin === 'script') log.push(`${time.slice(11, 19)} ${msg}`);
    },
    { host: { clock } },
  );
  const socket = new RecordingTransport(clock);
  routing.host.registry.add(socket);
  routing.takeEffect();
  await routing.begin({ isFirst: false });
  routing.startTimers();
  const receiver = new Receiver(routing);
  const receive = (method: string) =>
    receiver.receive(
      bytes(
        requestText({
          method,
          callId: method,
          via: `SIP/2.0/UDP ${SOURCE.address}:${SOURCE.port};branch=z9hG4bK${method}${clock.now()};rport`,
        }),
      ),
      SOURCE,
      socket,
    );
  const start = Date.UTC(2026, 0, 1) / 1000;

  receive('INVITE');
  receive('MESSAGE');
  await clock.pass(1_799_000);
  receive('OPTIONS');
  await clock.pass(1_801_000);
  receive('OPTIONS');

  // after fr_timeout, and at its end
  expect(log).toContain(`00:00:40 failed with 408 at ${start + 40}`);
  const sent = socket.sent.map(({ at, text }) => `${at} ${text.slice(0, text.indexOf('\r\n'))}`);
  const finals = sent.filter((line) => line.includes('SIP/2.0'));
  expect(finals).toContain('40000 SIP/2.0 408 Request Timeout');
  expect(finals).toContain('600000 SIP/2.0 202 Accepted');
  // RFC 3261, 17.1.1.2: after 0.5 s, 1.5 s, 3.5 s, ...
  const relayed = sent.filter((line) => line.includes(' INVITE sip:')).map((line) => line.split(' ')[0]);
  expect(relayed).toEqual(['0', '500', '1500', '3500', '7500', '15500', '31500']);
  expect(log).toContain(`00:10:00 slept until ${start + 600}`);
  expect(log).toContain('00:29:59 k there, ticks 29');
  expect(log).toContain('01:00:00 k gone, ticks 60');
  expect(log[0]).toMatch(new RegExp(`^00:00:00 ${start} \\d\\d:00:00$`));

  routing.stopTimers();
  await routing.settled();
  await routing.close();
  await routing.host.close();
  // nothing goes on
  await clock.pass(60_000);
  expect(clock.timers).toBe(0);
});
