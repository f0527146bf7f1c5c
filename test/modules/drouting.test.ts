/** What the scenarios of drouting leave out: services, weights, commands over processes, and rows that are wrong. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadScript } from '../../src/index.ts';
import { destinationsOf } from '../../src/modules/drouting/destinations.ts';
import { listOf } from '../../src/modules/drouting/records.ts';
import { askServer } from '../../src/workers/control-client.ts';
import { place } from '../support/place.ts';
import { runScript } from '../support/run-script.ts';
import { sampleRequest } from '../support/sample-request.ts';
import { respond, startService } from '../support/service.ts';
import { sendSip } from '../support/sip-client.ts';
import { temporaryFolder } from '../support/temporary.ts';

const columns = {
  dr_gateways:
    'id(int) gwid(string) type(int) address(string) strip(int) pri_prefix(string,null) attrs(string,null) probe_mode(int) state(int) socket(string,null)',
  dr_rules:
    'ruleid(int) groupid(string) prefix(string) timerec(string,null) priority(int) routeid(string,null) gwlist(string) sort_alg(string) attrs(string,null)',
  dr_carriers:
    'id(int) carrierid(string) gwlist(string) flags(int) sort_alg(string) state(int) attrs(string,null)',
  dr_groups: 'id(int) username(string) domain(string) groupid(int)',
};
type Rows = Partial<Record<keyof typeof columns, readonly string[]>>;

function write(folder: string, rows: Rows): void {
  for (const [name, head] of Object.entries(columns))
    writeFileSync(join(folder, name), [head, ...(rows[name as keyof Rows] ?? []), ''].join('\n'));
}

const gateways = [String.raw`1:a:1:192.0.2.1\:5070:0::first:0:0:`, '2:b:1:192.0.2.2:2:99:second:0:0:'];
const rules = ['1:1:49::0::a,b:N:de', '2:1:4930::0::#c:N:berlin'];
const carriers = ['1:c:b,a:0:N:0:carrier'];

function tablesOf(rows: Rows): string {
  const folder = temporaryFolder('drouting');
  write(folder, rows);
  return folder;
}

const parameter = (name: string, value: string) => `modparam("drouting", "${name}", "${value}")\n`;
const run = (body: string, rest: string) =>
  runScript(body, {
    modules: ['tm', 'rest_client', 'drouting'],
    rest,
    request: sampleRequest.replace(/^(\w+) sip:\S+/, '$1 sip:4930123@example.com'),
  });

describe('routing', () => {
  it('reads tables of a service', async () => {
    const row = { gwid: 'a', type: 1, address: 'sip:192.0.2.1', strip: 0, probe_mode: 0, state: 0 };
    const rule = {
      ruleid: 1,
      groupid: '1',
      prefix: '49',
      priority: 0,
      gwlist: 'a',
      sort_alg: 'N',
      attrs: 'x',
    };
    const answers: Readonly<Record<string, unknown>> = { '/dr_gateways': [row], '/dr_rules': [rule] };
    const service = await startService(({ target }, response) =>
      respond(response, 200, JSON.stringify(answers[target] ?? [])),
    );
    const { prints } = await run(
      'do_routing(1, , , $var(r)); xlog("$rc $ru $var(r)");',
      parameter('db_url', `${service.origin}/{table}`),
    );
    expect(prints).toEqual(['1 sip:4930123@192.0.2.1 x']);
  });

  it('accepts what older scripts write', async () => {
    const folder = tablesOf({ dr_gateways: gateways, dr_rules: rules, dr_carriers: carriers });
    const body = `$avp(g) = 1; if (do_routing("$avp(g)", "FW", , "$var(r)", "$var(w)")) xlog("$ru $var(r) $var(w)");
next_routing(); xlog("$rc $ru"); is_from_gw("1", "n"); xlog("$rc");`;
    expect((await run(body, parameter('db_url', `text://${folder}`))).prints).toEqual([
      'sip:9930123@192.0.2.2 berlin second',
      '1 sip:4930123@192.0.2.1:5070',
      '-1',
    ]);
  });

  it('leaves out rows that are wrong', async () => {
    const folder = tablesOf({
      dr_gateways: ['1:a b:1:192.0.2.1:0:::0:0:', '2:b:1:<>:0:::0:0:', gateways[0] ?? ''],
      dr_rules: [
        '1:x:49::0::a:N:',
        '2:1:4x::0::a:N:',
        '3:1:49:rubbish:0::a:N:',
        '4:1:50::0::nobody:N:',
        '5:1:4::0::a:N:good',
      ],
      dr_carriers: ['1:c:#a:0:N:0:', '2:d:nobody:0:N:0:'],
    });
    const { prints, log } = await run(
      'do_routing(1, , , $var(r)); xlog("$rc $var(r)");',
      parameter('db_url', `text://${folder}`),
    );
    expect(prints).toEqual(['1 good']);
    expect(log).toEqual(
      expect.arrayContaining(
        [
          'invalid name "a b" of a gateway',
          'invalid groups "x"',
          'invalid prefix "4x"',
          'invalid time recurrence "rubbish"',
          'names the unknown "nobody"',
          'invalid address "<>"',
        ].map((text): unknown => expect.stringContaining(text)),
      ),
    );
  });

  it.each([
    ['db_url', 'mysql://u:p@db/sip', 'siprest has no connection to databases such as mysql://'],
    ['gw_socket_filter_mode', 'some', 'gw_socket_filter_mode must be all, ignore or matched-only'],
    ['gw_id_avp', '$var(x)', 'gw_id_avp must be an AVP, not "$var(x)"'],
    ['probing_reply_codes', '20', 'probing_reply_codes has the invalid status "20"'],
  ])('%s = "%s" is an error', (name, value, message) => {
    const script = `loadmodule "tm.so"\nloadmodule "drouting.so"\n${parameter(name, value)}\nroute { exit; }\n`;
    const errors = loadScript(script).diagnostics.filter(({ severity }) => severity === 'error');
    expect(errors.map((one) => one.message)).toEqual([expect.stringContaining(message)]);
  });
});

describe('weights', () => {
  it('decide which gateway comes first, and how often', () => {
    const gateway = (id: string) => ({ id });
    const data = { gateways: new Map(['a', 'b', 'c'].map((id) => [id, gateway(id)])), carriers: new Map() };
    const list = listOf('a=70,b=30,c=0');
    const counts = new Map<string, number>();
    const steps = 1000;
    for (let i = 0; i < steps; i++) {
      const choice = { data, allowed: null, isUsable: () => true, random: () => (i + 0.5) / steps };
      const order = destinationsOf({ list, sorting: 'weight' } as never, choice as never);
      expect(order).toHaveLength(3);
      const first = order[0]?.gateway.id ?? '';
      counts.set(first, (counts.get(first) ?? 0) + 1);
    }
    expect(Object.fromEntries(counts)).toEqual({ a: 700, b: 300 });
  });
});

describe.each([1, 2])('commands, with %i process(es)', (processes) => {
  it('show and change states, and reload', async () => {
    const data = tablesOf({ dr_gateways: gateways, dr_rules: rules, dr_carriers: carriers });
    const { start, folder } = place();
    const script = `loadmodule "signaling.so"\nloadmodule "sl.so"\nloadmodule "tm.so"\nloadmodule "drouting.so"\n${parameter('db_url', `text://${data}`)}
route { do_routing(1); send_reply(200, "$rd"); }\n`;
    const program = await start(script, '--processes', String(processes));
    const mi = (command: string, ...args: readonly string[]) =>
      askServer(program.pid, command, folder, undefined, args).catch((error: Error) => error.message);
    const routed = async () => {
      const replies = await Promise.all(
        Array.from({ length: 8 }, (_, i) =>
          sendSip(
            { method: 'OPTIONS', uri: 'sip:4940@example.com', callId: `r${i}` },
            { port: program.port },
          ),
        ),
      );
      return [...new Set(replies.map((all) => all.at(-1)?.reason))];
    };
    expect(await routed()).toEqual(['192.0.2.1']);
    expect(await mi('dr_gw_status', 'a')).toMatchObject({ State: 'Active' });
    expect(await mi('dr_gw_status', 'a', '0')).toBe('OK');
    expect(await mi('drouting:gw_status', 'a')).toMatchObject({ State: 'Disabled MI' });
    await expect.poll(routed).toEqual(['192.0.2.2']);
    expect(await mi('dr_reload')).toBe('OK');
    await expect.poll(routed).toEqual(['192.0.2.2']);
    expect(await mi('drouting:gw_status', 'nobody')).toBe('unknown gateway "nobody"');
    expect(await mi('drouting:carrier_status', 'c', '0')).toBe('OK');
    write(data, { dr_gateways: ['1:a:1:192.0.2.9:0:::0:0:'], dr_rules: ['1:1:49::0::a:N:new'] });
    expect(await mi('dr_reload', 'Default', 'n')).toBe('OK');
    await expect.poll(routed).toEqual(['192.0.2.9']);
    expect(await mi('drouting:number_routing', '4940', '1')).toMatchObject({ 'Matched Prefix': '49' });
    expect(await mi('drouting:number_routing', '39', '1')).toBe('no rule matches');
    expect(await mi('drouting:enable_probing')).toEqual({ Status: 1 });
    expect(await mi('drouting:enable_probing', '0')).toBe('OK');
    await expect.poll(() => mi('drouting:enable_probing')).toEqual({ Status: 0 });
    expect(await mi('drouting:reload_status')).toMatchObject({ Date: expect.stringMatching(/20\d\d/) });
  });
});
