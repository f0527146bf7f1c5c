/** Administration commands of modules, over all processes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askServer } from '../../src/workers/control-client.ts';
import { place } from '../support/place.ts';
import { SipPeer } from '../support/sip-peer.ts';
import { temporaryFolder } from '../support/temporary.ts';

const load = (...names: readonly string[]) => names.map((name) => `loadmodule "${name}.so"\n`).join('');

describe.each([1, 2])('with %i process(es)', (processes) => {
  async function start(script: string) {
    const { run, start, folder } = place();
    const program = await start(`${load('signaling', 'sl')}${script}`, '--processes', String(processes));
    return {
      program,
      send: (...args: readonly string[]) => run('send', ...args),
      mi: (command: string, ...params: readonly unknown[]) =>
        askServer(program.pid, command, folder, undefined, params).catch((error: Error) => error.message),
    };
  }

  it('cachedb_local, cfgutils and regex', async () => {
    const folder = temporaryFolder('mi');
    const [groups, hashed] = [join(folder, 'groups'), join(folder, 'hashed')];
    writeFileSync(groups, '[0]\n^1\n');
    writeFileSync(hashed, 'abc');
    const { mi } = await start(`${load('cachedb_local', 'cfgutils', 'regex')}
modparam("cfgutils", "shvset", "debug=i:1")
modparam("cfgutils", "hash_file", "${hashed}")
modparam("cfgutils", "initial_probability", 30)
modparam("regex", "file", "${groups}")
route { send_reply(200, "OK"); }\n`);
    for (const key of ['user_1', 'user_2', 'other']) await mi('cache_store', 'local', key, `of ${key}`);
    expect(await mi('cache_fetch_chunk', 'user_*')).toEqual({
      keys: [
        { name: 'user_1', value: 'of user_1' },
        { name: 'user_2', value: 'of user_2' },
      ],
    });
    expect(await mi('cachedb_local:fetch_chunk', 'x*')).toEqual({ keys: [] });
    expect(await mi('cachedb_local:fetch_chunk', '*', 'none')).toContain(
      'does not define the collection "none"',
    );

    expect(await mi('shv_get', 'debug')).toEqual({ VAR: { type: 'integer', value: 1 } });
    expect(await mi('shv_set', 'debug', 'str', 'Zoë')).toBe('OK');
    expect(await mi('cfgutils:shv_set', 'n', 'int', 'x')).toBe('"x" is not an int');
    await expect
      .poll(() => mi('cfgutils:shv_get'))
      .toEqual([[{ name: 'debug', type: 'string', value: 'Zoë' }]]);
    expect(await mi('shv_get', 'none')).toBe('no $shv named "none"');
    expect(await mi('rand_get_prob')).toEqual({ 'actual probability percent': 30 });
    expect(await mi('rand_set_prob', '7')).toBe('OK');
    await expect.poll(() => mi('rand_get_prob')).toEqual({ 'actual probability percent': 7 });
    expect(await mi('rand_set_prob', 101)).toContain('prob_proc must be a number from 0 to 100');
    expect(await mi('rand_reset_prob')).toBe('OK');
    expect(await mi('get_config_hash')).toBe('900150983cd24fb0d6963f7d28e17f72');
    expect(await mi('check_config_hash')).toBe('The actual config file hash is identical to the stored one.');
    writeFileSync(hashed, 'abd');
    expect(await mi('check_config_hash')).toBe('the file has changed since the script was loaded');

    expect(await mi('regex_match', '1234', '^1234$')).toBe('Match');
    expect(await mi('regex:match', '1234', '^1235$')).toBe('Not Match');
    expect(await mi('regex:match', '1234', '(')).toMatch(/./);
    expect(await mi('regex:match_group', '1234', '0')).toBe('Match');
    expect(await mi('regex:match_group', '1234', '1')).toBe('unknown group 1');
    writeFileSync(groups, '[0]\n^2\n[1]\n4$\n');
    expect(await mi('regex_reload')).toBe('OK');
    expect(await mi('regex_match_group', '1234', 0)).toBe('Not Match');
    expect(await mi('regex_match_group', '1234', 1)).toBe('Match');
    writeFileSync(groups, '[0]\n(\n');
    expect(await mi('regex_reload')).toContain('group 0');
    expect(await mi('regex_match_group', '1234', 1)).toBe('Match');
  });

  it('usrloc: contacts of all processes', async () => {
    const { program, mi } = await start(`${load('usrloc', 'registrar')}
route { if ($rm == "REGISTER") { save("location"); exit; } send_reply(200, "OK"); }\n`);
    const phone = await SipPeer.open();
    const register = async (callId: string, ...headers: readonly string[]) => {
      const lines = [
        'REGISTER sip:home.example SIP/2.0',
        `Via: SIP/2.0/UDP 127.0.0.1:${phone.port};branch=z9hG4bK${callId}`,
        'From: <sip:alice@home.example>;tag=a',
        'To: <sip:alice@home.example>',
        `Call-ID: ${callId}`,
        'CSeq: 1 REGISTER',
        'Max-Forwards: 70',
        ...headers,
      ];
      phone.send([...lines, 'Content-Length: 0', '', ''].join('\r\n'), program.port);
      await phone.next(200);
    };
    await register(
      'one',
      'Contact: <sip:alice@192.0.2.7>;q=0.5;expires=600',
      'User-Agent: phone',
      'Allow: INVITE, ACK, BYE',
    );
    await register('two', 'Contact: <sip:alice@192.0.2.8>;expires=600;+sip.instance="<urn:uuid:1>"');
    const contacts = [
      {
        Contact: 'sip:alice@192.0.2.7',
        Expires: expect.any(Number),
        Q: '0.5',
        Callid: 'one',
        Cseq: 1,
        'User-agent': 'phone',
        State: 'CS_NEW',
        Flags: 0,
        Cflags: '',
        Socket: `udp:127.0.0.1:${program.port}`,
        Methods: 13,
      },
      expect.objectContaining({
        Contact: 'sip:alice@192.0.2.8',
        Q: '',
        Methods: 4_294_967_295,
        SIP_instance: '<urn:uuid:1>',
      }),
    ];
    const AORs = [{ AOR: 'alice@home.example', Contacts: contacts }];
    await expect.poll(() => mi('ul_dump')).toEqual({ Domains: [{ name: 'location', AORs }] });
    expect(await mi('ul_dump', 'brief')).toEqual({
      Domains: [
        {
          name: 'location',
          AORs: [
            {
              AOR: 'alice@home.example',
              Contacts: [{ Contact: 'sip:alice@192.0.2.7' }, { Contact: 'sip:alice@192.0.2.8' }],
            },
          ],
        },
      ],
    });
    expect(await mi('ul_show_contact', 'location', 'alice@home.example')).toEqual(AORs[0]);
    expect(await mi('ul_show_contact', 'location', 'bob@home.example')).toBe('AOR not found');
    expect(await mi('ul_show_contact', 'location', 'alice')).toBe('Domain missing in AOR');
    expect(await mi('ul_show_contact', 'other', 'alice@home.example')).toBe('Table not found');
    expect(await mi('ul_rm_contact', 'location', 'alice@home.example', 'sip:no@192.0.2.7')).toBe(
      'Contact not found',
    );
    expect(await mi('ul_rm_contact', 'location', 'alice@home.example', 'sip:alice@192.0.2.7')).toBe('OK');
    expect(
      await mi('ul_add', 'location', 'bob@home.example', 'sip:bob@192.0.2.9', 100, '0.7', 0, '0', 5),
    ).toBe('OK');
    expect(await mi('ul_add', 'location', 'bob@home.example', 'no URI', 100, '', 0, '0', 5)).toBe(
      'invalid contact "no URI"',
    );
    await expect
      .poll(() => mi('usrloc:show_contact', 'location', 'bob@home.example'))
      .toMatchObject({
        AOR: 'bob@home.example',
        Contacts: [{ Contact: 'sip:bob@192.0.2.9', Q: '0.7', Methods: 5 }],
      });
    expect(await mi('ul_rm', 'location', 'bob@home.example')).toBe('OK');
    await expect.poll(() => mi('ul_rm', 'location', 'bob@home.example')).toBe('AOR not found');
    await expect
      .poll(() => mi('usrloc:show_contact', 'location', 'alice@home.example'))
      .toMatchObject({ Contacts: [{ Contact: 'sip:alice@192.0.2.8' }] });
  });

  it('blacklists: their rules', async () => {
    const { mi } = await start(`dst_blacklist = gw:{(tcp,192.0.2.1,5060,"")}
dst_blacklist = dyn/expire
route { send_reply(200, "OK"); }\n`);
    const first = { flags: 0, IP: '192.0.2.1', Mask: '255.255.255.255', Proto: 'tcp', Port: 5060 };
    const gw = { name: 'gw', owner: 'script', flags: ['read-only'], Rules: [first] };
    expect(await mi('list_blacklists', 'gw')).toEqual({ Lists: [gw] });
    expect(await mi('add_blacklist_rule', 'gw', '192.0.2.2')).toBe('the list gw is readonly');
    expect(await mi('add_blacklist_rule', 'dyn', 'smoke')).toContain('invalid rule "smoke"');
    expect(await mi('add_blacklist_rule', 'dyn', '!udp,198.51.100.0/24', 3600)).toBe('OK');
    await expect
      .poll(() => mi('blacklists:check', 'dyn', 'udp', '192.0.2.1'))
      .toMatchObject({ flags: 1, IP: '198.51.100.0', Mask: '255.255.255.0', Proto: 'udp', Port: 0 });
    expect(await mi('check_blacklists', 'tcp', '192.0.2.1', 5060)).toEqual(['gw', 'dyn']);
    expect(await mi('check_blacklists', '198.51.100.1')).toEqual(['dyn']);
    expect(await mi('check_blacklist', 'dyn', 'udp', '198.51.100.1')).toBe('Not Matched');
    expect(await mi('del_blacklist_rule', 'dyn', '!udp,198.51.100.0/24')).toBe('OK');
    await expect
      .poll(() => mi('blacklists:list'))
      .toEqual({
        Lists: [
          gw,
          { name: 'dyn', owner: 'script', flags: ['expire'], Rules: [] },
          { name: 'dns', owner: 'dns', flags: ['expire', 'default'], Rules: [] },
        ],
      });
    expect(await mi('list_blacklists', 'none')).toBe('no blacklist "none"');
  });

  it('pike and ratelimit: what is counted', async () => {
    const { program, mi, send } = await start(`${load('pike', 'ratelimit')}
modparam("pike", "sampling_time_unit", 3600)
modparam("pike", "reqs_density_per_unit", 2)
modparam("ratelimit", "timer_interval", 3600)
modparam("ratelimit", "window_size", 100)
modparam("ratelimit", "slot_period", 1000)
route { pike_check_req(); rl_check("calls", 5); rl_check("window", 7, "SBT"); send_reply(200, "OK"); }\n`);
    expect(await mi('pike_list')).toEqual({ IPs: [] });
    expect(await mi('rl_list')).toEqual({ Pipes: [], drop_rate: 0 });
    // a new address may send 3 + 1 + 2
    for (let i = 0; i < 6; i++)
      await send('OPTIONS', `sip:a@127.0.0.1:${program.port}`, '-H', `Call-ID: ${i}`);
    await expect.poll(() => mi('pike_list')).toEqual({ IPs: ['127.0.0.1'] });
    expect(await mi('pike_rm', '192.0.2.1')).toBe('Match not found');
    expect(await mi('pike:rm', '127.0.0.1')).toBe('OK');
    await expect.poll(() => mi('pike:list')).toEqual({ IPs: [] });
    const calls = { id: 'calls', algorithm: 'TAILDROP', limit: 5, counter: 6 };
    const window = { id: 'window', algorithm: 'SBT', limit: 7, counter: 6 };
    const sorted = async (...params: readonly unknown[]) => {
      const { Pipes } = (await mi('rl_list', ...params)) as { Pipes: { id: string }[] };
      return Pipes.toSorted((a, b) => a.id.localeCompare(b.id));
    };
    expect(await sorted()).toEqual([calls, window]);
    expect(await mi('ratelimit:list', 'calls')).toEqual({ Pipe: calls, drop_rate: 0 });
    expect(await mi('ratelimit:list', 'none')).toBe('Pipe Not Found');
    expect(await mi('rl_dump_pipe', 'window')).toMatchObject({
      Window: { 'Bucket Total': 6, 'Window Size': 100, Buckets: expect.any(Array) },
      Algorithm: 'SBT',
      Counter: 6,
    });
    expect(await mi('rl_reset_pipe', 'calls')).toBe('OK');
    expect(await mi('rl_reset_pipe', 'none')).toBe('Pipe Not Found');
    await expect.poll(() => mi('rl_dump_pipe', 'calls')).toMatchObject({ Counter: 0 });
    expect(await mi('rl_set_pid', '0.5', 'x', '0.5')).toBe('ki, kp and kd must be numbers');
    expect(await mi('rl_set_pid', '0.1', '0.2', '0.3')).toBe('OK');
    expect(await mi('rl_get_pid')).toEqual({ PID: { ki: '0.100', kp: '0.200', kd: '0.300' } });
  });

  it('evi:list lists the events of the loaded modules', async () => {
    const { mi } = await start(`${load('pike')}route { send_reply(200, "OK"); }\n`);
    expect(await mi('events_list')).toEqual({ Events: [{ name: 'E_PIKE_BLOCKED', id: 0 }] });
  });
});
