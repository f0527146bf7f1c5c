/** What the scenarios of dispatcher leave out: other sources of sets, hashes, probes, commands, states over restarts. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { SimulatedClock } from '../../src/timers/index.ts';
import { askServer } from '../../src/workers/control-client.ts';
import { loadScript } from '../../src/workers/load-script.ts';
import { closeLater } from '../support/close-later.ts';
import { place } from '../support/place.ts';
import { relayBench } from '../support/relay-bench.ts';
import { inDialogs } from '../support/relay-script.ts';
import { runScript } from '../support/run-script.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temporary.ts';

const parameter = (name: string, value: string | number) =>
  `modparam("dispatcher", "${name}", ${typeof value === 'number' ? value : `"${value}"`})\n`;
const destinations = (...rows: readonly string[]) =>
  rows.map((row) => parameter('destination', row)).join('');
const head =
  'id(int,auto) setid(int) destination(string) socket(string,null) state(int) probe_mode(int) weight(string) priority(int) attrs(string,null) description(string,null)';
const row = (id: number, set: number, uri: string, state = 0) =>
  `${id}:${set}:${uri.replaceAll(':', '\\:')}::${state}:0:1:0::`;

function tableIn(folder: string, ...rows: readonly string[]): string {
  writeFileSync(join(folder, 'dispatcher'), [head, ...rows, ''].join('\n'));
  return parameter('db_url', `text://${folder}`);
}

const prints = async (body: string, rest: string) =>
  (await runScript(body, { modules: ['dispatcher'], rest })).prints;

function errors(rest: string, body = ''): string {
  const { diagnostics } = loadScript(`loadmodule "dispatcher.so"\n${rest}\nroute { ${body} }\n`);
  return diagnostics.flatMap(({ severity, message }) => (severity === 'error' ? message : [])).join('\n');
}

describe('sets', () => {
  it('come from the script, with attributes at the end', async () => {
    const rest = `${destinations(
      '1 sip:192.0.2.1 weight=2 priority=1 state=1',
      '1 sip:192.0.2.2:5070 probe_mode=1 attrs=cheap and near',
      '2 sip:[2001:db8::1];transport=tcp',
    )}${parameter('attrs_avp', '$avp(attrs)')}`;
    const body = `ds_select_dst(1, 8); xlog("$rc $du $avp(attrs)"); ds_select_domain(2, 8); xlog("$ru");
      ds_is_in_list("2001:db8::1", 5060, 2); xlog("$rc"); ds_is_in_list("192.0.2.2", ""); xlog("$rc");`;
    expect(await prints(body, rest)).toEqual([
      '1 sip:192.0.2.2:5070 cheap and near',
      expect.stringContaining('@[2001:db8::1]'),
      '1',
      '1',
    ]);
  });

  it('come from partitions with tables of their own, one of which may be the default', async () => {
    const folder = temporaryFolder('dispatcher');
    tableIn(folder, row(1, 1, 'sip:192.0.2.1'));
    writeFileSync(join(folder, 'trunks'), [head, row(1, 1, 'sip:192.0.2.9'), ''].join('\n'));
    const rest = `${parameter('partition', `trunks: db_url = text://${folder}; table_name = trunks; attrs_avp = $avp(t)`)}
      ${parameter('partition', `phones: db_url = text://${folder}`)}${parameter('partition', 'default: trunks')}`;
    const body = `ds_select_dst(1, 8); xlog("$du"); ds_select_dst(1, 8, , "phones"); xlog("$du");
      ds_select_dst(1, 8, "f", "trunks"); ds_mark_dst(); ds_count(1, "i", $var(n)); xlog("$var(n)");
      ds_count(1, "i", $var(n), "phones"); xlog("$var(n)");`;
    expect(await prints(body, rest)).toEqual(['sip:192.0.2.9', 'sip:192.0.2.1', '1', '0']);
  });

  test.each([
    [destinations('x sip:a'), 'invalid destination "x sip:a"'],
    [destinations('1 nonsense'), '"nonsense" is not a SIP URI'],
    [destinations('1 sip:a colour=red'), 'invalid "colour=red" of the destination sip:a'],
    [destinations('1 sip:a state=3'), 'the state of sip:a must be 0, 1 or 2, not "3"'],
    [parameter('partition', 'a b'), 'invalid partition "a b"'],
    [parameter('partition', 'a: x = y'), 'invalid setting "x = y" of the partition a'],
    [parameter('partition', 'a: table_name = y'), 'the partition a has no db_url'],
    [parameter('partition', 'default: b'), 'the default partition is the unknown partition "b"'],
    [destinations('1 sip:a') + parameter('attrs_avp', 'attrs'), 'attrs_avp must name an AVP, not "attrs"'],
    [destinations('1 sip:a') + parameter('options_reply_codes', '200,x'), 'has the invalid status "x"'],
    [destinations('1 sip:a') + parameter('ds_ping_from', 'me'), 'ds_ping_from must be a SIP URI, not "me"'],
    [parameter('algo_route', 'none') + destinations('1 sip:a'), 'none'],
  ])('%s is an error', (rest, message) => {
    expect(errors(rest)).toContain(message);
  });

  it('need a partition and known flags', () => {
    expect(errors('', 'ds_select_dst(1, 4);')).toContain('"partition" cannot be "default"');
    expect(errors(destinations('1 sip:a'), 'ds_select_dst(1, 4, "fq");')).toContain('invalid flag "q"');
    expect(errors(destinations('1 sip:a'), 'ds_select_dst("1", "4", "fU M 5");')).toBe('');
  });
});

describe('choosing', () => {
  const keys = Array.from({ length: 60 }, (_, i) => i);
  const all = [1, 2, 3, 4].map((i) => `1 sip:192.0.2.${i}${i === 4 ? ' weight=3' : ''}`);
  /** What each key gets, in a script that has done `before`. */
  const chosenBy = async (before: string) => {
    const body = `${before}\n${keys.map((key) => `$var(k) = "call ${key}"; ds_select_dst(1, 7); xlog("$du");`).join('\n')}`;
    return prints(body, destinations(...all) + parameter('hash_pvar', '$var(k)'));
  };

  it('by a hash gives a key the same destination, by weight, and moves only those of one that fails', async () => {
    const before = await chosenBy('');
    expect(await chosenBy('')).toEqual(before);
    const share = before.filter((uri) => uri === 'sip:192.0.2.4').length / keys.length;
    expect(share).toBeGreaterThan(0.3);
    expect(share).toBeLessThan(0.7);
    const after = await chosenBy('ds_select_dst(1, 8, "f"); ds_mark_dst();');
    expect(after).not.toContain('sip:192.0.2.1');
    for (const [i, uri] of before.entries()) if (uri !== 'sip:192.0.2.1') expect(after[i]).toBe(uri);
  });

  it('in turn goes on after a destination has failed', async () => {
    const body = `${'ds_select_dst(1, 4, "f"); xlog("$du");\n'.repeat(2)} ds_mark_dst();
      ${'ds_select_dst(1, 4); xlog("$du");\n'.repeat(3)}`;
    const chosen = await prints(body, destinations('1 sip:a', '1 sip:b', '1 sip:c'));
    expect(chosen.slice(0, 2)).toEqual(['sip:a', 'sip:b']);
    expect(new Set(chosen.slice(2))).toEqual(new Set(['sip:a', 'sip:c']));
  });

  it('at random and by the user of credentials finds an active one', async () => {
    const body = `${'ds_select_dst(1, 6); xlog("$du");\n'.repeat(4)} ds_select_dst(1, 5); xlog("$du"); ds_select_dst(1, 99); xlog("$du");`;
    expect(await prints(body, destinations('1 sip:a state=1', '1 sip:b', '1 sip:c state=2'))).toEqual(
      Array.from({ length: 6 }, () => 'sip:b'),
    );
  });

  it('by load takes the least, by a variable for each', async () => {
    const body = `$avp(l1) = 5; $avp(l2) = 1; $avp(l3) = 3;
      ds_select_dst(1, 9, "f"); xlog("$du"); ds_next_dst(); xlog("$du"); ds_next_dst(); xlog("$du");`;
    const rest = destinations('1 sip:a1', '2 sip:x', '1 sip:a2', '1 sip:a3');
    expect(
      await prints(
        body.replaceAll('$avp(l', '$avp(sip:a'),
        rest + parameter('pvar_algo_pattern', '$avp(%u)'),
      ),
    ).toEqual(['sip:a2', 'sip:a3', 'sip:a1']);
  });

  it('by a route that asks a REST service waits for it, and takes its numbers', async () => {
    const rest = `${destinations('1 sip:a attrs=2', '1 sip:b attrs=1', '1 sip:c attrs=-1')}${parameter('algo_route', 'score')}
      route[score] { $var(c) = $(param(attrs){s.int}); if ($var(c) == 2) return(0); return($var(c)); }\n`;
    const body =
      'ds_select_dst(1, 10, "f"); xlog("$du"); ds_next_dst(); xlog("$du"); ds_next_dst(); xlog("$rc");';
    expect(await prints(body, rest)).toEqual(['sip:a', 'sip:b', '-1']);
  });

  it('shows what is left to be tried', async () => {
    const rest = `${destinations('7 sip:a', '7 sip:b', '7 sip:c')}${parameter('dst_avp', '$avp(d)')}
      ${parameter('cnt_avp', '$avp(n)')}${parameter('grp_avp', '$avp(g)')}`;
    const body =
      'ds_select_dst(7, 8, "f"); xlog("$(avp(d)[*]) $avp(n) $avp(g)"); ds_next_dst(); xlog("$(avp(d)[*]) $avp(n)");';
    expect(await prints(body, rest)).toEqual(['sip:a, sip:b, sip:c 3 7', 'sip:b, sip:c 3']);
  });
});

describe('probes', () => {
  const watching = (more = '') =>
    `loadmodule "dispatcher.so"\n${destinations('1 sip:CALLEE0', '1 sip:CALLEE1')}${parameter('ds_ping_interval', 10)}
     ${parameter('ds_probing_mode', 1)}${parameter('ds_probing_threshold', 2)}${more}
     event_route[E_DISPATCHER_STATUS] { xlog("print $param(address) $param(status)\n"); }\n`;

  it('find a gateway that is silent, and one that answers again', async () => {
    const clock = new SimulatedClock(Date.UTC(2026, 0, 1));
    const { callees, prints: printed } = await relayBench(`${watching()}route { exit; }\n`, 2, { clock });
    const [dead, alive] = callees;
    if (dead === undefined || alive === undefined) throw new Error('there are two');
    let answers = false;
    const answered = new Set<unknown>();
    const live = () => {
      clock.advance(1000);
      for (const one of callees)
        for (const probe of one.received)
          if (!answered.has(probe) && (one === alive || answers)) {
            answered.add(probe);
            one.reply(probe, 200);
          }
      return printed();
    };
    await expect.poll(live).toEqual([`sip:127.0.0.1:${dead.port} inactive`]);
    expect(dead.received[0]?.header('from')).toMatch(/^<sip:dispatcher@localhost>;tag=/);
    answers = true;
    await expect
      .poll(live)
      .toEqual([`sip:127.0.0.1:${dead.port} inactive`, `sip:127.0.0.1:${dead.port} active`]);
  });

  it('are not needed: a gateway that dies costs the calls in flight a detour, and others nothing', async () => {
    const script = `${watching()}route { ${inDialogs} ds_select_dst(1, 8, "f"); t_on_failure("next"); t_relay(); }
      failure_route[next] { ds_mark_dst(); if (ds_next_dst()) t_relay(); }\n`;
    const { caller, callees, port } = await relayBench(script, 2);
    const [dead, alive] = callees;
    if (dead === undefined || alive === undefined) throw new Error('there are two');
    caller.request(port, 'sip:1@example.com', { callId: 'in flight' });
    dead.reply(await dead.next('INVITE'), 503);
    alive.reply(await alive.next('INVITE'), 200);
    await caller.next(200);
    for (const callId of ['second', 'third']) {
      caller.request(port, 'sip:1@example.com', { callId });
      const invite = await alive.next('INVITE');
      expect(invite.header('call-id')).toBe(callId);
      alive.reply(invite, 200);
      await caller.next(200);
    }
    expect(dead.seen.filter((one) => one === 'INVITE')).toHaveLength(1);
  });
});

test('states outlive the server', async () => {
  const folder = temporaryFolder('dispatcher');
  const rest = tableIn(folder, row(1, 1, 'sip:192.0.2.1'), row(2, 1, 'sip:192.0.2.2', 1));
  const script = `loadmodule "dispatcher.so"\n${rest}${parameter('state_file', join(folder, 'states'))}
    startup_route { ds_count(1, "a", $var(a)); ds_count(1, "i", $var(i)); xlog("print $var(a) $var(i)\n"); }
    route { exit; }\n`;
  const setState = async (server: TestServer, state: string, uri: string) => {
    const args = { state, group: '1', address: uri };
    expect(await server.server.command({ name: 'dispatcher:set_state', args, step: 'run' })).toEqual(['OK']);
  };
  const first = await startServer(script);
  await first.logs('print 1 1');
  await setState(first, 'i', 'sip:192.0.2.1');
  await first.close();
  const second = await startServer(script);
  await second.logs('print 0 2');
  await setState(second, 'a', 'sip:192.0.2.2');
  await second.close();
  const third = closeLater(await startServer(script));
  await third.logs('print 1 1');
});

describe.each([1, 2])('commands, with %i process(es)', (processes) => {
  it('list destinations, set their states for all processes, and read tables again', async () => {
    const { run: cli, start, folder } = place();
    const data = temporaryFolder('dispatcher');
    const db = tableIn(data, row(1, 1, 'sip:192.0.2.1'), row(2, 1, 'sip:192.0.2.2', 2));
    const script = `loadmodule "signaling.so"\nloadmodule "sl.so"\nloadmodule "dispatcher.so"\n${db}
      ${parameter('state_file', '')}${parameter('script_attrs_avp', '$avp(sa)')}
      route { ds_select_dst(1, 8); send_reply(200, "got $rc $du $avp(sa)"); }\n`;
    const program = await start(script, '--processes', String(processes));
    const mi = (command: string, ...args: readonly string[]) =>
      askServer(program.pid, command, folder, undefined, args).catch((error: Error) => error.message);
    const answers = async () => {
      const sent = await Promise.all(
        [1, 2, 3, 4].map(() => cli('send', 'OPTIONS', `sip:a@127.0.0.1:${program.port}`)),
      );
      return new Set(sent.map(({ printed }) => /got (.*?)\s*$/m.exec(printed)?.[1]?.trim()));
    };
    expect(await mi('ds_list', '1')).toEqual({
      PARTITIONS: [
        {
          name: 'default',
          SETS: [
            {
              id: 1,
              Destinations: [
                expect.objectContaining({ URI: 'sip:192.0.2.1', state: 'Active', weight: 1, priority: 0 }),
                expect.objectContaining({ URI: 'sip:192.0.2.2', state: 'Probing' }),
              ],
            },
          ],
        },
      ],
    });
    expect(await answers()).toEqual(new Set(['1 sip:192.0.2.1']));
    expect(await mi('dispatcher:push_script_attrs', 'busy', '192.0.2.2', '0', '1')).toBe('OK');
    expect(await mi('dispatcher:set_state', 'a', '1', 'sip:192.0.2.2')).toBe('OK');
    expect(await mi('dispatcher:set_state', 'i', 'default:1', 'sip:192.0.2.1')).toBe('OK');
    await expect.poll(answers).toEqual(new Set(['1 sip:192.0.2.2 busy']));
    tableIn(data, row(1, 1, 'sip:192.0.2.1'), row(3, 1, 'sip:192.0.2.3'));
    expect(await mi('ds_reload')).toBe('OK');
    expect(await answers()).toEqual(new Set(['1 sip:192.0.2.3']));
    expect(await mi('ds_reload', 'default', 'n')).toBe('OK');
    await expect.poll(answers).toEqual(new Set(['1 sip:192.0.2.1']));
    writeFileSync(join(data, 'dispatcher'), 'nonsense');
    expect(await mi('ds_reload')).toContain('dispatcher:1: expected a column');
    expect(await mi('ds_set_state', 'a', '9', 'sip:192.0.2.1')).toBe('unknown set "9"');
    expect(await mi('ds_set_state', 'x', '1', 'sip:192.0.2.1')).toContain('unknown state "x"');
    expect(await mi('ds_set_state', 'a', '1', 'sip:192.0.2.7')).toContain('no destination sip:192.0.2.7');
    expect(await mi('ds_list', '0', 'none')).toBe('unknown partition "none"');
  });
});
