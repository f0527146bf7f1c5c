/** What the scenarios of load_balancer leave out: commands, several processes, probes, reloads, many destinations. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { Ranking } from '../../src/modules/load-balancer/ranking.ts';
import { SimulatedClock } from '../../src/timers/index.ts';
import { askServer } from '../../src/workers/control-client.ts';
import { loadScript } from '../../src/workers/load-script.ts';
import { closeLater } from '../support/close-later.ts';
import { place } from '../support/place.ts';
import { relayBench } from '../support/relay-bench.ts';
import { inDialogs } from '../support/relay-script.ts';
import { SipPeer } from '../support/sip-peer.ts';
import { temporaryFolder } from '../support/temporary.ts';

const parameter = (name: string, value: string | number) =>
  `modparam("load_balancer", "${name}", ${typeof value === 'number' ? value : `"${value}"`})\n`;
const modules = 'loadmodule "signaling.so"\nloadmodule "dialog.so"\nloadmodule "load_balancer.so"\n';
const event = 'event_route[E_LOAD_BALANCER_STATUS] { xlog("print $param(uri) $param(status)\n"); }\n';

test('a ranking has the first of the highest values, whatever changes', () => {
  let seed = 7;
  const random = () => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return seed / 2 ** 31;
  };
  for (const size of [1, 2, 3, 100]) {
    const ranking = new Ranking(size);
    const values = new Array<number>(size).fill(Number.NEGATIVE_INFINITY);
    for (let i = 0; i < 500; i++) {
      const [at, value] = [Math.floor(random() * size), Math.floor(random() * 5) - 1];
      values[at] = value;
      ranking.set(at, value);
      expect(ranking.highest).toBe(Math.max(...values));
      expect(ranking.best).toBe(values.indexOf(Math.max(...values)));
    }
  }
});

test.each([
  ['1 1 sip:a', 'invalid destination "1 1 sip:a"'],
  ['1 1 a pstn=1', '"a" is not a SIP URI'],
  ['1 1 sip:a pstn', 'invalid resource "pstn" of sip:a: use NAME=CAPACITY'],
  ['1 1 sip:a pstn=1 probe_mode=3', 'the probe_mode of sip:a must be 0, 1 or 2, not "3"'],
])('the destination "%s" is refused', (text, message) => {
  const { diagnostics } = loadScript(`${modules}${parameter('destination', text)}route { exit; }\n`);
  expect(diagnostics.map((one) => one.message).join('\n')).toContain(message);
});

test('calls of a gateway that dies go to the others, and probes bring it back', async () => {
  const clock = new SimulatedClock(Date.UTC(2026, 0, 1));
  const { caller, callees, port, prints } = await relayBench(
    `${modules}${parameter('destination', '1 1 sip:CALLEE0 pstn=9 probe_mode=2')}
     ${parameter('destination', '2 1 sip:CALLEE1 pstn=5')}${parameter('probing_interval', 10)}${event}
     route { ${inDialogs} if (!lb_start(1, "pstn")) { send_reply(503, "Full"); exit; } t_relay(); }\n`,
    2,
    { clock },
  );
  const [dead, alive] = callees;
  if (dead === undefined || alive === undefined) throw new Error('there are two');
  const down = [`sip:127.0.0.1:${dead.port} disabled`];
  const passes = () => {
    clock.advance(1000);
    return prints();
  };
  await expect.poll(passes).toEqual(down);
  caller.request(port, 'sip:1@example.com');
  alive.reply(await alive.next('INVITE'), 200);
  await caller.next(200);
  const answered = new Set<unknown>();
  await expect
    .poll(() => {
      for (const probe of dead.received)
        if (probe.method === 'OPTIONS' && !answered.has(probe)) {
          answered.add(probe);
          dead.reply(probe, 200);
        }
      return passes();
    })
    .toEqual([...down, `sip:127.0.0.1:${dead.port} enabled`]);
  caller.request(port, 'sip:2@example.com');
  dead.reply(await dead.next('INVITE'), 200);
  await caller.next(200);
});

describe.each([1, 2])('commands, with %i process(es)', (processes) => {
  it('list loads, resize and disable destinations for all processes, and read the table again', async () => {
    const { start, folder } = place();
    const [caller, callee] = [await SipPeer.open(), await SipPeer.open()];
    const data = temporaryFolder('load-balancer');
    const write = (...rows: readonly string[]) =>
      writeFileSync(
        join(data, 'load_balancer'),
        [
          'id(int,auto) group_id(int) dst_uri(string) resources(string) probe_mode(int) attrs(string,null) description(string,null)',
          ...rows,
          '',
        ].join('\n'),
      );
    const gateway = `sip\\:127.0.0.1\\:${callee.port}`;
    write(`1:1:${gateway}:pstn=2:0:one:`, '2:2:nonsense:pstn=1:0::');
    const script = `${['sl', 'tm', 'rr', 'sipmsgops'].map((name) => `loadmodule "${name}.so"\n`).join('')}
      ${modules}${parameter('db_url', `text://${data}`)}
      route { ${inDialogs} lb_start(1, "pstn"); $var(rc) = $rc; if ($var(rc) < 0) { send_reply(503, "code $var(rc)"); exit; } t_relay(); }\n`;
    const program = closeLater(await start(script, '--processes', String(processes)));
    const mi = (command: string, ...args: readonly string[]) =>
      askServer(program.pid, command, folder, undefined, args).catch((error: Error) => error.message);
    const relayed = async () => {
      caller.request(program.port, 'sip:1@example.com');
      callee.reply(await callee.next('INVITE'), 200);
      await caller.next(200);
    };
    const refused = async (reason: string) => {
      const text = caller.request(program.port, 'sip:1@example.com');
      const reply = await caller.next(503);
      caller.acknowledge(program.port, text, reply);
      expect(reply.reason).toBe(reason);
    };
    const load = async () => {
      const { Destinations: all } = (await mi('lb_list')) as {
        Destinations: { Resources: { load: number; max: number }[] }[];
      };
      return all[0]?.Resources[0];
    };
    expect(await mi('lb_list')).toEqual({
      Destinations: [expect.objectContaining({ id: 1, group: 1, enabled: 'yes', attrs: 'one' })],
    });
    await relayed();
    await relayed();
    await expect.poll(load).toEqual({ name: 'pstn', max: 2, load: 2 });
    await refused('code -2');
    expect(await mi('lb_resize', '1', 'pstn', '3')).toBe('OK');
    await expect.poll(load).toEqual({ name: 'pstn', max: 3, load: 2 });
    await relayed();
    expect(await mi('lb_status', '1')).toEqual({ enable: 'yes', attrs: 'one' });
    expect(await mi('lb_status', '1', '0')).toBe('OK');
    await expect.poll(() => mi('lb_status', '1')).toEqual({ enable: 'no', attrs: 'one' });
    await refused('code -3');
    expect(await mi('lb_status', '1', '1')).toBe('OK');
    write(`1:1:${gateway}:pstn=9:0:one:`);
    expect(await mi('lb_reload')).toBe('OK');
    await expect.poll(load).toEqual({ name: 'pstn', max: 9, load: 3 });
    expect(await mi('lb_status', '7')).toBe('unknown destination 7');
    expect(await mi('lb_resize', '1', 'fax', '3')).toBe('the destination has no resource "fax"');
  });
});
