import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { launchSiprest } from '../support/program.ts';
import { temporaryFolder } from '../support/temporary.ts';

const escape = String.fromCharCode(27);

async function check(files: Readonly<Record<string, string>>, env: NodeJS.ProcessEnv = {}) {
  const folder = temporaryFolder('check');
  mkdirSync(join(folder, 'parts'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, 'latin1');
  const program = launchSiprest(['check', join(folder, 'main.cfg')], env);
  const code = await program.ended;
  expect(program.stderr).toBe('');
  return { code, text: program.stdout.replaceAll(`${folder}/`, '') };
}

const mistakes = `log_level=3
loadmodule "signaling.so"
loadmodule "rest_client.so"
loadmodule "sipmsgop.so"
modparam("rest_client", "curl_timeot", 1)
route {
	send_repply(200, "OK");
	xlog("$fuu\\n");
	$var(x) = 1
	send_reply(200);
	async(rest_get("http://h/", $var(body)), resumed);
}
route[resume] { exit; }
`;

describe('siprest check', () => {
  it('prints nothing but a summary for a script that is well, and exits 0', async () => {
    const { code, text } = await check({
      'main.cfg': 'loadmodule "sl.so"\nroute { sl_send_reply(200, "OK"); }\n',
    });
    expect(text).toBe('main.cfg: no mistakes\n');
    expect(code).toBe(0);
  });

  it('reports all mistakes at once: file, line, column, the marked span, what would be right', async () => {
    const { code, text } = await check({ 'main.cfg': mistakes });
    expect(code).toBe(1);
    const places = [...text.matchAll(/^ *--> (.*)$/gm)].map(([, place]) => place);
    expect(places).toEqual([
      'main.cfg:4:12',
      'main.cfg:5:25',
      'main.cfg:7:2',
      'main.cfg:8:8',
      'main.cfg:9:12',
      'main.cfg:10:2',
      'main.cfg:11:43',
    ]);
    expect(text).toContain(`
4 | loadmodule "sipmsgop.so"
  |            ^^^^^^^^^^^^^
  = help: did you mean "sipmsgops"?
`);
    expect(text).toMatch(/11 \| +async\(.*, resumed\);\n +\| {46}\^{7}\n.*did you mean.*resume/);
    for (const help of ['"curl_timeout"', 'send_reply()', '$fU or $fu', 'send_reply(code, reason)'])
      expect(text).toContain(help);
    expect(text).toContain('a `;` is missing');
    expect(text.trimEnd().split('\n').at(-1)).toBe('main.cfg: 7 mistakes');
  });

  it('shows warnings, and exits 0 where there is nothing worse', async () => {
    const { code, text } = await check({
      'main.cfg': 'loadmodule "sl.so"\nfork=no\nroute { sl_send_reply(200, "OK"); }\n',
    });
    expect(text).toMatch(/^warning\[.*\n --> main\.cfg:2:1/);
    expect(text).toMatch(/main\.cfg: no mistakes, 1 warning\n$/);
    expect(code).toBe(0);
  });

  it('finds included files beside the file that includes them, and mistakes in them', async () => {
    const { code, text } = await check({
      'main.cfg': 'include_file "parts/outer.cfg"\nroute { route(inner); }\n',
      'parts/outer.cfg': 'include_file "inner.cfg"\n',
      'parts/inner.cfg': 'route[inner] {\n  exitt();\n}\n',
    });
    expect(code).toBe(1);
    expect(text).toContain('inner.cfg:2:3');
    expect(text).toContain('main.cfg: 1 mistake\n');
  });

  it('says at the include what is wrong with a file that cannot be included', async () => {
    const { code, text } = await check({ 'main.cfg': 'include_file "missing.cfg"\nroute { exit; }\n' });
    expect(code).toBe(1);
    expect(text).toMatch(/cannot include "missing\.cfg".*\n --> main\.cfg:1:1/);
    const circle = await check({ 'main.cfg': 'include_file "main.cfg"\n' });
    expect(circle.code).toBe(1);
    expect(circle.text).toContain('deep');
  });

  it('prints colours only where they are wanted', async () => {
    const files = { 'main.cfg': 'route { nothing(); }' };
    expect((await check(files, { NO_COLOR: '' })).text).not.toContain(escape);
    expect((await check(files, { NO_COLOR: '', FORCE_COLOR: '1' })).text).toContain(escape);
    expect((await check(files, { NO_COLOR: '1', FORCE_COLOR: '1' })).text).not.toContain(escape);
  });

  it.each([
    ['nothing', ''],
    ['text', 'Lorem ipsum dolor sit amet'],
    ['noise', Array.from({ length: 20_000 }, (_, i) => String.fromCharCode((i * i * 7 + i) % 256)).join('')],
    ['brackets', '('.repeat(20_000)],
    ['an open string', 'route { xlog("'],
  ])('takes a file of %s for a script with mistakes', async (_, text) => {
    const { code, text: printed } = await check({ 'main.cfg': text });
    expect(code).toBe(1);
    expect(printed).toMatch(/main\.cfg: \d+ mistakes?(?:, \d+ warnings?)?\n$/);
  });

  it.each([
    ['a missing file', 'missing.cfg', 'there is no such file'],
    ['a folder', '.', 'it is a folder'],
  ])('says in one line that it cannot read %s', async (_, name, why) => {
    const path = join(temporaryFolder('check'), name);
    const program = launchSiprest(['check', path]);
    expect(await program.ended).toBe(1);
    expect([program.stdout, program.stderr]).toEqual(['', `siprest: cannot read ${path}: ${why}\n`]);
  });
});
