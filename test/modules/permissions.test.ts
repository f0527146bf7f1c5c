/** What the scenarios of permissions leave out: other sources of addresses, rules that are wrong, and commands. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadScript } from '../../src/index.ts';
import { askServer } from '../../src/workers/control-client.ts';
import { place } from '../support/place.ts';
import { runScript } from '../support/run-script.ts';
import { sampleRequest } from '../support/sample-request.ts';
import { respond, startService } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary.ts';

const parameter = (name: string, value: string) => `modparam("permissions", "${name}", "${value}")\n`;
const addresses = (...rows: readonly string[]) => rows.map((row) => parameter('address', row)).join('');
const head =
  'id(int,auto) grp(int) ip(string) mask(int) port(int) proto(string) pattern(string,null) context_info(string,null)';

const run = (body: string, rest = '', request = sampleRequest) =>
  runScript(body, { modules: ['permissions'], rest, request });
const prints = async (body: string, rest = '', request = sampleRequest) =>
  (await run(body, rest, request)).prints;

/** The codes of calls, in order. */
const codes = (calls: readonly string[], rest = '', request = sampleRequest) =>
  prints(calls.map((call) => `${call}; xlog("$rc");`).join('\n'), rest, request);

function errors(rest: string, body = ''): readonly string[] {
  const { diagnostics } = loadScript(`loadmodule "permissions.so"\n${rest}\nroute { ${body} }\n`);
  return diagnostics.filter(({ severity }) => severity === 'error').map(({ message }) => message);
}

describe('addresses', () => {
  it('come from the script, for IPv4 and IPv6', async () => {
    const rest = addresses(
      '1 192.0.2.0/24',
      '2 2001:db8::/33 5060 tcp * a b',
      '3 192.0.2.7',
      '4 ::ffff:203.0.113.0/120',
    );
    const calls = [
      'check_source_address(1)',
      'check_source_address(2)',
      'check_address(2, "2001:db8:7fff::1", 5060, "TCP")',
      'check_address(2, "[2001:db8:7fff::1]", 0, "any")',
      'check_address(2, "2001:db8:8000::1", 5060, "tcp")',
      'check_address(4, "203.0.113.200", 5060, "tcp")',
      'check_address(4, "203.0.114.0", 5060, "tcp")',
      'check_address(1, "192.0.2", 5060, "tcp")',
      'check_address(9, "192.0.2.1", 5060, "tcp")',
    ];
    expect(await codes(calls, rest)).toEqual(['1', '-1', '1', '1', '-1', '1', '-1', '-1', '-2']);
    expect(
      await prints(
        `check_address(2, "2001:db8::1", 5060, "tcp", $var(info)); xlog("$var(info)");
         get_source_group($var(group)); xlog("$rc $var(group)");`,
        rest,
      ),
    ).toEqual(['a b', '1 3']);
  });

  it('of no transport match nothing, and unknown transports and partitions fail', async () => {
    const rest = addresses('1 192.0.2.7 0 none');
    const body = `check_source_address(1); xlog("$rc");
      $var(x) = "pigeon"; check_address(1, "192.0.2.7", 0, $var(x)); xlog("$rc");
      $var(g) = "kept"; get_source_group($var(g), $var(x)); xlog("$rc $var(g)");`;
    const { prints: printed, log } = await run(body, rest);
    expect(printed).toEqual(['-1', '-1', '-1 kept']);
    expect(log.join('\n')).toMatch(/unknown transport "pigeon"[\s\S]*unknown partition "pigeon"/);
  });

  it('come from a table with renamed columns, whose invalid rows are skipped', async () => {
    const folder = temporaryFolder('permissions');
    const table = [
      head.replace('grp', 'g'),
      String.raw`1:1:192.0.2.7:32:0:any:sip\:*:x\:y`,
      '2:1:192.0.2.8:33:0:any::',
      '3:2:host.example:32:0:any::',
      '',
    ].join('\n');
    writeFileSync(join(folder, 'who'), table);
    const rest = `${parameter('db_url', `text://${folder}`)}${parameter('address_table', 'who')}${parameter('grp_col', 'g')}`;
    const body = `check_source_address(1, $var(info), "sip:bob"); xlog("$rc $var(info)");
      check_source_address(1, , "tel:1"); xlog("$rc"); check_source_address(2); xlog("$rc");`;
    const { prints: printed, log } = await run(body, rest);
    expect(printed).toEqual(['1 x:y', '-1', '-2']);
    expect(log.filter((line) => line.includes('left out'))).toEqual([
      expect.stringContaining('the mask of 192.0.2.8 must be from 0 to 32, not "33"'),
      expect.stringContaining('invalid address "host.example"'),
    ]);
  });

  it.each([
    ['missing', null, 'address: no such file'],
    ['without a column', 'id\n', 'address:1: expected a column such as ip(string), not "id"'],
    ['with a short row', `${head}\n1:2\n`, 'address:2: expected 8 fields, not 2'],
  ])('in a table that is %s prevent the start', async (_, text, message) => {
    const folder = temporaryFolder('permissions');
    if (text !== null) writeFileSync(join(folder, 'address'), text);
    await expect(run('exit;', parameter('db_url', `text://${folder}`))).rejects.toThrow(message);
  });

  it.each([
    ['address', 'x 192.0.2.1', 'invalid address "x 192.0.2.1"'],
    ['address', '1 192.0.2.1 99999', 'invalid port "99999" of 192.0.2.1'],
    ['address', '1 192.0.2.1 0 pigeon', 'unknown transport "pigeon" of 192.0.2.1'],
    ['db_url', 'mysql://u:secret@db/sip', 'addresses cannot be read from mysql://'],
    ['db_url', 'nonsense', 'db_url must be text://FOLDER'],
    ['partition', 'a b', 'invalid partition "a b"'],
    ['partition', 'p: table = x', 'invalid setting "table = x" of the partition p'],
    ['partition', 'p: table_name = x', 'the partition p has no db_url'],
  ])('%s = "%s" is an error', (name, value, message) => {
    expect(errors(parameter(name, value))).toEqual([expect.stringContaining(message)]);
  });

  it('need a partition, and a transport that exists', () => {
    const call = 'check_source_address(1);';
    expect(errors('', call)).toEqual([expect.stringContaining('"partition" cannot be "default"')]);
    expect(errors(addresses('1 192.0.2.1'), call)).toEqual([]);
    // a wrong parameter is reported once
    expect(errors(parameter('db_url', 'mysql://db/sip'), call)).toEqual([
      expect.stringContaining('addresses cannot be read from mysql://'),
    ]);
    expect(errors(parameter('partition', 'p: db_url=text://x'), 'get_source_group($var(g), "p");')).toEqual(
      [],
    );
    expect(errors(addresses('1 192.0.2.1'), 'check_address(1, "192.0.2.1", 0, "none");')).toEqual([
      expect.stringContaining('"proto" cannot be "none"'),
    ]);
  });
});

describe('rules', () => {
  const withFiles = (files: Readonly<Record<string, string>>) => {
    const folder = temporaryFolder('permissions');
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return folder;
  };

  it('ignore case, accept lists and comments, and skip invalid lines', async () => {
    const folder = withFiles({
      'p.allow':
        'ALL : "^SIP:1", "^sip:2" EXCEPT "^sip:21","^sip:22" # comment\nALL : "^sip:3" "^sip:4"\nall : ALL\nALL : "("\n',
      'p.deny': '  ALL:ALL\r\n',
    });
    const uris = ['sip:1@x', 'sip:20@x', 'sip:21@x', 'sip:22@x', 'sip:3@x'];
    const body = uris.map((uri) => `allow_uri("${folder}/p", "${uri}"); xlog("$rc");`).join('\n');
    const { prints: printed, log } = await run(body);
    expect(printed).toEqual(['1', '1', '-1', '-1', '-1']);
    expect(log.filter((line) => line.includes('left out'))).toEqual([
      expect.stringContaining('p.allow:2 was left out: expected a rule'),
      expect.stringContaining('p.allow:3 was left out: expected a rule'),
      expect.stringContaining('p.allow:4 was left out: invalid regular expression "("'),
    ]);
  });

  it('see the request URI and branches without port and parameters', async () => {
    const folder = withFiles({
      'a.deny': 'ALL : "^sip:1@x$"',
      'b.deny': 'ALL : "5070"',
      'c.allow': 'ALL : "^sip:1"',
      'c.deny': 'ALL : ALL',
      'd.allow': 'ALL : "^sip:[12]@x$"',
      'd.deny': 'ALL : ALL',
    });
    const body = `$ru = "sips:1:secret@x:5070;a=b"; append_msg_branch("sip:2@x:5071");
      ${['a', 'b', 'c', 'd'].map((name) => `allow_routing("${folder}/${name}"); xlog("$rc");`).join('\n')}`;
    expect(await prints(body)).toEqual(['-1', '1', '-1', '1']);
    expect(await prints(body, parameter('check_all_branches', '0'))).toEqual(['-1', '1', '1', '1']);
  });

  it('of allow_routing() without a name come from the default files', async () => {
    const folder = withFiles({ yes: 'ALL : "^sip:1"', no: 'ALL : ALL' });
    const rest =
      parameter('default_allow_file', `${folder}/yes`) + parameter('default_deny_file', `${folder}/no`);
    expect(
      await prints('allow_routing(); xlog("$rc"); $ru = "sip:1@x"; allow_routing(); xlog("$rc");', rest),
    ).toEqual(['-1', '1']);
  });

  it('in a file that cannot be read allow nothing', async () => {
    const folder = temporaryFolder('permissions');
    mkdirSync(join(folder, 'p.deny'));
    const { prints: printed, log } = await run(`allow_uri("${folder}/p", "sip:1@x"); xlog("$rc");`);
    expect(printed).toEqual(['-1']);
    expect(log.join('\n')).toContain('cannot be read, so nothing is allowed: it is a directory');
  });

  it('refuse invalid contacts', async () => {
    const request = sampleRequest.replace(/^Contact:.*$/im, 'Contact: nonsense <');
    expect(request).toContain('nonsense');
    expect(await codes(['allow_register("none")'], '', request)).toEqual(['-1']);
  });
});

describe.each([1, 2])('commands, with %i process(es)', (processes) => {
  it('list and reload the tables, and try rules', async () => {
    const { run: cli, start, folder } = place();
    const data = temporaryFolder('permissions');
    const write = (...rows: readonly string[]) =>
      writeFileSync(join(data, 'address'), [head, ...rows, ''].join('\n'));
    write('1:1:127.0.0.1:32:0:any::here', '2:2:192.0.2.0:24:5060:udp:a*:');
    writeFileSync(join(data, 'p.deny'), 'ALL : "^sip:9"');
    const script = `loadmodule "signaling.so"\nloadmodule "sl.so"\nloadmodule "permissions.so"\n${parameter('db_url', `text://${data}`)}
      route { check_source_address(1); send_reply(200, "code $rc"); }\n`;
    const program = await start(script, '--processes', String(processes));
    const mi = (command: string, ...args: readonly string[]) =>
      askServer(program.pid, command, folder, undefined, args).catch((error: Error) => error.message);
    const row = {
      grp: 1,
      ip: '127.0.0.1',
      mask: 32,
      port: 0,
      proto: 'any',
      pattern: '',
      context_info: 'here',
    };
    expect(await mi('address_dump')).toEqual({ Partitions: [{ name: 'default', Destinations: [row] }] });
    expect(await mi('permissions:subnet_dump', 'default')).toMatchObject({
      Partitions: [{ Destinations: [{ grp: 2, mask: 24, pattern: 'a*' }] }],
    });
    expect(await mi('address_dump', 'none')).toBe('unknown partition "none"');
    const codesNow = async () => {
      const sent = await Promise.all(
        [1, 2, 3, 4].map(() => cli('send', 'OPTIONS', `sip:a@127.0.0.1:${program.port}`)),
      );
      return new Set(sent.map(({ printed }) => /code (-?\d)/.exec(printed)?.[1]));
    };
    expect(await codesNow()).toEqual(new Set(['1']));
    write('1:1:127.0.0.9:32:0:any::');
    expect(await mi('address_reload')).toBe('OK');
    expect(await codesNow()).toEqual(new Set(['-1']));
    writeFileSync(join(data, 'address'), 'nonsense');
    expect(await mi('address_reload')).toContain('address:1: expected a column');
    expect(await mi('address_dump')).toMatchObject({ Partitions: [{ Destinations: [{ ip: '127.0.0.9' }] }] });
    expect(await mi('allow_uri', join(data, 'p'), 'sip:a@x', 'sip:1@x')).toBe('OK');
    expect(await mi('allow_uri', join(data, 'p'), 'sip:a@x', 'sip:9@x')).toBe('not allowed');
  });
});

describe('a service', () => {
  it('is asked for addresses that neither script nor table have', async () => {
    const service = await startService((request, response) => {
      if (request.target.startsWith('/addresses/192.0.2.7'))
        respond(response, 200, '{"group":5,"context_info":"trunk"}');
      else respond(response, 404, '');
    });
    const rest = `loadmodule "rest_client.so"\n${addresses('1 10.0.0.1')}${parameter('address_url', `${service.origin}/addresses/{address}?group={group}`)}`;
    const body = `check_source_address(5, $var(info)); xlog("$rc $var(info)");
      check_address(5, "192.0.2.8", 5060, "udp"); xlog("$rc");
      check_address(1, "10.0.0.1", 5060, "udp"); xlog("$rc");
      get_source_group($var(group)); xlog("$rc $var(group)");`;
    expect(await prints(body, rest)).toEqual(['1 trunk', '-2', '1', '1 5']);
    expect(service.seen.map(({ target }) => target)).toEqual([
      '/addresses/192.0.2.7?group=5',
      '/addresses/192.0.2.8?group=5',
      '/addresses/192.0.2.7?group=0',
    ]);
  });

  it('needs a URL that can be meant', () => {
    expect(errors(parameter('address_url', 'http://h/{name}'))).toEqual([
      'unknown {name} in address_url: use {address}, {group}, {port}, {proto}, {pattern}',
    ]);
  });
});
