import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { DnsNames } from '../../src/sip/index.ts';
import { type NameServer, startNameServer } from '../support/name-server.ts';
import { runScript, type ScriptOptions } from '../support/run-script.ts';

const folder = mkdtempSync(join(tmpdir(), 'resolve-'));
const resolvConf = join(folder, 'resolv.conf');
const hostsFile = join(folder, 'hosts');
writeFileSync(resolvConf, 'search home.test\n');
writeFileSync(hostsFile, '192.0.2.77 listed\n');

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const zone = {
  a: {
    'gw.test': ['192.0.2.1', '192.0.2.2', '::1'],
    'old.test': ['192.0.2.3'],
    'second.home.test': ['192.0.2.4'],
  },
  ttl: 0,
};

async function resolving(
  body: string,
  options: ScriptOptions = {},
): Promise<{ prints: readonly string[]; log: readonly string[]; server: NameServer }> {
  const server = await startNameServer(zone);
  cleanups.push(async () => server.close());
  const { prints, log } = await runScript(body, {
    ...options,
    rest: `dns_retr_time=1\ndns_retr_no=1\n${options.rest ?? ''}`,
    names: new DnsNames({ servers: [server.address], hostsFile, resolvConf }),
  });
  return { prints, log, server };
}

const named =
  '$var(gw) = "gw.test"; $var(old) = "old.test"; $var(none) = "none.test"; $var(ip) = "192.0.2.9";';

describe('{ip.resolve}', () => {
  it('queries the DNS for addresses of both families', async () => {
    const { prints } = await resolving(
      `${named} xlog("$(var(gw){ip.resolve}) $(var(gw){ip.resolve4}) $(var(gw){ip.resolve6}) $(var(old){ip.resolve6})");`,
    );
    expect(prints).toEqual(['192.0.2.1 192.0.2.1 ::1 <null>']);
  });

  it('is null, with a line in the log, for an unknown name', async () => {
    const { prints, log } = await resolving(`${named} xlog("$(var(none){ip.resolve})");`);
    expect(prints).toEqual(['<null>']);
    expect(log).toEqual([
      expect.stringMatching(/^test\.cfg:\d+: \{ip\.resolve\}: no address found for "none\.test"/),
    ]);
  });

  it('sends no query for an address, a name in the hosts file, or null', async () => {
    const { prints, server } = await resolving(
      `${named} $var(l) = "Listed"; xlog("$(var(ip){ip.resolve}) $(var(l){ip.resolve}) $(avp(unset){ip.resolve})");`,
    );
    expect(prints).toEqual(['192.0.2.9 192.0.2.77 <null>']);
    expect(server.questions).toEqual([]);
  });

  it('uses the search domains, unless dns_use_search_list is off', async () => {
    const body = '$var(n) = "second"; xlog("$(var(n){ip.resolve})");';
    expect((await resolving(body)).prints).toEqual(['192.0.2.4']);
    expect((await resolving(body, { rest: 'dns_use_search_list=no' })).prints).toEqual(['<null>']);
  });

  it('accepts an invalid host name', async () => {
    for (const name of ['', '.', '..', 'a b', '\\xff', 'a'.repeat(300), `${'a'.repeat(64)}.test`, '%00']) {
      const { prints } = await resolving(`$var(n) = "${name}"; xlog("$(var(n){ip.resolve})");`);
      expect(prints).toEqual(['<null>']);
    }
  });
});

describe('a script that waits', () => {
  it.each([
    ['in an assignment', '$var(x) = $(var(gw){ip.resolve}); xlog("$var(x)");', '192.0.2.1'],
    [
      'with what is done to it',
      '$var(x) = $(var(gw){ip.resolve}{s.select,0,.}{s.int}) + 8; xlog("$var(x)");',
      '200',
    ],
    ['as an operand', '$var(x) = "at " + $(var(gw){ip.resolve}); xlog("$var(x)");', 'at 192.0.2.1'],
    ['in a condition', 'if ($(var(gw){ip.resolve}) == "192.0.2.1") xlog("yes");', 'yes'],
    ['in a match', 'if ($(var(gw){ip.resolve}) =~ "^192\\.") xlog("yes");', 'yes'],
    [
      'only as far as a condition is looked at',
      'if ($var(gw) == "x" && $(var(none){ip.resolve}) != null) xlog("no"); else xlog("yes");',
      'yes',
    ],
    [
      'in while',
      '$var(i) = 0; while ($var(i) < 2 && $(var(gw){ip.resolve}) != null) $var(i) += 1; xlog("$var(i)");',
      '2',
    ],
    [
      'in switch',
      'switch ($(var(gw){ip.resolve})) { case "192.0.2.1": xlog("yes"); break; default: xlog("no"); }',
      'yes',
    ],
    [
      'in for, for each value',
      '$avp(n) = "old.test"; $avp(n) = "gw.test"; for ($var(x) in $(avp(n)[*]{ip.resolve}{s.len})) xlog("$var(x)");',
      '9 9',
    ],
    ['in the name of an AVP', '$avp(192.0.2.1) = "seven"; xlog("$avp($(var(gw){ip.resolve}))");', 'seven'],
    [
      'in the name of one that is set',
      '$avp($(var(gw){ip.resolve})) = "set"; xlog("$avp(192.0.2.1)");',
      'set',
    ],
    [
      'in an index',
      '$avp(n) = "b"; $avp(n) = "a"; $var(i) = "gw.test"; xlog("$(avp(n)[$(var(i){ip.resolve}{s.select,3,.})])");',
      'b',
    ],
    [
      'in the argument of a transformation',
      '$var(ip) = "192.0.2.1"; xlog("$(var(ip){ip.matches,$(var(gw){ip.resolve})/32})");',
      '1',
    ],
    ['twice in a chain', 'xlog("$(var(gw){ip.resolve}{ip.resolve4})");', '192.0.2.1'],
    ["in a route's name", 'route($(var(gw){ip.resolve}));', 'by name'],
    ["in a route's parameter", 'route(shows, $(var(gw){ip.resolve}));', 'shown 192.0.2.1'],
    ['in what a route returns', 'route(returns); xlog("$rc $return(0) $return(1)");', '192 192.0.2.3 end'],
    [
      'in a text that is evaluated',
      `$var(t) = '$(var(gw){ip.resolve})!'; xlog("$(var(t){s.eval}{s.toupper})");`,
      '192.0.2.1!',
    ],
  ])('%s', async (_, body, expected) => {
    const { prints, log } = await resolving(`${named} ${body}`, {
      rest: `
route[192.0.2.1] { xlog("by name"); }
route[shows] { xlog("shown $param(1)"); }
route[returns] { return($(var(gw){ip.resolve}{s.select,0,.}{s.int}), $(var(old){ip.resolve}), "end"); }`,
    });
    expect(prints.join(' ')).toBe(expected);
    expect(log).toEqual([]);
  });

  it('in the arguments of async() and launch(), and in the parameter of launch()', async () => {
    const { prints } = await resolving(
      `${named}
launch(usleep($(var(gw){ip.resolve}{s.select,0,.})), done, "for $(var(old){ip.resolve})");
async(usleep($(var(gw){ip.resolve}{s.select,3,.})), resumed, $(var(gw){ip.resolve}{s.select,3,.}));`,
      {
        modules: ['tm', 'cfgutils'],
        rest: 'route[resumed] { xlog("resumed"); }\nroute[done] { xlog("done $param(1)"); }',
      },
    );
    expect([...prints].sort()).toEqual(['done for 192.0.2.3', 'resumed']);
  });

  it('ends text that evaluates itself only at a limit', async () => {
    const { prints, log } = await resolving(
      `$var(n) = "none.test"; $var(t) = '$(var(n){ip.resolve})$(var(t){s.eval})'; xlog("$(var(t){s.eval})");`,
    );
    expect(prints).toHaveLength(1);
    expect(log.at(-1)).toMatch(/nested deeper than 20/);
  });

  it('is reported where nothing can wait', async () => {
    const { prints, log } = await resolving(
      `$var(n) = "gw.test"; $avp(x) = "192.0.2.1"; if (avp_check("$avp(x)", "eq/$(var(n){ip.resolve})/g")) xlog("yes"); else xlog("no");`,
      { modules: ['avpops'] },
    );
    expect(prints).toEqual(['no']);
    expect(log).toEqual([expect.stringContaining('{ip.resolve} is null, because it cannot wait here')]);
  });
});
