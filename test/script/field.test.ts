/** What scripts in use have in them. */
import { describe, expect, test } from 'vitest';
import { loadScript, renderDiagnostics } from '../../src/index.ts';
import { benchOf } from '../support/script.ts';
import { load, loadBody, rendered, summary } from './fixture.ts';

describe('bytes that start nothing are passed over with a warning', () => {
  test.each([
    ['a no-break space', 'if ($fU == "a"\u00a0|| $fU == "b") exit;', 'U+00A0 (a no-break space)'],
    ['a backtick', '`  xlog("x");', 'character ```'],
    ['a zero', 'xlog("x"); \0', 'byte 0x00'],
    ['noise', 'xlog("x"); \\\x01§', 'character `\\`'],
  ])('%s', (_, body, named) => {
    const script = loadBody(body);
    expect(summary(script)).toEqual(['4 unexpected-character']);
    expect(script.valid).toBe(true);
    expect(script.diagnostics[0]?.message).toContain(named);
  });

  test('a byte order mark is not worth a word', () => {
    expect(summary(load('\ufeffroute { exit; }'))).toEqual([]);
  });
});

test('an address is compared with a network that stands without quotes', () => {
  const { log, main } = benchOf(`xlog_level=3
route {
  $var(ip) = "10.1.2.3";
  if ($var(ip) == 10.0.0.0/8 && $var(ip) != 192.168.0.0/16) xlog("L_INFO", "private");
  if ($var(ip) == 192.168.0.0/16 || $var(ip) != 10.1.0.0/16) xlog("L_INFO", "never");
}`);
  void main();
  expect(log).toEqual(['private']);
});

test('ssl_verifyhost may be 2, which is yes to libcurl; ssl_verifypeer may not', () => {
  const parameter = (name: string) =>
    loadScript(`loadmodule "rest_client.so" modparam("rest_client", "${name}", 2) route { exit; }`);
  expect(parameter('ssl_verifyhost').diagnostics).toEqual([]);
  expect(parameter('ssl_verifypeer').diagnostics.map(({ code }) => code)).toEqual(['parameter-value']);
});

test('[insert] and [insertAfter] belong to those that say so', () => {
  expect(summary(loadBody('$(avp(x)[insert]) = "a";'))).toEqual(['4 invalid-variable-use']);
  expect(summary(loadBody('$(avp(x)[insertAfterwards]) = "a";'))).toEqual(['4 bad-variable']);
});

test('a mistake over several lines is marked on each, the middle of many left out', () => {
  expect(
    rendered(loadBody('  exit;\n  if (1) {\n    xlog("a");\n\n    xlog("b");\n    xlog("c");\n  }')),
  ).toBe(`warning[unreachable]: this is never reached: it stands after exit
  --> test.cfg:5:3
   |
 5 |   if (1) {
   |   ^^^^^^^^
 6 |     xlog("a");
   |     ^^^^^^^^^^
...
10 |   }
   |   ^
`);
  expect(
    rendered(loadBody('  send_reply(\n    200\n  );')),
  ).toBe(`error[argument-count]: send_reply(): the argument "reason" is missing
 --> test.cfg:4:3
  |
4 |   send_reply(
  |   ^^^^^^^^^^^
5 |     200
  |     ^^^
6 |   );
  |   ^
  = help: it is send_reply(code, reason)
`);
});

describe('what siprest does not have', () => {
  const text = `loadmodule "dialog.so"
loadmodule "my_own.so"
modparam("dialog|my_own", "x", 1)
route {
  create_dialog();
  mine($fU, "$own(x)");
  $var(x) = $(fU{mine.t});
  xlgo("x");
  create_dialog("B");
}`;

  test('is told from what is mistyped, by OpenSIPS’ documentation', () => {
    const { diagnostics, sources } = loadScript(text);
    expect(diagnostics.map(({ code, absent }) => `${code} ${absent?.module} ${absent?.name}`)).toEqual([
      'not-available dialog dialog',
      'not-available my_own my_own',
      'not-available dialog create_dialog',
      'not-available my_own mine',
      'not-available my_own own',
      'not-available my_own mine.t',
      'unknown-function undefined undefined',
    ]);
    const list = renderDiagnostics(diagnostics, sources, { color: false }).split('error[not-available]')[1];
    expect(list).toBe(`: 2 modules and 4 names that siprest does not have
  module dialog: script:1, 3
    create_dialog()  script:5, 9
  module my_own: script:2, 3
    mine()           script:6
    $own             script:6
    {mine.t}         script:7
`);
  });

  test('is a warning where it is allowed, and a mistake stays one', () => {
    const { diagnostics, program } = loadScript(text, { allowMissing: true });
    expect(diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code)).toEqual([
      'unknown-function',
    ]);
    expect(program).toBeNull();
    expect(loadScript(text.replace('send_repyl', 'xlog'), { allowMissing: true }).program).toBeNull();
    expect(loadScript(text.replace('xlgo("x")', 'exit'), { allowMissing: true }).program).not.toBeNull();
  });
});
