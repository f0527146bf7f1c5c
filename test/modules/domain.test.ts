/** Local domains: of the script, a table and a service. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadScript } from '../../src/workers/load-script.ts';
import { runScript } from '../support/run-script.ts';
import { respond, startService } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary.ts';

const modules = ['domain'];
const check = (name: string) => `is_domain_local("${name}", $var(a)); xlog("$rc $var(a)");`;

async function prints(rest: string, names: readonly string[], more = '') {
  const { prints: lines } = await runScript(names.map(check).join('\n') + more, { modules, rest });
  return lines;
}

test('of the script, in any case, with subdomains if it says so', async () => {
  const rest = `modparam("domain", "domain", "Example.com vip")
modparam("domain", "domain", ".biloxi.example.org")\n`;
  expect(
    await prints(rest, [
      'EXAMPLE.COM',
      'a.example.com',
      'x.y.biloxi.example.org',
      'biloxi.example.org',
      'org',
    ]),
  ).toEqual(['1 vip', '-1 vip', '1 <null>', '1 <null>', '-1 <null>']);
});

test('of a table, and of the request', async () => {
  const folder = temporaryFolder('domains');
  writeFileSync(
    join(folder, 'domain'),
    'id(int,auto) domain(string) attrs(string,null) accept_subdomain(int)\n1:biloxi.example:x=1:0\n2:example.net::1\n',
  );
  const rest = `modparam("domain", "db_url", "text://${folder}")\n`;
  const more = 'is_from_local(); xlog("$rc"); is_uri_host_local(); xlog("$rc");';
  expect(await prints(rest, ['biloxi.example', 'sub.example.net', 'sub.biloxi.example'], more)).toEqual([
    '1 x=1',
    '1 <null>',
    '-1 <null>',
    '-1',
    '1',
  ]);
});

test('of a service, whose failure makes no domain local', async () => {
  const service = await startService((request, response) => {
    if (request.target === '/domains/good.example.com') respond(response, 200, '{"attrs":"gold"}');
    else respond(response, request.target.endsWith('broken') ? 500 : 404, 'x');
  });
  const rest = `loadmodule "rest_client.so"\nmodparam("domain", "domains_url", "${service.origin}/domains/{domain}")\n`;
  expect(await prints(rest, ['Good.example.com', 'bad', 'broken', 'good.example.com'])).toEqual([
    '1 gold',
    '-1 gold',
    '-1 gold',
    '1 gold',
  ]);
  expect(service.seen).toHaveLength(3);
});

test('parameters that cannot be meant are refused before the start', () => {
  const errors = (text: string) =>
    loadScript(`loadmodule "domain.so"\n${text}\nroute { exit; }`)
      .diagnostics.filter(({ severity }) => severity === 'error')
      .map(({ message }) => message);
  expect(errors('modparam("domain", "domains_url", "http://h/x")')).toEqual([
    'domains_url must contain {domain}, and no other name',
  ]);
  expect(errors('modparam("domain", "db_url", "postgres://h/d")')).toEqual([
    'siprest has no connection to databases such as postgres://',
  ]);
});
