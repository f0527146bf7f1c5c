/** What the scenarios of dialplan leave out: services, commands, older spellings, and rows that are wrong. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadScript } from '../../src/index.ts';
import { askServer } from '../../src/workers/control-client.ts';
import { place } from '../support/place.ts';
import { runScript } from '../support/run-script.ts';
import { respond, startService } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary.ts';

const columns =
  'id(int,auto) dpid(int) pr(int) match_op(int) match_exp(string) match_flags(int) subst_exp(string,null) repl_exp(string,null) timerec(string,null) disabled(int) attrs(string,null)';

function tableOf(...rows: readonly string[]): string {
  const folder = temporaryFolder('dialplan');
  writeFileSync(join(folder, 'dialplan'), [columns, ...rows, ''].join('\n'));
  return folder;
}

const parameter = (name: string, value: string) => `modparam("dialplan", "${name}", "${value}")\n`;
const from = (folder: string) => parameter('db_url', `text://${folder}`);
const translate = (call: string) => `dp_translate(${call}); xlog("$rc $var(o) $var(a)");`;
const run = (body: string, rest: string) => runScript(body, { modules: ['dialplan', 'rest_client'], rest });

describe('rules', () => {
  it('of older scripts, whose input and output are one string', async () => {
    const rest = from(tableOf(String.raw`1:7:1:1:^00:0:^00(.+)$:+\\1::0:x`));
    const body = `$var(in) = "0049"; $var(id) = 7;
${translate('"7", "$var(in)/$var(o)", "$var(a)"')}
${translate('"$var(id)", "00$var(id)/$var(o)"')}
${translate('7, "0049/1", $var(o)')}`;
    expect((await run(body, rest)).prints).toEqual(['1 +49 x', '1 +7 x', '1 +49/1 x']);
  });

  it('that are wrong are left out', async () => {
    const { prints, log } = await run(
      translate('1, "1", $var(o)'),
      from(
        tableOf(
          '1:x:1:1:1:0::a::0:',
          '2:1:1:5:1:0::b::0:',
          '3:1:1:1:(:0::c::0:',
          String.raw`4:1:1:1:1:0:(1):\\2::0:`,
          '5:1:1:1:1:0::d:rubbish:0:',
          '6:1:9:1:1:0::good::0:',
        ),
      ),
    );
    expect(prints).toEqual(['1 good <null>']);
    expect(log.filter((line) => line.includes('left out'))).toEqual(
      [
        'the dialplan must be a number, not "x"',
        'the operator must be 0 (equal) or 1 (regular expression), not "5"',
        'invalid regular expression "("',
        'has a group 2',
        'invalid time recurrence "rubbish"',
      ].map((text): unknown => expect.stringContaining(text)),
    );
  });

  it('are matched in linear time', async () => {
    const rest = from(tableOf('1:1:1:1:^(a+)+$:0::yes::0:'));
    const { prints } = await run(translate(`1, "${'a'.repeat(5000)}b", $var(o)`), rest);
    expect(prints).toEqual(['-1 <null> <null>']);
  });

  it('of a service, with partitions', async () => {
    const rule = { id: 1, dpid: 1, pr: 1, match_op: 1, match_exp: '^1', match_flags: 0, repl_exp: 'one' };
    const service = await startService(({ target }, response) =>
      respond(response, 200, JSON.stringify([{ ...rule, attrs: target }])),
    );
    const rest = `${parameter('db_url', `${service.origin}/{table}`)}${parameter('partition', 'pstn: table_name = other')}`;
    const { prints } = await run(
      `${translate('1, "12", $var(o), $var(a)')}${translate('1, "12", $var(o), $var(a), "pstn"')}`,
      rest,
    );
    expect(prints).toEqual(['1 one /dialplan', '1 one /other']);
  });
});

it('has commands that translate, reload and list partitions', async () => {
  const data = tableOf('1:1:1:0:one:0::eins::0:de');
  const write = (text: string) => writeFileSync(join(data, 'dialplan'), text);
  const { start, folder } = place();
  const { pid } = await start(`loadmodule "dialplan.so"\n${from(data)}route { exit; }\n`);
  const mi = (command: string, ...args: readonly string[]) =>
    askServer(pid, command, folder, undefined, args).catch((error: Error) => error.message);
  expect(await mi('dialplan:translate', '1', 'one')).toEqual({ Output: 'eins', ATTRIBUTES: 'de' });
  write(`${columns}\n1:1:1:0:one:0::un::0:fr\n`);
  expect(await mi('dialplan:reload')).toBe('OK');
  expect(await mi('dp_translate', '1', 'one')).toMatchObject({ Output: 'un' });
  write('rubbish\n');
  expect(await mi('dp_reload', 'default')).toContain('expected a column');
  expect(await mi('dp_translate', '1', 'one')).toMatchObject({ Output: 'un' });
  expect(await mi('dp_translate', '1', 'two')).toBe('no rule matches');
  expect(await mi('dp_reload', 'other')).toBe('unknown partition "other"');
  expect(await mi('dp_show_partition')).toMatchObject({
    Partitions: [{ name: 'default', table: 'dialplan' }],
  });
});

it.each([
  ['db_url', 'mysql://u:p@db/sip', 'siprest has no connection to databases such as mysql://'],
  ['partition', 'p: table = x', 'invalid setting "table = x" of the partition p'],
  ['partition', 'p: table_name = x', 'the partition p has no db_url'],
  ['partition', 'default: nobody', 'unknown partition "nobody"'],
])('%s = "%s" is an error', (name, value, message) => {
  const { diagnostics } = loadScript(
    `loadmodule "dialplan.so"\n${parameter(name, value)}\nroute { exit; }\n`,
  );
  expect(diagnostics.filter(({ severity }) => severity === 'error').map((one) => one.message)).toEqual([
    expect.stringContaining(message),
  ]);
});
