import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runScript } from '../support/run-script.ts';
import { respond, startService } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary.ts';

const modules = ['alias_db', 'rest_client'];
const parameter = (name: string, value: string) => `modparam("alias_db", "${name}", "${value}")\n`;

function tables(): string {
  const folder = temporaryFolder('aliases');
  const columns = 'id(int,auto) alias_username(string) alias_domain(string) username(string) domain(string)';
  const rows = [
    '1:sales:example.com:alice:example.com',
    '2:sales:example.com:bob:example.net',
    '3:4711:example.org:carol:example.com',
  ];
  writeFileSync(join(folder, 'dbaliases'), [columns, ...rows, ''].join('\n'));
  return parameter('db_url', `text://${folder}`);
}

const lookUp = (uri: string, call = '"dbaliases"') =>
  `$ru = "${uri}"; alias_db_lookup(${call}); xlog("$rc $ru $msg.branch.last_idx");`;

test('an alias becomes its user, by name and domain or by name alone', async () => {
  const body = [
    lookUp('sip:sales@EXAMPLE.com:5070;transport=udp'),
    lookUp('sip:sales@example.org'),
    lookUp('sip:sales@example.org', '"dbaliases", "d"'),
    lookUp('sip:carol@example.com', '"dbaliases", "r"'),
    lookUp('sip:nobody@example.com'),
    lookUp('sip:sales@sip.example.com'),
  ];
  expect((await runScript(body.join('\n'), { modules, rest: tables() })).prints).toEqual([
    '1 sip:alice@example.com 0',
    '-1 sip:sales@example.org 0',
    '1 sip:alice@example.com 0',
    '1 sip:4711@example.org 0',
    '-1 sip:nobody@example.com 0',
    '-1 sip:sales@sip.example.com 0',
  ]);
});

test('further users become branches, and a prefix of the domain is ignored', async () => {
  const rest = tables() + parameter('domain_prefix', 'sip.') + 'modparam("alias_db", "append_branches", 1)\n';
  expect((await runScript(lookUp('sip:sales@sip.example.com'), { modules, rest })).prints).toEqual([
    '1 sip:alice@example.com 1',
  ]);
});

test('any URI is looked up, in a table of a service', async () => {
  const row = { alias_username: 'sales', alias_domain: 'example.com', username: 'alice', domain: 'home' };
  const service = await startService(({ target }, response) =>
    respond(response, target === '/dba_1' ? 200 : 404, JSON.stringify([row])),
  );
  const rest = parameter('db_url', `${service.origin}/{table}`);
  const find = (table: string) =>
    `$var(o) = "kept"; alias_db_find("${table}", "sip:sales@example.com", $var(o)); xlog("$rc $var(o)");`;
  const { prints, log } = await runScript(`${find('dba_1')}${find('../x')}`, { modules, rest });
  expect(prints).toEqual(['1 sip:alice@home', '-1 kept']);
  expect(log.join()).toContain('invalid name of a table "../x"');
});

test('without a table nothing is an alias', async () => {
  const { prints, log } = await runScript(lookUp('sip:sales@example.com', '"missing"'), {
    modules,
    rest: tables(),
  });
  expect(prints).toEqual(['-1 sip:sales@example.com 0']);
  expect(log.join()).toContain('missing: no such file');
});
